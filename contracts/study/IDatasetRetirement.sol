// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DatasetId, StudyId} from "../types/Identifiers.sol";

/// @title The end of a dataset: no request opens it again, and its workers sign that they have erased their shares
interface IDatasetRetirement {
    /// @notice No request opens the data from now on, and every worker that holds shares of them erases these. For ever.
    event DatasetRetired(DatasetId indexed datasetId, StudyId indexed studyId, address indexed owner, string reason);
    /// @notice The worker at point `index` signed that it has erased all it held of versions 1..`version`.
    event ErasureConfirmed(DatasetId indexed datasetId, address indexed worker, uint8 index, uint64 version);
    /// @notice Every worker of the committee that served when the data were retired has confirmed. It says nothing of a committee
    /// that was followed before ({ICommitteeChanges}), nor of one that was proposed and not installed.
    event DatasetErased(DatasetId indexed datasetId);

    /// @notice Thrown when the dataset was retired: nothing can be asked of it, added to it or retired again.
    error DatasetRegistryRetired(DatasetId datasetId);
    /// @notice Thrown when an erasure is confirmed that nobody asked for.
    error DatasetRegistryNotRetired(DatasetId datasetId);
    /// @notice Thrown when the committee that holds the shares has no worker `index`.
    error DatasetRegistryNoSuchWorker(DatasetId datasetId, uint8 index);
    /// @notice Thrown when the worker has confirmed before.
    error DatasetRegistryErasureAlreadyConfirmed(DatasetId datasetId, address worker);
    /// @notice Thrown when the receipt was not signed by the worker's current key (`expected`) over these data.
    error DatasetRegistryInvalidErasure(address recovered, address expected);

    /// @notice The current key of an owner that is not revoked, its credential expired or not, retires its dataset in a study, at
    /// once and for ever. Requests made before fail, unless the workers have opened their answers; answers given stay.
    /// @param reason free text, kept in the audit trail
    function retire(StudyId studyId, string calldata reason) external;
    /// @notice The same where the owner cannot: it is gone or revoked, or a court orders it. Restricted to STEWARD_ROLE.
    function retireFor(DatasetId datasetId, string calldata reason) external;
    /// @notice Anyone relays one worker's receipt, also while the consortium has stopped requests and answers, and of a worker
    /// whose credential has ended.
    /// @param index the worker's point, 1..n, in the committee that held the shares when the data were retired
    /// @param signature EIP-712 Erasure(bytes32 datasetId,address worker,uint64 version) with the newest version, by the worker's
    /// current key, 65 bytes, domain {Opaline, 1, chain id, this registry}
    function confirmErasure(DatasetId datasetId, uint8 index, bytes calldata signature) external;
    /// @notice The epoch of the committee that is to erase: which held the shares when the data were retired; 0 unless they were.
    function retiredUnder(DatasetId datasetId) external view returns (uint64);
    /// @notice How far the erasure has come. Bit index-1 stands for the worker at point index.
    /// @return retired whether it was asked for
    /// @return confirmed workers whose receipt is here
    /// @return outstanding workers whose receipt is not; 0 unless the dataset is retired
    function erasures(DatasetId datasetId) external view returns (bool retired, uint8 confirmed, uint8 outstanding);
}
