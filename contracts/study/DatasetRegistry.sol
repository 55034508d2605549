// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acts} from "../audit/Acts.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {Division} from "../fees/Division.sol";
import {ICredits} from "../fees/ICredits.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {Contribution, Dataset, Segment} from "../types/Dataset.sol";
import {Deployed} from "../types/Deployed.sol";
import {DatasetId, StudyId} from "../types/Identifiers.sol";
import {Paging} from "../types/Paging.sol";
import {DatasetRetirement} from "./DatasetRetirement.sol";
import {ICommitteeRegistry} from "./ICommitteeRegistry.sol";
import {IDatasetRegistry} from "./IDatasetRegistry.sol";
import {IStudyAgreements} from "./IStudyAgreements.sol";
import {IStudyRegistry} from "./IStudyRegistry.sol";
import {OwnerTerms} from "./OwnerTerms.sol";
import {ShareReceipts} from "./ShareReceipts.sol";

/// @title Datasets
contract DatasetRegistry is DatasetRetirement {
    IStudyRegistry private immutable _studies;
    IStudyAgreements private immutable _agreements;
    ICredits private immutable _credits;

    mapping(DatasetId datasetId => Dataset) private _datasets;
    mapping(DatasetId datasetId => Segment[]) private _segments;
    mapping(StudyId studyId => mapping(DatasetId datasetId => bytes32)) private _roots;
    /// @dev By root, of all versions there ever were: what a request used can be told for good from its context alone, for
    /// one storage write an activation and one read a dataset, however many segments it has.
    mapping(bytes32 datasetRoot => Contribution) private _contributions;
    mapping(StudyId studyId => DatasetId[]) private _datasetIds;

    constructor(
        address authority,
        IAuditTrail trail,
        IMemberRegistry owners,
        IMemberRegistry queriers,
        IStudyRegistry studies,
        ICommitteeRegistry committees,
        IStudyAgreements agreements,
        ICredits credits
    ) DatasetRetirement(authority, trail, owners, queriers, committees) {
        _studies = IStudyRegistry(Deployed.check(address(studies)));
        _agreements = IStudyAgreements(Deployed.check(address(agreements)));
        _credits = ICredits(Deployed.check(address(credits)));
    }

    /// @inheritdoc IDatasetRegistry
    function activate(
        StudyId studyId,
        uint64 version_,
        Segment calldata segment,
        bytes32[] calldata fileHashes,
        bytes[] calldata receipts,
        bytes calldata ingestProof
    ) external payable returns (DatasetId datasetId) {
        (address owner, bytes32 organisation) = _owners.activeMemberOf(msg.sender);
        if (owner == address(0)) revert DatasetRegistryInactiveOwner(msg.sender);
        if (!_agreements.isSigned(studyId, owner)) revert DatasetRegistryAgreementNotSigned(studyId, owner);
        datasetId = datasetIdOf(studyId, owner);
        _requireNotRetired(datasetId);
        _checkSegment(datasetId, version_, segment, fileHashes);
        if (ingestProof.length == 0) revert DatasetRegistryEmptyProof();
        uint64 epoch = _committees.currentEpoch(studyId);
        if (epoch == 0) revert DatasetRegistryNoCommittee(studyId);
        ShareReceipts.check(_committees, address(this), studyId, epoch, datasetId, fileHashes, receipts);
        bytes32 oldRoot = _roots[studyId][datasetId];
        if (version_ == 1) {
            _holdings[datasetId].owner = owner;
            _datasetIds[studyId].push(datasetId);
            _committees.freeze(studyId);
            _setEpoch(studyId, epoch);
        }
        uint64 rows = _append(studyId, datasetId, segment, keccak256(ingestProof));
        bytes32 root = keccak256(abi.encode(datasetId, version_, _segments[datasetId]));
        _roots[studyId][datasetId] = root;
        _contributions[root] = Contribution(owner, rows);
        _noteShares(datasetId, epoch, version_);
        emit DatasetActivated(datasetId, studyId, owner, version_, epoch, segment, fileHashes, ingestProof);
        _record(Acts.DATASET_ACTIVATED, DatasetId.unwrap(datasetId), owner, organisation, oldRoot, root);
        _payStorage(studyId, datasetId, version_, epoch, segment.rowCount);
    }

    /// @inheritdoc IDatasetRegistry
    function replaceShares(
        DatasetId datasetId,
        bytes32[] calldata sharesRoots,
        bytes32 ingestProofHash
    ) external restricted {
        Segment[] storage all = _segments[datasetId];
        uint64 version_ = uint64(all.length); // each costs a transaction: far below 2^64
        if (sharesRoots.length != version_) revert DatasetRegistryWrongVersion(uint64(sharesRoots.length), version_);
        for (uint256 i = 0; i < sharesRoots.length; ++i) all[i].sharesRoot = sharesRoots[i];
        Dataset storage entry = _datasets[datasetId];
        StudyId studyId = entry.studyId;
        entry.sharesRoot = all[version_ - 1].sharesRoot;
        entry.ingestProofHash = ingestProofHash;
        bytes32 oldRoot = _roots[studyId][datasetId];
        bytes32 root = keccak256(abi.encode(datasetId, version_, all));
        _roots[studyId][datasetId] = root;
        _contributions[root] = _contributions[oldRoot];
        _setEpoch(studyId, _committees.currentEpoch(studyId));
        emit SharesReplaced(datasetId, studyId, version_, sharesRoots);
        _record(Acts.SHARES_REPLACED, DatasetId.unwrap(datasetId), msg.sender, 0, oldRoot, root);
    }

    /// @inheritdoc IDatasetRegistry
    function dataset(DatasetId datasetId) external view returns (Dataset memory found) {
        Holding memory holding = _holdings[datasetId];
        if (holding.owner == address(0)) revert DatasetRegistryUnknown(datasetId);
        found = _datasets[datasetId];
        found.openingsUsed = holding.openingsUsed;
    }

    /// @inheritdoc IDatasetRegistry
    function ownerOf(DatasetId datasetId) external view returns (address) {
        return _holdings[datasetId].owner;
    }

    /// @inheritdoc IDatasetRegistry
    function segments(DatasetId datasetId) external view returns (Segment[] memory) {
        return _segments[datasetId];
    }

    /// @inheritdoc IDatasetRegistry
    function rowsOf(
        DatasetId datasetId,
        uint64 version_
    ) external view returns (StudyId studyId, address owner, uint64 rowCount) {
        Segment[] storage all = _segments[datasetId];
        if (version_ == 0 || version_ > all.length) return (studyId, owner, rowCount);
        return (_datasets[datasetId].studyId, _holdings[datasetId].owner, all[version_ - 1].rowCount);
    }

    /// @inheritdoc IDatasetRegistry
    function datasetRoot(DatasetId datasetId) external view returns (bytes32) {
        return _roots[_datasets[datasetId].studyId][datasetId];
    }

    /// @inheritdoc IDatasetRegistry
    function datasetRoots(
        StudyId studyId,
        DatasetId[] calldata datasetIds
    ) external view returns (bytes32[] memory roots) {
        roots = new bytes32[](datasetIds.length);
        for (uint256 i = 0; i < roots.length; ++i) roots[i] = _roots[studyId][datasetIds[i]];
    }

    /// @inheritdoc IDatasetRegistry
    function contributions(bytes32[] calldata roots) external view returns (Contribution[] memory found) {
        found = new Contribution[](roots.length);
        for (uint256 i = 0; i < roots.length; ++i) found[i] = _contributions[roots[i]];
    }

    /// @inheritdoc IDatasetRegistry
    function count(StudyId studyId) external view returns (uint256) {
        return _datasetIds[studyId].length;
    }

    /// @inheritdoc IDatasetRegistry
    function datasets(StudyId studyId, uint256 offset, uint256 limit) external view returns (DatasetId[] memory page) {
        DatasetId[] storage all = _datasetIds[studyId];
        page = new DatasetId[](Paging.size(all.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) page[i] = all[offset + i];
    }

    /// @inheritdoc DatasetRetirement
    function version(DatasetId datasetId) public view override returns (uint64) {
        return uint64(_segments[datasetId].length); // each costs a transaction: far below 2^64
    }

    /// @inheritdoc DatasetRetirement
    function _studyOf(DatasetId datasetId) internal view override returns (StudyId) {
        return _datasets[datasetId].studyId;
    }

    /// @inheritdoc OwnerTerms
    function _rootOf(StudyId studyId, DatasetId datasetId) internal view override returns (bytes32) {
        return _roots[studyId][datasetId];
    }

    function _append(
        StudyId studyId,
        DatasetId datasetId,
        Segment calldata segment,
        bytes32 ingestProofHash
    ) private returns (uint64) {
        IStudyRegistry.Study memory study = _studies.study(studyId);
        Dataset storage entry = _datasets[datasetId];
        uint256 rows = uint256(entry.rowCount) + segment.rowCount;
        uint256 maximum = 1 << study.log2N;
        if (rows > maximum) revert DatasetRegistryTooManyRows(rows, maximum);
        entry.studyId = studyId;
        entry.schemaHash = study.schemaHash;
        entry.rowCount = uint64(rows); // <= 2^28
        entry.log2N = study.log2N;
        entry.columnsRoot = segment.columnsRoot;
        entry.sharesRoot = segment.sharesRoot;
        entry.ingestProofHash = ingestProofHash;
        _segments[datasetId].push(segment);
        return uint64(rows);
    }

    /// @dev Credited, so that no worker can hold an activation up. O(workers).
    function _payStorage(StudyId studyId, DatasetId datasetId, uint64 version_, uint64 epoch, uint64 rowCount) private {
        uint256 fee = uint256(_studies.policy(studyId).storageFeePerRow) * rowCount;
        if (msg.value != fee) revert DatasetRegistryWrongPayment(msg.value, fee);
        if (fee == 0) return;
        emit StorageFeePaid(datasetId, version_, epoch, fee);
        address owner = _holdings[datasetId].owner;
        bytes32 organisation = _owners.organisationOf(owner);
        _record(Acts.STORAGE_FEE_PAID, DatasetId.unwrap(datasetId), owner, organisation, bytes32(fee), 0);
        address[] memory workers = _committees.committee(studyId, epoch).workers;
        _credits.pay{value: fee}(Division.asPayees(workers), Division.equally(fee, workers.length));
    }

    function _checkSegment(
        DatasetId datasetId,
        uint64 version_,
        Segment calldata segment,
        bytes32[] calldata fileHashes
    ) private view {
        Segment[] storage earlier = _segments[datasetId];
        uint64 expected = uint64(earlier.length + 1);
        if (version_ != expected) revert DatasetRegistryWrongVersion(version_, expected);
        if (segment.rowCount == 0 || segment.columnsRoot == 0) revert DatasetRegistryEmptySegment();
        bytes32 computed = keccak256(abi.encode(fileHashes));
        if (segment.sharesRoot != computed) revert DatasetRegistrySharesRootMismatch(segment.sharesRoot, computed);
        for (uint256 i = 0; i < earlier.length; ++i) {
            if (earlier[i].sharesRoot == computed) revert DatasetRegistrySegmentReused(computed);
        }
    }
}
