// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {QueryHash, StudyId} from "../types/Identifiers.sol";
import {IQueryCatalogue} from "./IQueryCatalogue.sol";

/// What the catalogue appends to a query contract's code when it makes it: abi.encode(QueryOrigin), 160 bytes.
struct QueryOrigin {
    QueryHash queryHash;
    StudyId studyId;
    bytes32 agreementHash;
    IQueryCatalogue catalogue;
    address boundsCode;
}
