// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsentHash, ConsentRecord, ConsentRules} from "../types/Consent.sol";
import {DatasetId, StudyId} from "../types/Identifiers.sol";

/// @title Tests only: shows the hashes of consents, so that TypeScript can be compared with them
contract ConsentHashHarness {
    function nextHead(bytes32 head, bool own, ConsentRecord calldata record) external pure returns (bytes32) {
        return ConsentHash.nextHead(head, own, record);
    }

    function maskRoot(
        StudyId studyId,
        ConsentRules calldata rules,
        DatasetId[] calldata datasetIds,
        bytes32[] calldata heads,
        uint64 time
    ) external pure returns (bytes32) {
        return ConsentHash.maskRoot(studyId, rules, datasetIds, heads, time);
    }
}
