// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {StudyId} from "../types/Identifiers.sol";
import {IStudyStandings} from "./IStudyStandings.sol";

/// @title Part of the dataset registry: what a request must know of its study
/// @dev One slot of a contract that a request calls anyhow. Asking the committee registry and the consent registry, which know
/// it first, would cost it 2,600 gas each to reach them and 2,100 for a word of each.
abstract contract StudyStandings is IStudyStandings, AccessManaged {
    mapping(StudyId studyId => Standing) private _standings;

    /// @inheritdoc IStudyStandings
    function restrictConsents(StudyId studyId) external restricted {
        _standings[studyId].consentsRestricted = true;
    }

    /// @inheritdoc IStudyStandings
    function standingOf(StudyId studyId) external view returns (Standing memory) {
        return _standings[studyId];
    }

    /// @dev Call whenever shares come to another committee: with a study's first dataset, and with every change.
    function _setEpoch(StudyId studyId, uint64 epoch) internal {
        _standings[studyId].committeeEpoch = epoch;
    }

    function _standing(StudyId studyId) internal view returns (Standing memory) {
        return _standings[studyId];
    }
}
