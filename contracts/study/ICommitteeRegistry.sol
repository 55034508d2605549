// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StudyId} from "../types/Identifiers.sol";

/// @title Committees: which workers hold a study's shares, epoch by epoch; worker j (1..n) is Shamir point j
interface ICommitteeRegistry {
    /// threshold t: that many workers together learn nothing; workers[j-1] is point j, a member's name for ever.
    struct Committee {
        uint64 epoch;
        uint8 threshold;
        bool demonstration;
        address[] workers;
    }

    /// @notice The workers of `epoch` (1, 2, ...). demonstration: t is below what the policy, or production, asks.
    event CommitteeAppointed(
        StudyId indexed studyId,
        uint64 indexed epoch,
        uint8 threshold,
        bool demonstration,
        address[] workers
    );
    /// @notice A dataset was shared among the committee of `epoch`, which therefore stays.
    event CommitteeFrozen(StudyId indexed studyId, uint64 indexed epoch);

    /// @notice Thrown unless t >= 1, n >= 2t + 1 and 3 <= n <= 7.
    error CommitteeRegistryInvalidSize(uint256 workers, uint8 threshold);
    /// @notice Thrown when t is below the policy's minimum, or below 2, and the policy is not a demonstration.
    error CommitteeRegistryThresholdTooLow(uint8 threshold, uint8 minimumThreshold);
    /// @notice Thrown when an appointed account is not an active worker.
    error CommitteeRegistryInactiveWorker(address worker);
    /// @notice Thrown when two workers belong to one organisation (or are one worker).
    error CommitteeRegistrySameOrganisation(bytes32 organisation);
    /// @notice Thrown when the study has no committee of this epoch.
    error CommitteeRegistryUnknown(StudyId studyId, uint64 epoch);
    /// @notice Thrown when a committee would replace one that holds shares.
    error CommitteeRegistryDatasetsExist(StudyId studyId);

    /// @notice Appoints the workers of the next epoch. Refused once datasets are active: their shares would be stranded.
    /// Restricted to STEWARD_ROLE.
    /// @param workers in the order of their points 1..n
    /// @param threshold the degree t
    /// @return epoch 1 for the first committee
    function appoint(StudyId studyId, address[] calldata workers, uint8 threshold) external returns (uint64 epoch);
    /// @notice Keeps the current committee, for good. Restricted to the dataset registry; again is without effect.
    function freeze(StudyId studyId) external;
    /// @notice Reverts with CommitteeRegistryUnknown.
    function committee(StudyId studyId, uint64 epoch) external view returns (Committee memory);
    /// @notice 0 before the first appointment.
    function currentEpoch(StudyId studyId) external view returns (uint64);
    /// @notice Whether datasets are active, so that no other committee can be appointed.
    function isFrozen(StudyId studyId) external view returns (bool);
    /// @notice min(n - t, 2t + 1), the number of signatures an answer needs. Reverts with CommitteeRegistryUnknown.
    function quorum(StudyId studyId, uint64 epoch) external view returns (uint8);
    /// @notice The worker at point index of an epoch, the key that signs for it now, and whether it may; zeros and false for no
    /// such point.
    function signer(
        StudyId studyId,
        uint64 epoch,
        uint8 index
    ) external view returns (address worker, address key, bool active);
    /// @notice What an answer is checked against, in one call. O(indices). Reverts with CommitteeRegistryUnknown.
    /// @param indices points, in any order
    /// @return needed {quorum}
    /// @return current of each point the key that signs for its worker now; zero where it may not, or there is no such point
    function signers(
        StudyId studyId,
        uint64 epoch,
        uint8[] calldata indices
    ) external view returns (uint8 needed, address[] memory current);
    /// @notice The keys that sign for the workers of an epoch now, active or not; keys[j-1] is point j's. Reverts with
    /// CommitteeRegistryUnknown.
    function keys(StudyId studyId, uint64 epoch) external view returns (address[] memory);
}
