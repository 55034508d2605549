// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReleaseClass} from "../types/Statement.sol";
import {IQuerySmartContract} from "./IQuerySmartContract.sol";

/// @title Who may read an answer
library Recipients {
    uint256 internal constant MOST = 16;

    /// @dev recipientsHash of the request's context. One order, so that a set has one hash. O(recipients).
    function hash(ReleaseClass releaseClass, bytes[] calldata recipients) internal pure returns (bytes32) {
        uint256 most = releaseClass == ReleaseClass.SEALED ? MOST : 0;
        bool none = recipients.length == 0;
        if (recipients.length > most || none != (most == 0)) {
            revert IQuerySmartContract.QuerySmartContractRecipientCount(recipients.length, most);
        }
        if (none) return 0;
        bytes memory previous;
        for (uint256 i = 0; i < recipients.length; ++i) {
            bytes memory key = recipients[i];
            bool compressed = key.length == 33 && (key[0] == 0x02 || key[0] == 0x03);
            if (!compressed || !_isAscending(previous, key)) {
                revert IQuerySmartContract.QuerySmartContractInvalidRecipient(i);
            }
            previous = key;
        }
        return keccak256(abi.encode(recipients));
    }

    /// @dev Both of 33 bytes, or `previous` empty, which comes before any.
    function _isAscending(bytes memory previous, bytes memory key) private pure returns (bool) {
        if (previous.length == 0) return true;
        if (previous[0] != key[0]) return previous[0] < key[0];
        return _coordinate(previous) < _coordinate(key);
    }

    /// @dev The 32 bytes after the first.
    function _coordinate(bytes memory key) private pure returns (uint256 x) {
        assembly ("memory-safe") {
            x := mload(add(key, 33))
        }
    }
}
