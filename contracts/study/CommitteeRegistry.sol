// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Acts} from "../audit/Acts.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {ICredits} from "../fees/ICredits.sol";
import {WorkerDeposits} from "../fees/WorkerDeposits.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {StudyId} from "../types/Identifiers.sol";
import {Policy} from "../types/Policy.sol";
import {ICommitteeRegistry} from "./ICommitteeRegistry.sol";
import {IStudyRegistry} from "./IStudyRegistry.sol";

/// @title Committees
/// @dev Holds the workers' deposits, too: who may serve depends on them, and they on who serves; two contracts that must know
/// each other could not both be constructed with the other's address.
contract CommitteeRegistry is ICommitteeRegistry, AccessManaged, WorkerDeposits {
    /// @dev n in 3..7: replicated keys grow as C(n, t), and C(7, 3) = 35 is the most the workers are built for.
    uint256 private constant MIN_WORKERS = 3;
    uint256 private constant MAX_WORKERS = 7;
    /// @dev t = 1 falls to any two workers that talk: always a demonstration, whatever the policy says.
    uint8 private constant PRODUCTION_THRESHOLD = 2;

    IStudyRegistry private immutable _studies;

    mapping(StudyId studyId => mapping(uint64 epoch => Committee)) private _committees;
    mapping(StudyId studyId => uint64) private _currentEpoch;
    mapping(StudyId studyId => bool) private _frozen;

    constructor(
        address authority,
        IAuditTrail trail,
        IStudyRegistry studies,
        IMemberRegistry workers,
        ICredits credits
    ) AccessManaged(Deployed.check(authority)) WorkerDeposits(trail, workers, credits) {
        _studies = IStudyRegistry(Deployed.check(address(studies)));
    }

    /// @inheritdoc ICommitteeRegistry
    function appoint(
        StudyId studyId,
        address[] calldata workers,
        uint8 threshold
    ) external restricted returns (uint64 epoch) {
        if (_frozen[studyId]) revert CommitteeRegistryDatasetsExist(studyId);
        bool demonstration = _checkSize(studyId, workers.length, threshold);
        _checkWorkers(workers);
        uint64 oldEpoch = _currentEpoch[studyId];
        _bindDeposits(_studies.policy(studyId).leastDeposit, _committees[studyId][oldEpoch].workers, workers);
        epoch = oldEpoch + 1;
        Committee memory appointed = Committee(epoch, threshold, demonstration, workers);
        _committees[studyId][epoch] = appointed;
        _currentEpoch[studyId] = epoch;
        emit CommitteeAppointed(studyId, epoch, threshold, demonstration, workers);
        bytes32 oldHash = oldEpoch == 0 ? bytes32(0) : keccak256(abi.encode(_committees[studyId][oldEpoch]));
        bytes32 newHash = keccak256(abi.encode(appointed));
        _record(Acts.COMMITTEE_APPOINTED, StudyId.unwrap(studyId), msg.sender, 0, oldHash, newHash);
    }

    /// @inheritdoc ICommitteeRegistry
    function freeze(StudyId studyId) external restricted {
        if (_frozen[studyId]) return;
        uint64 epoch = _currentEpoch[studyId];
        if (epoch == 0) revert CommitteeRegistryUnknown(studyId, 0);
        _frozen[studyId] = true;
        emit CommitteeFrozen(studyId, epoch);
        bytes32 hash = keccak256(abi.encode(_committees[studyId][epoch]));
        _record(Acts.COMMITTEE_FROZEN, StudyId.unwrap(studyId), msg.sender, 0, hash, hash);
    }

    /// @inheritdoc ICommitteeRegistry
    function committee(StudyId studyId, uint64 epoch) external view returns (Committee memory) {
        return _known(studyId, epoch);
    }

    /// @inheritdoc ICommitteeRegistry
    function currentEpoch(StudyId studyId) external view returns (uint64) {
        return _currentEpoch[studyId];
    }

    /// @inheritdoc ICommitteeRegistry
    function isFrozen(StudyId studyId) external view returns (bool) {
        return _frozen[studyId];
    }

    /// @inheritdoc ICommitteeRegistry
    function quorum(StudyId studyId, uint64 epoch) external view returns (uint8) {
        Committee storage entry = _known(studyId, epoch);
        uint256 t = entry.threshold;
        return uint8(Math.min(entry.workers.length - t, 2 * t + 1)); // at most 7
    }

    /// @inheritdoc ICommitteeRegistry
    function signer(
        StudyId studyId,
        uint64 epoch,
        uint8 index
    ) public view override(ICommitteeRegistry, WorkerDeposits) returns (address worker, address key, bool active) {
        address[] storage workers = _committees[studyId][epoch].workers;
        if (index == 0 || index > workers.length) return (address(0), address(0), false);
        worker = workers[index - 1];
        (key, active) = _workers.signerOf(worker);
    }

    /// @inheritdoc ICommitteeRegistry
    function keys(StudyId studyId, uint64 epoch) external view returns (address[] memory current) {
        address[] memory workers = _known(studyId, epoch).workers;
        current = new address[](workers.length);
        for (uint256 i = 0; i < current.length; ++i) current[i] = _workers.keyOf(workers[i]);
    }

    function _known(StudyId studyId, uint64 epoch) private view returns (Committee storage entry) {
        entry = _committees[studyId][epoch];
        if (entry.epoch == 0) revert CommitteeRegistryUnknown(studyId, epoch);
    }

    function _checkSize(StudyId studyId, uint256 n, uint8 t) private view returns (bool demonstration) {
        if (t == 0 || n < 2 * uint256(t) + 1 || n < MIN_WORKERS || n > MAX_WORKERS) {
            revert CommitteeRegistryInvalidSize(n, t);
        }
        Policy memory policy = _studies.policy(studyId);
        uint8 minimum = uint8(Math.max(policy.minimumThreshold, PRODUCTION_THRESHOLD)); // of two uint8
        demonstration = t < minimum;
        if (demonstration && !policy.demonstration) revert CommitteeRegistryThresholdTooLow(t, minimum);
    }

    /// @dev O(n^2) for n <= 7.
    function _checkWorkers(address[] calldata workers) private view {
        bytes32[] memory organisations = new bytes32[](workers.length);
        for (uint256 i = 0; i < workers.length; ++i) {
            if (!_workers.isActive(workers[i])) revert CommitteeRegistryInactiveWorker(workers[i]);
            organisations[i] = _workers.organisationOf(workers[i]);
            for (uint256 j = 0; j < i; ++j) {
                if (organisations[j] == organisations[i]) revert CommitteeRegistrySameOrganisation(organisations[i]);
            }
        }
    }
}
