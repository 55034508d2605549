// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {DatasetId, StudyId} from "../types/Identifiers.sol";
import {ICommitteeChanges} from "./ICommitteeChanges.sol";
import {ICommitteeRegistry} from "./ICommitteeRegistry.sol";
import {IDatasetRegistry} from "./IDatasetRegistry.sol";
import {ShareReceipts} from "./ShareReceipts.sol";

/// @title Changes of committees
/// @dev Everything is kept by epoch, and no epoch comes back: a proposal that is withdrawn takes what was done for it along.
contract CommitteeChanges is ICommitteeChanges, EIP712, Nonces, Audited {
    /// @dev What one version's segment is to be replaced by.
    struct Resharing {
        bytes32 sharesRoot;
        bytes32 ingestProofHash;
    }

    bytes32 private constant APPROVAL_TYPEHASH = keccak256(
        "CommitteeApproval(bytes32 studyId,uint64 oldEpoch,uint64 newEpoch,bytes32 committeeHash,address owner,string name,string meaning,uint64 signedAt,uint256 nonce,uint256 deadline)"
    );

    ICommitteeRegistry private immutable _committees;
    IDatasetRegistry private immutable _datasets;
    IMemberRegistry private immutable _owners;

    mapping(StudyId studyId => mapping(uint64 epoch => mapping(address owner => bool))) private _approved;
    /// @dev resharings[v - 1] is version v's.
    mapping(DatasetId datasetId => mapping(uint64 epoch => Resharing[])) private _resharings;
    /// @dev Also of resharings that others replaced: what was confirmed of them must not count again.
    mapping(DatasetId datasetId => mapping(uint64 epoch => mapping(bytes32 sharesRoot => bool))) private _used;
    mapping(StudyId studyId => mapping(uint64 epoch => mapping(uint8 index => bytes32))) private _confirmed;

    constructor(
        IAuditTrail trail,
        ICommitteeRegistry committees,
        IDatasetRegistry datasets,
        IMemberRegistry owners
    ) EIP712("Opaline", "1") Audited(trail) {
        _committees = ICommitteeRegistry(Deployed.check(address(committees)));
        _datasets = IDatasetRegistry(Deployed.check(address(datasets)));
        _owners = IMemberRegistry(Deployed.check(address(owners)));
    }

    /// @inheritdoc ICommitteeChanges
    function approve(CommitteeApproval calldata given, bytes calldata signature) external {
        (StudyId studyId, address owner, uint64 epoch) = (given.studyId, given.owner, given.newEpoch);
        _checkProposal(given);
        if (block.timestamp > given.deadline) revert CommitteeChangesSignatureExpired(given.deadline);
        (address key, bool active) = _owners.signerOf(owner);
        if (!active) revert CommitteeChangesNotOwner(owner);
        DatasetId datasetId = _datasets.datasetIdOf(studyId, owner);
        if (!_isAffected(datasetId)) revert CommitteeChangesNotAffected(datasetId);
        if (_approved[studyId][epoch][owner]) revert CommitteeChangesAlreadyApproved(studyId, owner);
        _useCheckedNonce(owner, given.nonce);
        bytes32 structHash = _hash(given);
        address recovered = ECDSA.recoverCalldata(_hashTypedDataV4(structHash), signature);
        if (recovered != key) revert CommitteeChangesInvalidSignature(recovered, key);
        _approved[studyId][epoch][owner] = true;
        emit CommitteeApproved(studyId, epoch, owner, given.name, given.meaning, given.signedAt);
        bytes32 organisation = _owners.organisationOf(owner);
        _record(Acts.COMMITTEE_APPROVED, StudyId.unwrap(studyId), owner, organisation, 0, structHash);
    }

    /// @inheritdoc ICommitteeChanges
    function cancelNonce() external {
        address owner = _owners.memberOf(msg.sender);
        if (owner == address(0)) revert CommitteeChangesNotOwner(msg.sender);
        uint256 nonce = _useNonce(owner);
        emit NonceCancelled(owner, nonce);
        bytes32 organisation = _owners.organisationOf(owner);
        _record(Acts.NONCE_CANCELLED, _subject(owner), owner, organisation, bytes32(nonce), bytes32(nonce + 1));
    }

    /// @inheritdoc ICommitteeChanges
    function reshare(
        StudyId studyId,
        uint64 version,
        bytes32[] calldata fileHashes,
        bytes[] calldata receipts,
        bytes calldata ingestProof
    ) external {
        uint64 epoch = _proposed(studyId);
        (address owner, bytes32 organisation) = _owners.activeMemberOf(msg.sender);
        if (owner == address(0)) revert CommitteeChangesNotOwner(msg.sender);
        if (!_approved[studyId][epoch][owner]) revert CommitteeChangesNotApproved(studyId, owner);
        DatasetId datasetId = _datasets.datasetIdOf(studyId, owner);
        if (!_isAffected(datasetId)) revert CommitteeChangesNotAffected(datasetId);
        if (ingestProof.length == 0) revert CommitteeChangesEmptyProof();
        ShareReceipts.check(_committees, address(_datasets), studyId, epoch, datasetId, fileHashes, receipts);
        bytes32 sharesRoot = keccak256(abi.encode(fileHashes));
        bytes32 oldRoot = _keep(datasetId, epoch, version, Resharing(sharesRoot, keccak256(ingestProof)));
        _datasets.noteShares(datasetId, epoch, version);
        emit DatasetReshared(datasetId, studyId, owner, version, epoch, fileHashes, ingestProof);
        _record(Acts.DATASET_RESHARED, DatasetId.unwrap(datasetId), owner, organisation, oldRoot, sharesRoot);
    }

    /// @inheritdoc ICommitteeChanges
    function confirm(StudyId studyId, uint8 index, bytes32 content) external {
        (uint64 epoch, bytes32 expected) = contentOf(studyId);
        (address worker, address key, bool active) = _committees.signer(studyId, epoch, index);
        if (!active || key != msg.sender) revert CommitteeChangesNotWorker(msg.sender, index);
        if (content != expected) revert CommitteeChangesOtherContent(content, expected);
        bytes32 before = _confirmed[studyId][epoch][index];
        if (before == content) revert CommitteeChangesAlreadyConfirmed(studyId, worker);
        _confirmed[studyId][epoch][index] = content;
        emit CommitteeChangeConfirmed(studyId, epoch, worker, index, content);
        _record(Acts.COMMITTEE_CHANGE_CONFIRMED, StudyId.unwrap(studyId), worker, 0, before, content);
    }

    /// @inheritdoc ICommitteeChanges
    function complete(StudyId studyId) external {
        (uint64 epoch, bytes32 content) = contentOf(studyId);
        uint256 n = _committees.committee(studyId, epoch).workers.length;
        for (uint8 index = 1; index <= n; ++index) {
            if (_confirmed[studyId][epoch][index] != content) revert CommitteeChangesNotConfirmed(studyId, index);
        }
        _committees.install(studyId);
        uint256 count = _datasets.count(studyId);
        for (uint256 i = 0; i < count; ++i) {
            DatasetId datasetId = _datasets.datasets(studyId, i, 1)[0];
            if (_isAffected(datasetId)) _replace(datasetId, _resharings[datasetId][epoch]);
        }
    }

    /// @inheritdoc ICommitteeChanges
    function isApproved(StudyId studyId, uint64 newEpoch, address owner) external view returns (bool) {
        return _approved[studyId][newEpoch][owner];
    }

    /// @inheritdoc ICommitteeChanges
    function reshared(DatasetId datasetId, uint64 newEpoch) external view returns (uint64) {
        return uint64(_resharings[datasetId][newEpoch].length); // at most its versions
    }

    /// @inheritdoc ICommitteeChanges
    function confirmed(StudyId studyId, uint64 newEpoch, uint8 index) external view returns (bytes32) {
        return _confirmed[studyId][newEpoch][index];
    }

    /// @inheritdoc ICommitteeChanges
    function contentOf(StudyId studyId) public view returns (uint64 newEpoch, bytes32 content) {
        newEpoch = _proposed(studyId);
        content = keccak256(abi.encode(studyId, newEpoch));
        uint256 count = _datasets.count(studyId);
        for (uint256 i = 0; i < count; ++i) {
            DatasetId datasetId = _datasets.datasets(studyId, i, 1)[0];
            if (!_isAffected(datasetId)) continue;
            address owner = _datasets.ownerOf(datasetId);
            if (!_approved[studyId][newEpoch][owner]) revert CommitteeChangesNotApproved(studyId, owner);
            Resharing[] memory all = _resharings[datasetId][newEpoch];
            uint64 version = _datasets.version(datasetId);
            if (all.length != version) revert CommitteeChangesNotReshared(datasetId, uint64(all.length), version);
            content = keccak256(abi.encode(content, datasetId, all));
        }
    }

    /// @inheritdoc ICommitteeChanges
    function nonces(address owner) public view override(ICommitteeChanges, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _replace(DatasetId datasetId, Resharing[] storage all) private {
        bytes32[] memory sharesRoots = new bytes32[](all.length);
        for (uint256 i = 0; i < sharesRoots.length; ++i) sharesRoots[i] = all[i].sharesRoot;
        _datasets.replaceShares(datasetId, sharesRoots, all[sharesRoots.length - 1].ingestProofHash);
    }

    /// @dev Returns the root of the version's shares so far: among the proposed committee, or else among the serving one.
    function _keep(
        DatasetId datasetId,
        uint64 epoch,
        uint64 version,
        Resharing memory resharing
    ) private returns (bytes32 oldRoot) {
        Resharing[] storage all = _resharings[datasetId][epoch];
        uint64 expected = uint64(all.length) + 1; // at most the dataset's versions
        if (version == 0 || version > expected || version > _datasets.version(datasetId)) {
            revert CommitteeChangesWrongVersion(version, expected);
        }
        _use(datasetId, epoch, resharing.sharesRoot);
        if (version < expected) {
            oldRoot = all[version - 1].sharesRoot;
            all[version - 1] = resharing;
        } else {
            oldRoot = _datasets.segments(datasetId)[version - 1].sharesRoot;
            all.push(resharing);
        }
    }

    /// @dev One version's files stand neither for another's, nor for its own once others replaced them and workers gave them up.
    function _use(DatasetId datasetId, uint64 epoch, bytes32 sharesRoot) private {
        if (_used[datasetId][epoch][sharesRoot]) revert IDatasetRegistry.DatasetRegistrySegmentReused(sharesRoot);
        _used[datasetId][epoch][sharesRoot] = true;
    }

    function _proposed(StudyId studyId) private view returns (uint64 epoch) {
        epoch = _committees.proposedEpoch(studyId);
        if (epoch == 0) revert CommitteeChangesNotProposed(studyId, 0);
    }

    /// @dev Data that a change would move.
    function _isAffected(DatasetId datasetId) private view returns (bool) {
        return _datasets.version(datasetId) != 0 && !_datasets.isRetired(datasetId);
    }

    function _checkProposal(CommitteeApproval calldata given) private view {
        if (_proposed(given.studyId) != given.newEpoch) {
            revert CommitteeChangesNotProposed(given.studyId, given.newEpoch);
        }
        uint64 current = _committees.currentEpoch(given.studyId);
        if (given.oldEpoch != current) revert CommitteeChangesWrongEpoch(given.oldEpoch, current);
        bytes32 expected = keccak256(abi.encode(_committees.committee(given.studyId, given.newEpoch)));
        if (given.committeeHash != expected) revert CommitteeChangesWrongCommittee(given.committeeHash, expected);
    }

    function _hash(CommitteeApproval calldata given) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    APPROVAL_TYPEHASH,
                    given.studyId,
                    given.oldEpoch,
                    given.newEpoch,
                    given.committeeHash,
                    given.owner,
                    keccak256(bytes(given.name)),
                    keccak256(bytes(given.meaning)),
                    given.signedAt,
                    given.nonce,
                    given.deadline
                )
            );
    }
}
