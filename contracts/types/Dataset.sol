// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StudyId} from "./Identifiers.sol";

/// One committed, append-only piece of a dataset. rowCount counts slots, padding excluded.
struct Segment {
    uint64 rowCount;
    bytes32 columnsRoot;
    bytes32 sharesRoot;
}

/// What one dataset version holds, and of whom: owner is the name of the member that activated it; rowCount the rows of all segments.
struct Contribution {
    address owner;
    uint64 rowCount;
}

/// The frozen record of one dataset version. scheme 0: salted keccak column commitments; that the shares are of the
/// committed columns is not proven. columnsRoot, sharesRoot and ingestProofHash, the keccak256 of the dealing proof, are
/// those of the newest segment; rowCount is the total of all; openingsUsed counts the requests over any version.
struct Dataset {
    StudyId studyId;
    bytes32 schemaHash;
    uint64 rowCount;
    uint8 log2N;
    uint8 scheme;
    bytes32 columnsRoot;
    bytes32 sharesRoot;
    bytes32 ingestProofHash;
    uint32 openingsUsed;
}
