// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StudyId} from "../types/Identifiers.sol";
import {IRequestQuotas} from "./IRequestQuotas.sol";

/// @title Part of the dataset registry: how often each organisation asked over a study
/// @dev By organisation, not by querier: members of one see each other's answers.
abstract contract RequestQuotas is IRequestQuotas {
    mapping(StudyId studyId => mapping(bytes32 organisation => uint24)) private _requests;

    /// @inheritdoc IRequestQuotas
    function requestsOf(StudyId studyId, bytes32 organisation) external view returns (uint24) {
        return _requests[studyId][organisation];
    }

    /// @dev For good, like an opening: a refusal says something, too.
    /// @param quota not 0
    function _countRequest(StudyId studyId, bytes32 organisation, uint24 quota) internal {
        uint24 used = _requests[studyId][organisation];
        if (used >= quota) revert DatasetRegistryQuotaSpent(studyId, organisation, quota);
        _requests[studyId][organisation] = used + 1;
    }
}
