// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Capacity, Payee} from "../types/Payee.sol";

/// @title What everybody may withdraw: settled and refunded prices, storage fees, rewards
/// @notice Whoever pays in says for whom, and as what; only the payee takes out. A member's credit is the member's: its
/// current key withdraws, also after the member was revoked, and a key it had before does not. No role and no other contract
/// can change what is credited; who may give a member another key (see {IMemberRegistry-replaceKey}) decides whose key that
/// is. At any time the balance is at least all credits.
interface ICredits {
    /// @notice `payer` paid in `amount` wei for `account` in this capacity.
    event Credited(Capacity indexed capacity, address indexed account, address indexed payer, uint256 amount);
    /// @notice The payee took its whole credit; `key` is who sent for it and got it.
    event Withdrawn(Capacity indexed capacity, address indexed account, address key, uint256 amount);

    /// @notice Thrown unless there is one amount for each payee.
    error CreditsLengthMismatch(uint256 payees, uint256 amounts);
    /// @notice Thrown when nobody would get amount `index` (0-based).
    error CreditsNoPayee(uint256 index);
    /// @notice Thrown unless the amounts sum to exactly what is paid, which is not nothing.
    error CreditsWrongSum(uint256 sum, uint256 paid);
    /// @notice Thrown when the sender is not the current key of a member in this capacity.
    error CreditsNotMember(Capacity capacity, address key);
    /// @notice Thrown when the payee has no credit in this capacity.
    error CreditsNothingToWithdraw(Capacity capacity, address account);

    /// @notice Anyone pays in for others. A payee may be named several times; an amount of 0 is passed over. That an account
    /// is a member's name is not checked: whoever pays for none pays nobody. O(payees).
    /// @param amounts in wei; they sum to the value sent
    function pay(Payee[] calldata payees, uint256[] calldata amounts) external payable;
    /// @notice The sender takes all that is credited to the member whose current key it is, active or not; in the capacity
    /// ACCOUNT, to itself. Nobody else's credit depends on its success.
    function withdraw(Capacity capacity) external;
    /// @notice What may be withdrawn for the account in this capacity, in wei.
    function credit(Capacity capacity, address account) external view returns (uint256);
}
