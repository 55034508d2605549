// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ParameterBound} from "../types/Descriptor.sol";
import {IQuerySmartContract} from "./IQuerySmartContract.sol";

/// @title What a querier may fill into a vetted query
library Parameters {
    /// @dev Reverts unless `parameters` is exactly abi.encode(int256[]) with every value inside `bounds`, which is
    /// abi.encode(ParameterBound[]). O(parameters x allowed values), both fixed when the query was vetted.
    function check(bytes calldata parameters, bytes memory bounds) internal pure {
        ParameterBound[] memory allowed = abi.decode(bounds, (ParameterBound[]));
        int256[] memory values = _decode(parameters);
        if (values.length != allowed.length) {
            revert IQuerySmartContract.QuerySmartContractParameterCount(values.length, allowed.length);
        }
        for (uint256 i = 0; i < values.length; ++i) {
            if (!_within(values[i], allowed[i])) {
                revert IQuerySmartContract.QuerySmartContractParameterOutOfBounds(i, values[i]);
            }
        }
    }

    /// @dev One form only: two encodings of the same values would be two requests that look different.
    function _decode(bytes calldata parameters) private pure returns (int256[] memory values) {
        uint256 length = parameters.length;
        bool canonical = length >= 64 && length % 32 == 0 && uint256(bytes32(parameters[:32])) == 32;
        if (!canonical || uint256(bytes32(parameters[32:64])) != length / 32 - 2) {
            revert IQuerySmartContract.QuerySmartContractNonCanonicalParameters();
        }
        return abi.decode(parameters, (int256[]));
    }

    function _within(int256 value, ParameterBound memory bound) private pure returns (bool) {
        if (value < bound.minimum || value > bound.maximum) return false;
        for (uint256 i = 0; i < bound.allowed.length; ++i) {
            if (bound.allowed[i] == value) return true;
        }
        return bound.allowed.length == 0;
    }
}
