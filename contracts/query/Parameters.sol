// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IQuerySmartContract} from "./IQuerySmartContract.sol";

/// @title What a querier may fill into a vetted query
library Parameters {
    /// @dev Reverts unless `parameters` is exactly abi.encode(int256[]) with every value inside `bounds`, which is
    /// abi.encode(ParameterBound[]). O(parameters x allowed values), both fixed when the query was vetted.
    /// The bounds are read in place: decoding them, with their names, would cost several times the check. Only their one form
    /// was published ({CanonicalForm}), so that every offset in them is where the encoding puts it: a word with the offset
    /// of all, their number, an offset from there on for each.
    function check(bytes calldata parameters, bytes memory bounds) internal pure {
        int256[] calldata values = _values(parameters);
        uint256 count = uint256(_word(bounds, 32));
        if (values.length != count) {
            revert IQuerySmartContract.QuerySmartContractParameterCount(values.length, count);
        }
        for (uint256 i = 0; i < count; ++i) {
            int256 value = values[i];
            // Offsets in at most 24,576 bytes.
            unchecked {
                uint256 bound = 64 + uint256(_word(bounds, 64 + 32 * i));
                if (!_within(value, bounds, bound)) {
                    revert IQuerySmartContract.QuerySmartContractParameterOutOfBounds(i, value);
                }
            }
        }
    }

    /// @dev One form only: two encodings of the same values would be two requests that look different.
    function _values(bytes calldata parameters) private pure returns (int256[] calldata values) {
        uint256 length = parameters.length;
        bool canonical = length >= 64 && length % 32 == 0 && uint256(bytes32(parameters[:32])) == 32;
        if (!canonical || uint256(bytes32(parameters[32:64])) != length / 32 - 2) {
            revert IQuerySmartContract.QuerySmartContractNonCanonicalParameters();
        }
        // All that follows the two words, which are as many values as was just checked.
        assembly ("memory-safe") {
            values.offset := add(parameters.offset, 64)
            values.length := sub(shr(5, length), 2)
        }
    }

    /// @dev Whether the {ParameterBound} at `start` allows the value: its words 4, 5 and 6 are minimum, maximum, and the list's
    /// offset.
    function _within(int256 value, bytes memory bounds, uint256 start) private pure returns (bool) {
        // Offsets in at most 24,576 bytes.
        unchecked {
            if (value < _word(bounds, start + 4 * 32) || value > _word(bounds, start + 5 * 32)) return false;
            uint256 list = start + uint256(_word(bounds, start + 6 * 32));
            uint256 end = list + 32 * uint256(_word(bounds, list));
            if (end == list) return true;
            while (list != end) {
                list += 32;
                if (_word(bounds, list) == value) return true;
            }
        }
        return false;
    }

    function _word(bytes memory content, uint256 offset) private pure returns (int256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(content, 32), offset))
        }
    }
}
