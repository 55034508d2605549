// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {ICredits} from "../fees/ICredits.sol";
import {WorkerDeposits} from "../fees/WorkerDeposits.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {CodeStorage} from "../types/CodeStorage.sol";
import {Deployed} from "../types/Deployed.sol";
import {StudyId} from "../types/Identifiers.sol";
import {Policy} from "../types/Policy.sol";
import {ICommitteeRegistry} from "./ICommitteeRegistry.sol";
import {IStudyRegistry} from "./IStudyRegistry.sol";

/// @title Part of the committee registry: who sits where, and whether a committee may be
abstract contract CommitteeSeats is ICommitteeRegistry, WorkerDeposits {
    /// @dev One slot and one contract's code: an answer reads no more, however large the committee. workersCode: a word
    /// for each worker, in the order of their points ({CodeStorage}); size: n, 0 = no such epoch.
    struct Seats {
        address workersCode;
        uint8 size;
        uint8 threshold;
        bool demonstration;
    }

    /// @dev n in 3..7: replicated keys grow as C(n, t), and C(7, 3) = 35 is the most the workers are built for.
    uint256 private constant MIN_WORKERS = 3;
    uint256 private constant MAX_WORKERS = 7;
    /// @dev t = 1 falls to any two workers that talk: always a demonstration, whatever the policy says.
    uint8 private constant PRODUCTION_THRESHOLD = 2;

    IStudyRegistry internal immutable _studies;

    mapping(StudyId studyId => mapping(uint64 epoch => Seats)) private _seats;
    mapping(StudyId studyId => uint64) private _newestEpoch;
    mapping(StudyId studyId => uint64) internal _currentEpoch;

    constructor(
        IAuditTrail trail,
        IStudyRegistry studies,
        IMemberRegistry workers,
        ICredits credits
    ) WorkerDeposits(trail, workers, credits) {
        _studies = IStudyRegistry(Deployed.check(address(studies)));
    }

    /// @inheritdoc ICommitteeRegistry
    function committee(StudyId studyId, uint64 epoch) external view returns (Committee memory) {
        _known(studyId, epoch);
        return _committee(studyId, epoch);
    }

    /// @inheritdoc ICommitteeRegistry
    function currentEpoch(StudyId studyId) external view returns (uint64) {
        return _currentEpoch[studyId];
    }

    /// @inheritdoc ICommitteeRegistry
    function quorum(StudyId studyId, uint64 epoch) external view returns (uint8) {
        return _quorum(_known(studyId, epoch));
    }

    /// @inheritdoc ICommitteeRegistry
    function signers(
        StudyId studyId,
        uint64 epoch,
        uint8[] calldata indices
    ) external view returns (uint8 needed, address[] memory current) {
        Seats memory seats = _known(studyId, epoch);
        address[] memory workers = new address[](indices.length);
        for (uint256 i = 0; i < workers.length; ++i) workers[i] = _workerAt(seats, indices[i]);
        return (_quorum(seats), _workers.activeKeysOf(workers));
    }

    /// @inheritdoc ICommitteeRegistry
    function keys(StudyId studyId, uint64 epoch) external view returns (address[] memory current) {
        Seats memory seats = _known(studyId, epoch);
        current = new address[](seats.size);
        for (uint8 i = 0; i < seats.size; ++i) current[i] = _workers.keyOf(_workerAt(seats, i + 1));
    }

    /// @inheritdoc ICommitteeRegistry
    function signer(
        StudyId studyId,
        uint64 epoch,
        uint8 index
    ) public view override(ICommitteeRegistry, WorkerDeposits) returns (address worker, address key, bool active) {
        worker = _workerAt(_seats[studyId][epoch], index);
        (key, active) = _workers.signerOf(worker);
    }

    /// @dev Gives the study's next epoch to the workers, checked, and binds their deposits in place of the old ones'. No epoch
    /// is given twice, also where nothing came of it: what was signed or kept for one committee is never another's.
    function _seat(
        StudyId studyId,
        address[] memory oldWorkers,
        address[] memory workers,
        uint8 threshold
    ) internal returns (Committee memory seated) {
        bool demonstration = _checkSize(studyId, workers.length, threshold);
        _checkWorkers(workers);
        _bindDeposits(_studies.policy(studyId).leastDeposit, oldWorkers, workers);
        uint64 epoch = ++_newestEpoch[studyId];
        bytes32 salt = keccak256(abi.encode(studyId, epoch));
        address workersCode = CodeStorage.write(salt, abi.encodePacked(workers));
        _seats[studyId][epoch] = Seats(workersCode, uint8(workers.length), threshold, demonstration); // at most 7
        return Committee(epoch, threshold, demonstration, workers);
    }

    function _known(StudyId studyId, uint64 epoch) internal view returns (Seats memory seats) {
        seats = _seats[studyId][epoch];
        if (seats.size == 0) revert CommitteeRegistryUnknown(studyId, epoch);
    }

    /// @dev Of nobody for an epoch that there is not. O(n).
    function _committee(StudyId studyId, uint64 epoch) internal view returns (Committee memory) {
        Seats memory seats = _seats[studyId][epoch];
        address[] memory workers = new address[](seats.size);
        for (uint8 i = 0; i < seats.size; ++i) workers[i] = _workerAt(seats, i + 1);
        return Committee(epoch, seats.threshold, seats.demonstration, workers);
    }

    /// @dev Zero, whom no registry admits, where there is no such point.
    function _workerAt(Seats memory seats, uint8 index) private view returns (address) {
        if (index == 0 || index > seats.size) return address(0);
        return address(uint160(uint256(CodeStorage.word(seats.workersCode, index - 1)))); // written of an address
    }

    function _quorum(Seats memory seats) private pure returns (uint8) {
        uint8 t = seats.threshold; // at most 3, of at most 7
        return uint8(Math.min(seats.size - t, 2 * t + 1));
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
    function _checkWorkers(address[] memory workers) private view {
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
