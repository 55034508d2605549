// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StudyId} from "../types/Identifiers.sol";

/// @title Committees: which workers hold a study's shares, epoch by epoch; worker j (1..n) is Shamir point j
interface ICommitteeRegistry {
    struct Committee {
        uint64 epoch;
        uint8 threshold;
        bool demonstration;
        address[] workers;
    }

    event CommitteeAppointed(StudyId indexed studyId, uint64 indexed epoch, uint8 threshold, bool demonstration, address[] workers);

    error CommitteeRegistryInvalidSize(uint256 workers, uint8 threshold);
    error CommitteeRegistryThresholdTooLow(uint8 threshold, uint8 minimumThreshold);
    error CommitteeRegistryInactiveWorker(address worker);
    error CommitteeRegistrySameOrganisation(bytes32 organisation);
    error CommitteeRegistryUnknown(StudyId studyId, uint64 epoch);
    error CommitteeRegistryDatasetsExist(StudyId studyId);

    /// @notice Appoints the workers of the next epoch. Refused once datasets are active: their shares would be stranded.
    function appoint(StudyId studyId, address[] calldata workers, uint8 threshold) external returns (uint64 epoch);
    function committee(StudyId studyId, uint64 epoch) external view returns (Committee memory);
    /// @notice 0 before the first appointment.
    function currentEpoch(StudyId studyId) external view returns (uint64);
    /// @notice min(n - t, 2t + 1), the number of signatures an answer needs.
    function quorum(StudyId studyId, uint64 epoch) external view returns (uint8);
    /// @notice The address at point index of an epoch, and whether it may sign now.
    function signer(StudyId studyId, uint64 epoch, uint8 index) external view returns (address worker, bool active);
}
