// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {RequestId, StudyId} from "../types/Identifiers.sol";
import {Capacity, Payee} from "../types/Payee.sol";
import {EquivocationEvidence} from "./EquivocationEvidence.sol";
import {ICredits} from "./ICredits.sol";
import {IWorkerDeposits} from "./IWorkerDeposits.sol";

/// @title The half of the committee registry that holds deposits
/// @dev Invariants. 1. The balance is at least the sum of all amounts. 2. announced + bound <= amount, unless slashed
/// since (then announced = 0, and nothing can be announced until the deposit is above what is bound again) or revoked.
abstract contract WorkerDeposits is IWorkerDeposits, Audited, ReentrancyGuard {
    /// @dev 21 days. Evidence exists from the moment a worker receives the second signature, hours after the request at
    /// most; the time is for people: an operator to see the alarm, over a holiday too, and to report. In seconds, as
    /// people's time does not depend on how fast the chain's blocks are. Longer would only lock honest money longer.
    uint64 private constant UNBONDING_SECONDS = 21 days;
    /// @dev A twentieth of what is slashed. A worker that reports itself, through any account, loses the other nineteen; of
    /// any deposit worth asking for, a twentieth pays the gas of a report many times over.
    uint256 private constant REWARD_DIVISOR = 20;
    /// @dev Burnt, not given: whoever could receive it (owners, the other workers, the consortium) would gain by making a
    /// worker equivocate, and may be of the worker's own organisation. Nobody knows a key of this address.
    address payable private constant BURNT = payable(0x000000000000000000000000000000000000dEaD);

    IMemberRegistry internal immutable _workers;
    ICredits private immutable _credits;

    mapping(address worker => Deposit) private _deposits;
    mapping(bytes32 commitment => uint256) private _announcedAt;
    mapping(bytes32 offence => bool) private _proven;

    constructor(IAuditTrail trail, IMemberRegistry workers, ICredits credits) Audited(trail) {
        _workers = IMemberRegistry(Deployed.check(address(workers)));
        _credits = ICredits(Deployed.check(address(credits)));
    }

    /// @inheritdoc IWorkerDeposits
    function deposit() external payable {
        (address worker, ) = _workers.activeMemberOf(msg.sender);
        if (worker == address(0)) revert WorkerDepositsNotWorker(msg.sender);
        if (msg.value == 0) revert WorkerDepositsNothingPaid(worker);
        Deposit storage entry = _deposits[worker];
        uint256 before = entry.amount;
        entry.amount = SafeCast.toUint96(before + msg.value);
        emit Deposited(worker, msg.value, before + msg.value);
        _recordDeposit(Acts.DEPOSITED, worker, before, before + msg.value);
    }

    /// @inheritdoc IWorkerDeposits
    function announceWithdrawal(uint96 amount) external {
        address worker = _senderWorker();
        Deposit storage entry = _deposits[worker];
        if (amount == 0 && entry.announced == 0) revert WorkerDepositsNothingAnnounced(worker);
        uint256 bound = _workers.member(worker).revoked ? 0 : entry.bound;
        uint256 free = Math.saturatingSub(entry.amount, bound);
        if (amount > free) revert WorkerDepositsBound(amount, free);
        uint256 before = entry.announced;
        entry.announced = amount;
        entry.readyAt = uint64(block.timestamp) + UNBONDING_SECONDS; // fits for 5 x 10^11 years
        emit WithdrawalAnnounced(worker, amount, entry.readyAt);
        _recordDeposit(Acts.WITHDRAWAL_ANNOUNCED, worker, before, amount);
    }

    /// @inheritdoc IWorkerDeposits
    function withdrawDeposit() external nonReentrant {
        address worker = _senderWorker();
        Deposit storage entry = _deposits[worker];
        uint96 amount = entry.announced;
        if (amount == 0) revert WorkerDepositsNothingAnnounced(worker);
        if (block.timestamp < entry.readyAt) revert WorkerDepositsUnbonding(entry.readyAt, block.timestamp);
        uint96 before = entry.amount;
        entry.announced = 0;
        entry.amount = before - amount;
        emit DepositWithdrawn(worker, msg.sender, amount);
        _recordDeposit(Acts.DEPOSIT_WITHDRAWN, worker, before, before - amount);
        Address.sendValue(payable(msg.sender), amount);
    }

    /// @inheritdoc IWorkerDeposits
    function announceEquivocation(bytes32 commitment) external {
        if (_announcedAt[commitment] != 0) revert WorkerDepositsAlreadyAnnounced(commitment);
        _announcedAt[commitment] = block.number;
        emit EquivocationAnnounced(commitment, msg.sender);
        _record(Acts.EQUIVOCATION_ANNOUNCED, commitment, msg.sender, 0, 0, commitment);
    }

    /// @inheritdoc IWorkerDeposits
    function reportEquivocation(Equivocation calldata evidence) external nonReentrant {
        bytes32 commitment = EquivocationEvidence.commitment(msg.sender, evidence);
        uint256 announced = _announcedAt[commitment];
        if (announced == 0 || announced == block.number) revert WorkerDepositsNotAnnounced(commitment);
        (address worker, , ) = signer(evidence.context.studyId, evidence.context.committeeEpoch, evidence.index);
        EquivocationEvidence.check(evidence, _workers, worker);
        (RequestId requestId, uint64 attempt) = (evidence.context.requestId, evidence.first.attempt);
        bytes32 offence = EquivocationEvidence.offence(worker, evidence.queryContract, requestId, attempt);
        if (_proven[offence]) revert WorkerDepositsAlreadyProven(worker, requestId, attempt);
        _proven[offence] = true;
        Deposit storage entry = _deposits[worker];
        uint256 amount = entry.amount;
        (entry.amount, entry.announced) = (0, 0);
        uint256 reward = amount / REWARD_DIVISOR;
        address queryContract = evidence.queryContract;
        emit EquivocationProven(worker, requestId, msg.sender, queryContract, attempt, amount, reward);
        _record(Acts.EQUIVOCATION_PROVEN, _subject(worker), msg.sender, 0, bytes32(amount), offence);
        _disburse(amount, reward);
    }

    /// @inheritdoc IWorkerDeposits
    function depositOf(address worker) external view returns (Deposit memory) {
        return _deposits[worker];
    }

    /// @inheritdoc IWorkerDeposits
    function announcedAt(bytes32 commitment) external view returns (uint256) {
        return _announcedAt[commitment];
    }

    /// @inheritdoc IWorkerDeposits
    function isProven(
        address worker,
        address queryContract,
        RequestId requestId,
        uint64 attempt
    ) external view returns (bool) {
        return _proven[EquivocationEvidence.offence(worker, queryContract, requestId, attempt)];
    }

    /// @inheritdoc IWorkerDeposits
    function unbondingSeconds() external pure returns (uint64) {
        return UNBONDING_SECONDS;
    }

    /// @dev The worker at a point of a committee by name, zero for none; the committee registry's.
    function signer(
        StudyId studyId,
        uint64 epoch,
        uint8 index
    ) public view virtual returns (address worker, address key, bool active);

    /// @dev One committee follows another: what bound the deposits of the old one's workers binds the new one's. Each
    /// committee binds its own `least` of every worker: a worker in two has twice as much to lose. O(workers).
    function _bindDeposits(uint96 least, address[] memory oldWorkers, address[] memory newWorkers) internal {
        if (least == 0) return;
        for (uint256 i = 0; i < oldWorkers.length; ++i) _deposits[oldWorkers[i]].bound -= least;
        for (uint256 i = 0; i < newWorkers.length; ++i) {
            Deposit storage entry = _deposits[newWorkers[i]];
            uint256 free = Math.saturatingSub(entry.amount, uint256(entry.announced) + entry.bound);
            if (free < least) revert WorkerDepositsTooLow(newWorkers[i], free, least);
            entry.bound += least;
        }
        for (uint256 i = 0; i < oldWorkers.length; ++i)
            emit DepositBound(oldWorkers[i], _deposits[oldWorkers[i]].bound);
        for (uint256 i = 0; i < newWorkers.length; ++i)
            emit DepositBound(newWorkers[i], _deposits[newWorkers[i]].bound);
    }

    function _disburse(uint256 amount, uint256 reward) private {
        if (reward != 0) {
            (Payee[] memory payees, uint256[] memory amounts) = (new Payee[](1), new uint256[](1));
            (payees[0], amounts[0]) = (Payee(Capacity.ACCOUNT, msg.sender), reward);
            _credits.pay{value: reward}(payees, amounts);
        }
        if (amount != 0) Address.sendValue(BURNT, amount - reward);
    }

    /// @dev Also one that is no longer active: what it has at stake stays its own.
    function _senderWorker() private view returns (address worker) {
        worker = _workers.memberOf(msg.sender);
        if (worker == address(0)) revert WorkerDepositsNotWorker(msg.sender);
    }

    function _recordDeposit(bytes32 act, address worker, uint256 before, uint256 present) private {
        bytes32 organisation = _workers.organisationOf(worker);
        _record(act, _subject(worker), worker, organisation, bytes32(before), bytes32(present));
    }
}
