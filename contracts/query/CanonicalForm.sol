// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Descriptor, ParameterBound} from "../types/Descriptor.sol";
import {IQueryCatalogue} from "./IQueryCatalogue.sol";

/// @title A published query is exactly the ABI encoding of what it decodes to
/// @dev Otherwise a vetter's decoder, a worker's and the contract's could read different queries from the same bytes.
library CanonicalForm {
    uint16 internal constant FORMAT = 1;

    /// @dev Reverts unless both are canonical, the format is known and the schema is the study's. Bytes that do not decode
    /// at all revert without data.
    function check(bytes calldata descriptor, bytes calldata bounds, bytes32 schemaHash) internal pure {
        Descriptor memory decoded = abi.decode(descriptor, (Descriptor));
        if (decoded.format != FORMAT) revert IQueryCatalogue.QueryCatalogueUnsupportedFormat(decoded.format);
        if (decoded.schemaHash != schemaHash) {
            revert IQueryCatalogue.QueryCatalogueSchemaMismatch(decoded.schemaHash, schemaHash);
        }
        if (keccak256(abi.encode(decoded)) != keccak256(descriptor)) {
            revert IQueryCatalogue.QueryCatalogueNonCanonical("descriptor");
        }
        ParameterBound[] memory bound = abi.decode(bounds, (ParameterBound[]));
        if (keccak256(abi.encode(bound)) != keccak256(bounds)) {
            revert IQueryCatalogue.QueryCatalogueNonCanonical("bounds");
        }
    }
}
