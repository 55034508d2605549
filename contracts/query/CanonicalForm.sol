// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Descriptor, ParameterBound} from "../types/Descriptor.sol";
import {QueryHash} from "../types/Identifiers.sol";
import {IQueryCatalogue} from "./IQueryCatalogue.sol";

/// @title The one form of a published query, and its hash
/// @dev Descriptor and bounds are exactly the ABI encoding of what they decode to. Otherwise a vetter's decoder, a worker's
/// and the contract's could read different queries from the same bytes.
library CanonicalForm {
    uint16 internal constant FORMAT = 2;
    /// @dev An active query's bounds are part of its contract's code, after the study's policy with at most 16 purposes
    /// ({CloneArguments}, EIP-170).
    uint256 internal constant MOST_BOUNDS = 22_848;

    /// @dev Returns what they decode to. Reverts unless both are canonical, the format is known and the schema is the study's. Bytes that do not decode
    /// at all revert without data.
    function check(
        bytes calldata descriptor,
        bytes calldata bounds,
        bytes32 schemaHash
    ) internal pure returns (Descriptor memory decoded, ParameterBound[] memory bound) {
        decoded = abi.decode(descriptor, (Descriptor));
        if (decoded.format != FORMAT) revert IQueryCatalogue.QueryCatalogueUnsupportedFormat(decoded.format);
        if (decoded.schemaHash != schemaHash) {
            revert IQueryCatalogue.QueryCatalogueSchemaMismatch(decoded.schemaHash, schemaHash);
        }
        if (keccak256(abi.encode(decoded)) != keccak256(descriptor)) {
            revert IQueryCatalogue.QueryCatalogueNonCanonical("descriptor");
        }
        if (bounds.length > MOST_BOUNDS) {
            revert IQueryCatalogue.QueryCatalogueBoundsTooLong(bounds.length, MOST_BOUNDS);
        }
        bound = abi.decode(bounds, (ParameterBound[]));
        if (keccak256(abi.encode(bound)) != keccak256(bounds)) {
            revert IQueryCatalogue.QueryCatalogueNonCanonical("bounds");
        }
    }

    /// @dev What vetters sign and workers compare: it binds everything a person reads and everything a worker computes.
    function hash(
        bytes32 schemaHash,
        bytes calldata descriptor,
        string calldata sql,
        bytes calldata bounds,
        string calldata manifest,
        bytes32 agreementHash
    ) internal pure returns (QueryHash) {
        bytes32 descriptorHash = keccak256(descriptor);
        bytes32 sqlHash = keccak256(bytes(sql));
        bytes32 manifestHash = keccak256(bytes(manifest));
        bytes memory words = abi.encode(
            schemaHash,
            descriptorHash,
            sqlHash,
            keccak256(bounds),
            manifestHash,
            agreementHash
        );
        return QueryHash.wrap(keccak256(words));
    }
}
