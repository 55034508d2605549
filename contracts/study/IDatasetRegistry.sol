// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Dataset, Segment} from "../types/Dataset.sol";
import {DatasetId, StudyId} from "../types/Identifiers.sol";

/// @title Datasets: what each owner committed to, as append-only segments
interface IDatasetRegistry {
    event DatasetActivated(
        DatasetId indexed datasetId,
        StudyId indexed studyId,
        address indexed owner,
        uint64 version,
        uint64 committeeEpoch,
        Segment segment,
        bytes32[] fileHashes
    );

    error DatasetRegistryInactiveOwner(address owner);
    error DatasetRegistryNoCommittee(StudyId studyId);
    error DatasetRegistryEmptySegment();
    error DatasetRegistryTooManyRows(uint256 rowCount, uint256 maximum);
    error DatasetRegistryWrongVersion(uint64 version, uint64 expected);
    error DatasetRegistrySharesRootMismatch(bytes32 sharesRoot, bytes32 computed);
    error DatasetRegistryReceiptCount(uint256 receipts, uint256 expected);
    error DatasetRegistryInvalidReceipt(uint256 index, address recovered, address expected);
    error DatasetRegistryUnknown(DatasetId datasetId);

    /// @notice The owner appends a segment, making version `version` (1, 2, ...). sharesRoot must be
    /// keccak256(abi.encode(fileHashes)); receipts[j] is worker j+1's EIP-712 Receipt(datasetId, worker, fileHash).
    function activate(
        StudyId studyId,
        uint64 version,
        Segment calldata segment,
        bytes32[] calldata fileHashes,
        bytes[] calldata receipts
    ) external returns (DatasetId datasetId);
    function datasetIdOf(StudyId studyId, address owner) external view returns (DatasetId);
    function dataset(DatasetId datasetId) external view returns (Dataset memory);
    function ownerOf(DatasetId datasetId) external view returns (address);
    /// @notice Latest version; 0 before the first activation.
    function version(DatasetId datasetId) external view returns (uint64);
    function segments(DatasetId datasetId) external view returns (Segment[] memory);
    /// @notice keccak256(abi.encode(datasetId, version, segments)) of the latest version.
    function datasetRoot(DatasetId datasetId) external view returns (bytes32);
    function count(StudyId studyId) external view returns (uint256);
    function datasets(StudyId studyId, uint256 offset, uint256 limit) external view returns (DatasetId[] memory);
}
