// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Contribution, Dataset, Segment} from "../types/Dataset.sol";
import {DatasetId, StudyId} from "../types/Identifiers.sol";
import {IDatasetRetirement} from "./IDatasetRetirement.sol";
import {IOwnerTerms} from "./IOwnerTerms.sol";
import {IRequestQuotas} from "./IRequestQuotas.sol";
import {IStudyStandings} from "./IStudyStandings.sol";

/// @title Datasets: what each owner committed to, as append-only segments
interface IDatasetRegistry is IOwnerTerms, IDatasetRetirement, IRequestQuotas, IStudyStandings {
    /// @notice The owner appended `segment`, making `version`, shared among the committee of `committeeEpoch`;
    /// fileHashes[j-1] is the keccak256 of worker j's share file. Every worker checks its file against `ingestProof`
    /// (workers/messages/dealingProof.ts); the chain keeps its hash.
    event DatasetActivated(
        DatasetId indexed datasetId,
        StudyId indexed studyId,
        address indexed owner,
        uint64 version,
        uint64 committeeEpoch,
        Segment segment,
        bytes32[] fileHashes,
        bytes ingestProof
    );

    /// @notice The same columns are now shared among the study's next committee: sharesRoots[v - 1] is that of version v's
    /// segment. Row counts, column roots and versions are as before; the dataset's root is another one.
    event SharesReplaced(DatasetId indexed datasetId, StudyId indexed studyId, uint64 version, bytes32[] sharesRoots);

    /// @notice The owner paid the workers of `committeeEpoch` for keeping the version's new rows; see the study's policy.
    event StorageFeePaid(DatasetId indexed datasetId, uint64 version, uint64 committeeEpoch, uint256 amount);

    /// @notice Thrown when the sender is not the current key of an active data owner.
    error DatasetRegistryInactiveOwner(address account);
    /// @notice Thrown when the owner has not signed the newest version of the study's agreement, or there is none.
    error DatasetRegistryAgreementNotSigned(StudyId studyId, address owner);
    /// @notice Thrown when the study has no committee yet.
    error DatasetRegistryNoCommittee(StudyId studyId);
    /// @notice Thrown when the segment has no rows or no columns.
    error DatasetRegistryEmptySegment();
    /// @notice Thrown when no dealing proof is given. What it says is for the workers to check.
    error DatasetRegistryEmptyProof();
    /// @notice Thrown when the dataset would have more than 2^log2N rows.
    error DatasetRegistryTooManyRows(uint256 rowCount, uint256 maximum);
    /// @notice Thrown when `version` is not the next one.
    error DatasetRegistryWrongVersion(uint64 version, uint64 expected);
    /// @notice Thrown when the files are not those the segment commits to.
    error DatasetRegistrySharesRootMismatch(bytes32 sharesRoot, bytes32 computed);
    /// @notice Thrown when a segment with the same share files is in the dataset already.
    error DatasetRegistrySegmentReused(bytes32 sharesRoot);
    /// @notice Thrown unless there is one file hash and one receipt for each worker of the committee.
    error DatasetRegistryReceiptCount(uint256 receipts, uint256 expected);
    /// @notice Thrown when receipt `index` (0-based) was not signed by the current key (`expected`) of worker index+1 over its
    /// file.
    error DatasetRegistryInvalidReceipt(uint256 index, address recovered, address expected);
    /// @notice Thrown when a worker of the committee may not act now (expired or revoked).
    error DatasetRegistryInactiveWorker(address worker);
    /// @notice Thrown unless exactly the study's storage fee for the segment's rows is paid, in wei; 0 where it has none.
    error DatasetRegistryWrongPayment(uint256 given, uint256 fee);
    /// @notice Thrown when no dataset has this id.
    error DatasetRegistryUnknown(DatasetId datasetId);

    /// @notice The owner appends a segment, making version `version` (1, 2, ...). The first of a study freezes its
    /// committee. O(versions) gas: about 6,500 for each earlier segment. Pays the policy's storageFeePerRow for each row of
    /// the segment, exactly; the committee's workers are credited equally, the remainder to the first.
    /// @param segment sharesRoot must be keccak256(abi.encode(fileHashes))
    /// @param receipts receipts[j] is worker j+1's EIP-712 Receipt(bytes32 datasetId,address worker,bytes32 fileHash)
    /// over fileHashes[j], by its current key, 65 bytes, domain {Opaline, 1, chain id, this registry}
    /// @param ingestProof 32 bytes for each of t+1 values and of C(n, t) seeds: 192 at (4, 1), 1,248 at (7, 3)
    function activate(
        StudyId studyId,
        uint64 version,
        Segment calldata segment,
        bytes32[] calldata fileHashes,
        bytes[] calldata receipts,
        bytes calldata ingestProof
    ) external payable returns (DatasetId datasetId);
    /// @notice Takes the shares that a change of committee made for the old ones, of all versions. O(versions). Restricted to
    /// {ICommitteeChanges}.
    /// @param sharesRoots one for each version
    /// @param ingestProofHash of the newest segment's dealing proof
    function replaceShares(DatasetId datasetId, bytes32[] calldata sharesRoots, bytes32 ingestProofHash) external;
    /// @notice keccak256(abi.encode(chainId, this registry, studyId, owner)), whether it exists or not.
    function datasetIdOf(StudyId studyId, address owner) external view returns (DatasetId);
    /// @notice Reverts with DatasetRegistryUnknown.
    function dataset(DatasetId datasetId) external view returns (Dataset memory);
    /// @notice Zero for an unknown dataset.
    function ownerOf(DatasetId datasetId) external view returns (address);
    /// @notice Latest version; 0 before the first activation.
    function version(DatasetId datasetId) external view returns (uint64);
    /// @notice All segments, oldest first. O(versions); for calls from outside.
    function segments(DatasetId datasetId) external view returns (Segment[] memory);
    /// @notice Whose rows a version has, of which study, and how many, padding excluded; zeros for a dataset or version that
    /// does not exist.
    function rowsOf(
        DatasetId datasetId,
        uint64 version
    ) external view returns (StudyId studyId, address owner, uint64 rowCount);
    /// @notice keccak256(abi.encode(datasetId, version, segments)) of the latest version; 0 for an unknown dataset.
    function datasetRoot(DatasetId datasetId) external view returns (bytes32);
    /// @notice The roots of several datasets of one study; 0 where a dataset is unknown or of another study.
    function datasetRoots(StudyId studyId, DatasetId[] calldata datasetIds) external view returns (bytes32[] memory);
    /// @notice Of which owner, and of how many rows, each version was that has or had one of these roots; all zero for a root
    /// that no version had. O(roots).
    function contributions(bytes32[] calldata roots) external view returns (Contribution[] memory);
    /// @notice How many datasets the study has.
    function count(StudyId studyId) external view returns (uint256);
    /// @notice A page of at most 100 of the study's datasets, in order of first activation.
    function datasets(StudyId studyId, uint256 offset, uint256 limit) external view returns (DatasetId[] memory);
}
