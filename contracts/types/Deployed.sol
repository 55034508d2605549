// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A constructor argument must be a contract that is already there
library Deployed {
    /// @notice Thrown when the account has no code.
    error DeployedNotContract(address account);

    /// @dev Returns its argument, so that an `immutable` is checked and set in one expression.
    function check(address account) internal view returns (address) {
        if (account.code.length == 0) revert DeployedNotContract(account);
        return account;
    }
}
