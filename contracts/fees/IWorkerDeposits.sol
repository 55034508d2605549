// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RequestId} from "../types/Identifiers.sol";
import {RequestContext, Verdict} from "../types/Statement.sol";

/// @title What workers have at stake, and how they lose it: by two signatures under one question, and by nothing else
/// @notice A deposit is a worker's own until it is slashed, whatever key the worker has: its current key withdraws, and what
/// it signed with any key it ever had convicts it. A part of it is bound by each committee the worker serves in
/// (the policy's leastDeposit); the rest can be withdrawn: announced, then pulled after the unbonding time. Nobody, and no
/// role, can take from a deposit without two signatures of the worker itself; who may give a worker another key (see
/// {IMemberRegistry-replaceKey}) decides whose key withdraws it, after the unbonding time.
interface IWorkerDeposits {
    /// amount: all of it, in wei; announced: the part that is to be withdrawn, slashable until it is pulled; readyAt: from
    /// when on, unix seconds; bound: what the worker's committees ask of it, at most amount - announced unless slashed.
    struct Deposit {
        uint96 amount;
        uint96 announced;
        uint64 readyAt;
        uint96 bound;
    }

    /// Two verdicts of the worker at `index` (its point) of the request's committee, on one request of one query contract in
    /// one attempt, and its signature on each, by a
    /// key that it has or had: 65 bytes, EIP-712 Answer(bytes32 statement), domain {Opaline, 1, chain id,
    /// queryContract}.
    struct Equivocation {
        address queryContract;
        uint8 index;
        RequestContext context;
        Verdict first;
        Verdict second;
        bytes firstSignature;
        bytes secondSignature;
    }

    /// @notice The worker paid in `amount`; it now has `deposit`.
    event Deposited(address indexed worker, uint256 amount, uint256 deposit);
    /// @notice The worker will withdraw `amount`, from `readyAt` (unix seconds) on; 0: it takes an announcement back.
    event WithdrawalAnnounced(address indexed worker, uint256 amount, uint64 readyAt);
    /// @notice The worker pulled what it had announced; `key` is who sent for it and got it.
    event DepositWithdrawn(address indexed worker, address key, uint256 amount);
    /// @notice Committees now bind `bound` wei of the worker's deposit.
    event DepositBound(address indexed worker, uint256 bound);
    /// @notice `reporter` has evidence; the commitment hides of what.
    event EquivocationAnnounced(bytes32 indexed commitment, address indexed reporter);
    /// @notice The worker signed two statements for one attempt: `slashed` wei are taken, of which the reporter is credited
    /// `reward` and the rest is burnt. All 0 when it had no deposit.
    event EquivocationProven(
        address indexed worker,
        RequestId indexed requestId,
        address indexed reporter,
        address queryContract,
        uint64 attempt,
        uint256 slashed,
        uint256 reward
    );

    /// @notice Thrown when the sender is not the current key of a worker; who deposits must be active, too.
    error WorkerDepositsNotWorker(address account);
    /// @notice Thrown when nothing is paid in.
    error WorkerDepositsNothingPaid(address worker);
    /// @notice Thrown when more is announced than the worker's committees leave free.
    error WorkerDepositsBound(uint256 amount, uint256 free);
    /// @notice Thrown when a worker pulls, or takes back, what it has not announced.
    error WorkerDepositsNothingAnnounced(address worker);
    /// @notice Thrown when an announced withdrawal is pulled before `readyAt` (unix seconds).
    error WorkerDepositsUnbonding(uint64 readyAt, uint256 timestamp);
    /// @notice Thrown when a worker is appointed whose free deposit is less than the study's policy asks.
    error WorkerDepositsTooLow(address worker, uint256 free, uint256 needed);
    /// @notice Thrown when a commitment is announced a second time.
    error WorkerDepositsAlreadyAnnounced(bytes32 commitment);
    /// @notice Thrown when the sender did not announce this evidence in an earlier block.
    error WorkerDepositsNotAnnounced(bytes32 commitment);
    /// @notice Thrown when the two verdicts are of different attempts: no offence.
    error WorkerDepositsDifferentAttempts(uint64 first, uint64 second);
    /// @notice Thrown when both verdicts make the same statement: no offence.
    error WorkerDepositsSameStatement(bytes32 statement);
    /// @notice Thrown when a signature is by no key that the worker at this point of the committee has or had; zero: no such point.
    error WorkerDepositsInvalidSigner(address recovered, address worker);
    /// @notice Thrown when the worker was slashed for this request and attempt before.
    error WorkerDepositsAlreadyProven(address worker, RequestId requestId, uint64 attempt);

    /// @notice The current key of an active worker adds to its deposit.
    function deposit() external payable;
    /// @notice The current key of a worker, also of a former one, announces that it will withdraw `amount`, instead of what it may have announced
    /// before; 0 takes that back. What committees bind stays, but for a worker that was revoked: none counts on it any more.
    function announceWithdrawal(uint96 amount) external;
    /// @notice The current key of a worker pulls what was announced, after the unbonding time.
    function withdrawDeposit() external;
    /// @notice Anyone with evidence says so first, without showing it, so that nobody who copies the report can be faster.
    /// @param commitment keccak256(abi.encode(sender, keccak256(firstSignature), keccak256(secondSignature)))
    function announceEquivocation(bytes32 commitment) external;
    /// @notice Anyone shows two signatures of one worker under one question: its whole deposit is lost, announced or not. The
    /// reporter, as an account, is credited a twentieth, in {ICredits}, and the rest is burnt. The sender must have announced it in an
    /// earlier block. Nothing that the evidence says need be true: that the worker signed both is the offence.
    function reportEquivocation(Equivocation calldata evidence) external;
    /// @notice Of a worker by name; all zero for one that never deposited.
    function depositOf(address worker) external view returns (Deposit memory);
    /// @notice Seconds between an announcement and the withdrawal.
    function unbondingSeconds() external view returns (uint64);
    /// @notice The block in which the commitment was announced; 0 for none.
    function announcedAt(bytes32 commitment) external view returns (uint256);
    /// @notice Whether the worker was slashed for this request and attempt.
    function isProven(
        address worker,
        address queryContract,
        RequestId requestId,
        uint64 attempt
    ) external view returns (bool);
}
