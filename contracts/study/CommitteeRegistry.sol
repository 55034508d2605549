// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Acts} from "../audit/Acts.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {ICredits} from "../fees/ICredits.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {StudyId} from "../types/Identifiers.sol";
import {CommitteeSeats} from "./CommitteeSeats.sol";
import {ICommitteeRegistry} from "./ICommitteeRegistry.sol";
import {IStudyRegistry} from "./IStudyRegistry.sol";

/// @title Committees
/// @dev Holds the workers' deposits, too: who may serve depends on them, and they on who serves; two contracts that must know
/// each other could not both be constructed with the other's address.
contract CommitteeRegistry is CommitteeSeats, AccessManaged {
    mapping(StudyId studyId => bool) private _frozen;
    /// @dev 0 = none.
    mapping(StudyId studyId => uint64) private _proposedEpoch;
    /// @dev The last block of any request that a committee that was followed may still answer; 0 = nothing to release.
    mapping(StudyId studyId => mapping(uint64 epoch => uint256)) private _boundUntil;

    constructor(
        address authority,
        IAuditTrail trail,
        IStudyRegistry studies,
        IMemberRegistry workers,
        ICredits credits
    ) AccessManaged(Deployed.check(authority)) CommitteeSeats(trail, studies, workers, credits) {}

    /// @inheritdoc ICommitteeRegistry
    function appoint(
        StudyId studyId,
        address[] calldata workers,
        uint8 threshold
    ) external restricted returns (uint64 epoch) {
        if (_frozen[studyId]) revert CommitteeRegistryDatasetsExist(studyId);
        Committee memory old = _committee(studyId, _currentEpoch[studyId]);
        Committee memory appointed = _seat(studyId, old.workers, workers, threshold);
        _take(studyId, old, appointed);
        return appointed.epoch;
    }

    /// @inheritdoc ICommitteeRegistry
    function freeze(StudyId studyId) external restricted {
        if (_frozen[studyId]) return;
        uint64 epoch = _currentEpoch[studyId];
        if (epoch == 0) revert CommitteeRegistryUnknown(studyId, 0);
        _frozen[studyId] = true;
        emit CommitteeFrozen(studyId, epoch);
        bytes32 hash = _hash(_committee(studyId, epoch));
        _record(Acts.COMMITTEE_FROZEN, StudyId.unwrap(studyId), msg.sender, 0, hash, hash);
    }

    /// @inheritdoc ICommitteeRegistry
    function propose(
        StudyId studyId,
        address[] calldata workers,
        uint8 threshold
    ) external restricted returns (uint64 epoch) {
        if (!_frozen[studyId]) revert CommitteeRegistryNoDatasets(studyId);
        uint64 pending = _proposedEpoch[studyId];
        if (pending != 0) revert CommitteeRegistryProposalPending(studyId, pending);
        Committee memory proposed = _seat(studyId, new address[](0), workers, threshold);
        epoch = proposed.epoch;
        _proposedEpoch[studyId] = epoch;
        emit CommitteeProposed(studyId, epoch, threshold, proposed.demonstration, workers);
        bytes32 oldHash = _hash(_committee(studyId, _currentEpoch[studyId]));
        _record(Acts.COMMITTEE_PROPOSED, StudyId.unwrap(studyId), msg.sender, 0, oldHash, _hash(proposed));
    }

    /// @inheritdoc ICommitteeRegistry
    function withdrawProposal(StudyId studyId, string calldata reason) external restricted {
        Committee memory proposed = _endProposal(studyId);
        _bindDeposits(_studies.policy(studyId).leastDeposit, proposed.workers, new address[](0));
        emit CommitteeProposalWithdrawn(studyId, proposed.epoch, reason);
        bytes32 newHash = _hash(_committee(studyId, _currentEpoch[studyId]));
        bytes32 subject = StudyId.unwrap(studyId);
        _recordBecause(Acts.COMMITTEE_PROPOSAL_WITHDRAWN, subject, _hash(proposed), newHash, reason);
    }

    /// @inheritdoc ICommitteeRegistry
    function install(StudyId studyId) external restricted {
        Committee memory proposed = _endProposal(studyId);
        for (uint256 i = 0; i < proposed.workers.length; ++i) {
            address worker = proposed.workers[i];
            if (!_workers.isActive(worker)) revert CommitteeRegistryInactiveWorker(worker);
        }
        Committee memory old = _committee(studyId, _currentEpoch[studyId]);
        _boundUntil[studyId][old.epoch] = block.number + _studies.policy(studyId).deadlineBlocks;
        _take(studyId, old, proposed);
    }

    /// @inheritdoc ICommitteeRegistry
    function releaseDeposits(StudyId studyId, uint64 epoch) external {
        uint256 until = _boundUntil[studyId][epoch];
        if (until == 0) revert CommitteeRegistryNothingToRelease(studyId, epoch);
        if (block.number <= until) revert CommitteeRegistryRequestsOpen(until, block.number);
        delete _boundUntil[studyId][epoch];
        Committee memory old = _committee(studyId, epoch);
        _bindDeposits(_studies.policy(studyId).leastDeposit, old.workers, new address[](0));
        emit CommitteeReleased(studyId, epoch);
        _record(Acts.COMMITTEE_RELEASED, StudyId.unwrap(studyId), msg.sender, 0, _hash(old), 0);
    }

    /// @inheritdoc ICommitteeRegistry
    function isFrozen(StudyId studyId) external view returns (bool) {
        return _frozen[studyId];
    }

    /// @inheritdoc ICommitteeRegistry
    function proposedEpoch(StudyId studyId) external view returns (uint64) {
        return _proposedEpoch[studyId];
    }

    /// @inheritdoc ICommitteeRegistry
    function boundUntil(StudyId studyId, uint64 epoch) external view returns (uint256) {
        return _boundUntil[studyId][epoch];
    }

    /// @inheritdoc ICommitteeRegistry
    function isOver(StudyId studyId, uint64 epoch) external view returns (bool) {
        _known(studyId, epoch);
        if (epoch == _currentEpoch[studyId] || epoch == _proposedEpoch[studyId]) return false;
        // 0 of whom nobody asked anything, and of whose deposits were released, which waited for this very block.
        return block.number > _boundUntil[studyId][epoch];
    }

    function _endProposal(StudyId studyId) private returns (Committee memory) {
        uint64 epoch = _proposedEpoch[studyId];
        if (epoch == 0) revert CommitteeRegistryNotProposed(studyId);
        delete _proposedEpoch[studyId];
        return _committee(studyId, epoch);
    }

    /// @dev From now on requests are the new committee's.
    function _take(StudyId studyId, Committee memory old, Committee memory next) private {
        _currentEpoch[studyId] = next.epoch;
        emit CommitteeAppointed(studyId, next.epoch, next.threshold, next.demonstration, next.workers);
        bytes32 oldHash = old.workers.length == 0 ? bytes32(0) : _hash(old);
        _record(Acts.COMMITTEE_APPOINTED, StudyId.unwrap(studyId), msg.sender, 0, oldHash, _hash(next));
    }

    function _hash(Committee memory entry) private pure returns (bytes32) {
        return keccak256(abi.encode(entry));
    }
}
