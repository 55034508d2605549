// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DatasetId, StudyId} from "./Identifiers.sol";

/// Consent given or taken back for rows of one version of a dataset. slots: rows of that version's segment, from 0,
/// strictly ascending; form: the consent form's version; purposes: codes, as in {Policy}; futureUse: also for purposes that
/// are not named; expiry: last valid second, 0 = without end. In a withdrawal all after `given` is 0 or empty.
struct ConsentRecord {
    uint64 version;
    uint32[] slots;
    bool given;
    uint32 form;
    bytes32[] purposes;
    bool futureUse;
    uint64 expiry;
}

/// explicitOnly: a row without a recorded consent may not be used; otherwise the owner's contribution attests the consents,
/// and records limit or take back. leastForm: consents given under an older form do not count.
struct ConsentRules {
    bool explicitOnly;
    uint32 leastForm;
}

/// @notice What binds a dataset's consents, and a request's mask, exactly as workers/messages/consentMask.ts computes it.
library ConsentHash {
    bytes32 internal constant DOMAIN = keccak256("Opaline.ConsentMask.v1");

    /// @dev own: by the participant's own signature. O(slots + purposes).
    function nextHead(bytes32 head, bool own, ConsentRecord memory record) internal pure returns (bytes32) {
        return keccak256(abi.encode(head, own, record));
    }

    /// @dev 0 where nothing restricts: default rules and no record. O(datasets).
    function maskRoot(
        StudyId studyId,
        ConsentRules memory rules,
        DatasetId[] calldata datasetIds,
        bytes32[] memory heads,
        uint64 time
    ) internal pure returns (bytes32) {
        bool restricted = rules.explicitOnly || rules.leastForm != 0;
        for (uint256 i = 0; i < heads.length && !restricted; ++i) restricted = heads[i] != 0;
        if (!restricted) return 0;
        return keccak256(abi.encode(DOMAIN, studyId, rules.explicitOnly, rules.leastForm, datasetIds, heads, time));
    }
}
