// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DatasetId, StudyId} from "../types/Identifiers.sol";

/// @title The end of a dataset, or of what one committee holds of it: workers sign that they have erased their shares
/// @notice Every committee that was given shares of a dataset has them to erase in the end, each worker for itself: all of them
/// once the dataset is retired, which no request opens again; one alone once nothing is asked of it any more
/// ({ICommitteeRegistry-isOver}), because another committee has followed it or its proposal was withdrawn. A worker that sits in
/// two committees has shares at two points, and signs twice.
interface IDatasetRetirement {
    /// @notice No request opens the data from now on, and every worker that holds shares of them erases these. For ever.
    event DatasetRetired(DatasetId indexed datasetId, StudyId indexed studyId, address indexed owner, string reason);
    /// @notice The worker at point `index` of `epoch` signed that it has erased all it was given there, of versions 1..`version`.
    event ErasureConfirmed(
        DatasetId indexed datasetId,
        uint64 indexed epoch,
        address indexed worker,
        uint8 index,
        uint64 version
    );
    /// @notice Every worker of `epoch` has confirmed.
    event SharesErased(DatasetId indexed datasetId, uint64 indexed epoch);
    /// @notice The dataset is retired, and every worker of every committee that was ever given shares of it has confirmed.
    event DatasetErased(DatasetId indexed datasetId);

    /// @notice Thrown when the dataset was retired: nothing can be asked of it, added to it or retired again.
    error DatasetRegistryRetired(DatasetId datasetId);
    /// @notice Thrown when an erasure is confirmed of shares that the committee of this epoch was never given.
    error DatasetRegistryNoShares(DatasetId datasetId, uint64 epoch);
    /// @notice Thrown when an erasure is confirmed that nobody asked for: the data are not retired, and the committee serves, may
    /// still answer, or is proposed.
    error DatasetRegistryErasureNotDue(DatasetId datasetId, uint64 epoch);
    /// @notice Thrown when the committee of this epoch has no worker `index`.
    error DatasetRegistryNoSuchWorker(DatasetId datasetId, uint64 epoch, uint8 index);
    /// @notice Thrown when the worker has confirmed before.
    error DatasetRegistryErasureAlreadyConfirmed(DatasetId datasetId, uint64 epoch, address worker);
    /// @notice Thrown when the receipt was not signed by the worker's current key (`expected`) over these data.
    error DatasetRegistryInvalidErasure(address recovered, address expected);

    /// @notice The current key of an owner that is not revoked, its credential expired or not, retires its dataset in a study, at
    /// once and for ever. Requests made before fail, unless the workers have opened their answers; answers given stay.
    /// @param reason free text, kept in the audit trail
    function retire(StudyId studyId, string calldata reason) external;
    /// @notice The same where the owner cannot: it is gone or revoked, or a court orders it. Restricted to STEWARD_ROLE.
    function retireFor(DatasetId datasetId, string calldata reason) external;
    /// @notice Notes that the committee of `epoch` was given shares of `version`, again or for the first time. Restricted to
    /// {ICommitteeChanges}, for the committee that is proposed; an activation does the same for the one that serves.
    function noteShares(DatasetId datasetId, uint64 epoch, uint64 version) external;
    /// @notice Anyone relays one worker's receipt, also while the consortium has stopped requests and answers, and of a worker
    /// whose credential has ended.
    /// @param epoch of a committee that was given shares ({holders})
    /// @param index the worker's point in it, 1..n
    /// @param signature EIP-712 Erasure(bytes32 datasetId,uint64 epoch,address worker,uint64 version), version as {versionsOf}
    /// gives it, by the worker's current key, 65 bytes, domain {Opaline, 1, chain id, this registry}
    function confirmErasure(DatasetId datasetId, uint64 epoch, uint8 index, bytes calldata signature) external;
    /// @notice Whether the dataset was retired; false for an unknown one.
    function isRetired(DatasetId datasetId) external view returns (bool);
    /// @notice The epochs whose committees were given shares, in the order in which they first were. O(epochs); for calls from
    /// outside.
    function holders(DatasetId datasetId) external view returns (uint64[] memory epochs);
    /// @notice How many versions the committee of an epoch was given shares of; 0 for none. Nothing is given any more to one
    /// that has to erase them.
    function versionsOf(DatasetId datasetId, uint64 epoch) external view returns (uint64);
    /// @notice How far one committee's erasure has come. Bit index-1 stands for the worker at point index.
    /// @return due whether its shares are to be erased now; false for ever where it was given none
    /// @return confirmed workers whose receipt is here
    /// @return outstanding workers whose receipt is not; 0 unless it is due
    function erasures(
        DatasetId datasetId,
        uint64 epoch
    ) external view returns (bool due, uint8 confirmed, uint8 outstanding);
}
