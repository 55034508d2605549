// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {ICredits} from "../fees/ICredits.sol";
import {WorkerDeposits} from "../fees/WorkerDeposits.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {StudyId} from "../types/Identifiers.sol";
import {Policy} from "../types/Policy.sol";
import {CommitteeCode} from "./CommitteeCode.sol";
import {ICommitteeRegistry} from "./ICommitteeRegistry.sol";
import {IStudyRegistry} from "./IStudyRegistry.sol";

/// @title Part of the committee registry: who sits where, and whether a committee may be
abstract contract CommitteeSeats is ICommitteeRegistry, WorkerDeposits {
    /// @dev n in 3..7: replicated keys grow as C(n, t), and C(7, 3) = 35 is the most the workers are built for.
    uint256 private constant MIN_WORKERS = 3;
    uint256 private constant MAX_WORKERS = 7;
    /// @dev t = 1 falls to any two workers that talk: always a demonstration, whatever the policy says.
    uint8 private constant PRODUCTION_THRESHOLD = 2;

    IStudyRegistry internal immutable _studies;

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
        return _known(studyId, epoch);
    }

    /// @inheritdoc ICommitteeRegistry
    function currentEpoch(StudyId studyId) external view returns (uint64) {
        return _currentEpoch[studyId];
    }

    /// @inheritdoc ICommitteeRegistry
    function quorum(StudyId studyId, uint64 epoch) external view returns (uint8) {
        Committee memory known = _known(studyId, epoch);
        return CommitteeCode.quorum(known.threshold, known.workers.length);
    }

    /// @inheritdoc ICommitteeRegistry
    function keys(StudyId studyId, uint64 epoch) external view returns (address[] memory current) {
        address[] memory workers = _known(studyId, epoch).workers;
        current = new address[](workers.length);
        for (uint256 i = 0; i < workers.length; ++i) current[i] = _workers.keyOf(workers[i]);
    }

    /// @inheritdoc ICommitteeRegistry
    function signer(
        StudyId studyId,
        uint64 epoch,
        uint8 index
    ) public view override(ICommitteeRegistry, WorkerDeposits) returns (address worker, address key, bool active) {
        address[] memory workers = _committee(studyId, epoch).workers;
        if (index == 0 || index > workers.length) return (worker, key, active);
        worker = workers[index - 1];
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
        CommitteeCode.write(studyId, epoch, threshold, demonstration, workers);
        return Committee(epoch, threshold, demonstration, workers);
    }

    function _known(StudyId studyId, uint64 epoch) internal view returns (Committee memory known) {
        known = _committee(studyId, epoch);
        if (known.workers.length == 0) revert CommitteeRegistryUnknown(studyId, epoch);
    }

    /// @dev Of nobody for an epoch that there is not.
    function _committee(StudyId studyId, uint64 epoch) internal view returns (Committee memory) {
        (uint8 threshold, bool demonstration, address[] memory workers) = CommitteeCode.read(
            address(this),
            studyId,
            epoch
        );
        return Committee(epoch, threshold, demonstration, workers);
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
