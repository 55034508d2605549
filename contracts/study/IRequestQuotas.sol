// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StudyId} from "../types/Identifiers.sol";

/// @title How often an organisation may ask over a study
interface IRequestQuotas {
    /// @notice Thrown when the organisation's queriers have made as many requests over the study as its policy allows one.
    error DatasetRegistryQuotaSpent(StudyId studyId, bytes32 organisation, uint24 quota);

    /// @notice Requests that the organisation's queriers have made over the study; 0 where its policy has no quota.
    /// @param organisation keccak256 of its name
    function requestsOf(StudyId studyId, bytes32 organisation) external view returns (uint24);
}
