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
    /// @notice A dataset was shared among the committee of `epoch`, which therefore stays until every owner has agreed to
    /// another: {ICommitteeChanges}.
    event CommitteeFrozen(StudyId indexed studyId, uint64 indexed epoch);
    /// @notice The workers of `epoch` are to follow the study's committee, if its owners agree.
    event CommitteeProposed(
        StudyId indexed studyId,
        uint64 indexed epoch,
        uint8 threshold,
        bool demonstration,
        address[] workers
    );
    /// @notice Nothing comes of `epoch`, for good.
    event CommitteeProposalWithdrawn(StudyId indexed studyId, uint64 indexed epoch, string reason);
    /// @notice No request of `epoch` can be answered any more: its workers' deposits are bound no longer.
    event CommitteeReleased(StudyId indexed studyId, uint64 indexed epoch);

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
    /// @notice Thrown when a successor is proposed though no data are shared yet: another committee can be appointed.
    error CommitteeRegistryNoDatasets(StudyId studyId);
    /// @notice Thrown when a successor is proposed while another proposal stands.
    error CommitteeRegistryProposalPending(StudyId studyId, uint64 epoch);
    /// @notice Thrown when no proposal stands.
    error CommitteeRegistryNotProposed(StudyId studyId);
    /// @notice Thrown when deposits are released that no followed committee of this epoch binds.
    error CommitteeRegistryNothingToRelease(StudyId studyId, uint64 epoch);
    /// @notice Thrown when deposits are released while a request of the epoch may still be answered: up to and including
    /// block `until`.
    error CommitteeRegistryRequestsOpen(uint256 until, uint256 blockNumber);

    /// @notice Appoints the workers of the next epoch. Refused once datasets are active: their shares would be stranded.
    /// Restricted to STEWARD_ROLE.
    /// @param workers in the order of their points 1..n
    /// @param threshold the degree t
    /// @return epoch 1 for the first committee
    function appoint(StudyId studyId, address[] calldata workers, uint8 threshold) external returns (uint64 epoch);
    /// @notice From now on the committee changes by {propose} only. Restricted to the dataset registry; again is without
    /// effect.
    function freeze(StudyId studyId) external;
    /// @notice Proposes who shall follow the committee of a study that has data; at most one proposal stands at a time. Checks
    /// what {appoint} checks and binds the new workers' deposits at once: a worker of both committees has twice as much at stake until
    /// the old one is released. Restricted to STEWARD_ROLE.
    /// @return epoch never given before, nor again
    function propose(StudyId studyId, address[] calldata workers, uint8 threshold) external returns (uint64 epoch);
    /// @notice Takes the proposal back and frees its workers' deposits. Restricted to STEWARD_ROLE.
    /// @param reason free text, kept in the audit trail
    function withdrawProposal(StudyId studyId, string calldata reason) external;
    /// @notice Makes the proposed committee the study's, all of whose workers must be active. What was asked before stays
    /// the old one's. Restricted to {ICommitteeChanges}.
    function install(StudyId studyId) external;
    /// @notice Anyone frees the deposits of a committee that was followed, once the deadline of the last request that can have
    /// been made to it has passed.
    function releaseDeposits(StudyId studyId, uint64 epoch) external;
    /// @notice The epoch that is proposed; 0 for none.
    function proposedEpoch(StudyId studyId) external view returns (uint64);
    /// @notice The last block in which a committee that was followed may answer; 0 unless its deposits are still bound.
    function boundUntil(StudyId studyId, uint64 epoch) external view returns (uint256);
    /// @notice Whether nothing can be asked of the epoch's committee, nor answered by it, any more: another was appointed in its
    /// place, or followed it and the last block in which it may answer has passed, or its proposal was withdrawn. Once true for
    /// ever. Reverts with CommitteeRegistryUnknown.
    function isOver(StudyId studyId, uint64 epoch) external view returns (bool);
    /// @notice Also of an epoch that is proposed, or was and came to nothing. Reverts with CommitteeRegistryUnknown.
    function committee(StudyId studyId, uint64 epoch) external view returns (Committee memory);
    /// @notice 0 before the first appointment.
    function currentEpoch(StudyId studyId) external view returns (uint64);
    /// @notice Whether datasets were activated, so that no other committee can be appointed.
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
    /// @notice The keys that sign for the workers of an epoch now, active or not; keys[j-1] is point j's. Reverts with
    /// CommitteeRegistryUnknown.
    function keys(StudyId studyId, uint64 epoch) external view returns (address[] memory);
}
