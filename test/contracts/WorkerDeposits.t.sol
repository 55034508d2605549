// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuditTrail} from "../../contracts/audit/AuditTrail.sol";
import {Credits} from "../../contracts/fees/Credits.sol";
import {IWorkerDeposits} from "../../contracts/fees/IWorkerDeposits.sol";
import {ConsortiumAccess} from "../../contracts/governance/ConsortiumAccess.sol";
import {IMemberRegistry} from "../../contracts/identity/IMemberRegistry.sol";
import {WorkerRegistry} from "../../contracts/identity/WorkerRegistry.sol";
import {CommitteeRegistry} from "../../contracts/study/CommitteeRegistry.sol";
import {StudyRegistry} from "../../contracts/study/StudyRegistry.sol";
import {AnswerSignature} from "../../contracts/types/AnswerSignature.sol";
import {FieldRules} from "../../contracts/types/FieldRules.sol";
import {RequestId, StudyId} from "../../contracts/types/Identifiers.sol";
import {Capacity} from "../../contracts/types/Payee.sol";
import {Policy} from "../../contracts/types/Policy.sol";
import {Outcome, RequestContext, Statement, Verdict} from "../../contracts/types/Statement.sol";

interface Cheats {
    function addr(uint256 privateKey) external pure returns (address);
    function prank(address sender) external;
    function roll(uint256 blockNumber) external;
    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function warp(uint256 timestamp) external;
}

/// @dev Four workers, of whom any three may become the committee; every act in every order.
contract DepositsHandler {
    Cheats private constant VM = Cheats(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
    address private constant QUERY_CONTRACT = address(0x5000);

    CommitteeRegistry private immutable _registry;
    StudyId private immutable _studyId;
    uint256 private _time = 1_000_000;
    uint256 private _height = 1_000;

    uint256 public paidIn;
    uint256 public pulled;
    uint256 public slashed;
    /// @dev A deposit was pulled within the unbonding time, or more than was announced.
    bool public early;
    mapping(uint256 worker => uint256) public announcedOn;
    mapping(uint256 worker => bool) public wasSlashed;
    mapping(bytes32 offence => uint256) public slashings;
    /// @dev Most slashings of one offence.
    uint256 public mostSlashings;

    /// @dev A clock and a block number of its own, which every act runs at.
    modifier later() {
        VM.warp(_time);
        VM.roll(++_height);
        _;
    }

    constructor(CommitteeRegistry registry, StudyId studyId) {
        (_registry, _studyId) = (registry, studyId);
    }

    receive() external payable {}

    function wait(uint24 time) external {
        _time += time % 40 days;
    }

    function deposit(uint8 who, uint16 amount) external later {
        paidIn += amount;
        (bool funded, ) = worker(who).call{value: amount}("");
        require(funded, "the worker needs money");
        VM.prank(worker(who));
        _registry.deposit{value: amount}();
    }

    /// @dev Up to a little more than there is.
    function announceWithdrawal(uint8 who, uint96 random) external later {
        uint96 amount = random % (_registry.depositOf(worker(who)).amount + 10);
        announcedOn[who % 4] = _time;
        VM.prank(worker(who));
        _registry.announceWithdrawal(amount);
    }

    function withdrawDeposit(uint8 who) external later {
        uint256 announced = _registry.depositOf(worker(who)).announced;
        uint256 before = worker(who).balance;
        VM.prank(worker(who));
        _registry.withdrawDeposit();
        uint256 taken = worker(who).balance - before;
        pulled += taken;
        if (_time < announcedOn[who % 4] + 21 days || taken != announced) early = true;
    }

    function appoint(uint8 without) external later {
        address[] memory workers = new address[](3);
        for (uint8 i = 0; i < 3; ++i) workers[i] = worker(i < without % 4 ? i : i + 1);
        _registry.appoint(_studyId, workers, 1);
    }

    /// @dev Of the first epoch, in which all four had their turn; by the handler itself.
    function report(uint8 index, uint8 request, uint8 attempt) external later {
        uint8 point = index % 3;
        IWorkerDeposits.Equivocation memory evidence = this.evidenceOf(point, request % 2, attempt % 2);
        bytes32 first = keccak256(evidence.firstSignature);
        bytes32 commitment = keccak256(abi.encode(address(this), first, keccak256(evidence.secondSignature)));
        if (_registry.announcedAt(commitment) == 0) _registry.announceEquivocation(commitment);
        VM.roll(++_height);
        slashed += _registry.depositOf(worker(point)).amount;
        bytes32 offence = keccak256(abi.encode(point, request % 2, attempt % 2));
        uint256 times = ++slashings[offence];
        if (times > mostSlashings) mostSlashings = times;
        wasSlashed[point] = true;
        _registry.reportEquivocation(evidence);
    }

    /// @dev Called from outside, so that the statement library gets calldata.
    function digestOf(RequestContext calldata context, Verdict calldata verdict) external view returns (bytes32) {
        return AnswerSignature.digest(QUERY_CONTRACT, Statement.hash(QUERY_CONTRACT, context, verdict));
    }

    function evidenceOf(
        uint8 point,
        uint8 request,
        uint8 attempt
    ) external view returns (IWorkerDeposits.Equivocation memory found) {
        found.queryContract = QUERY_CONTRACT;
        found.index = point + 1;
        found.context.studyId = _studyId;
        found.context.requestId = RequestId.wrap(bytes32(uint256(request)));
        found.context.committeeEpoch = 1;
        (found.first.attempt, found.second.attempt) = (attempt, attempt);
        (found.first.outcome, found.second.outcome) = (Outcome.REFUSED_DISCLOSURE, Outcome.REFUSED_EMPTY_SET);
        found.firstSignature = _sign(point, this.digestOf(found.context, found.first));
        found.secondSignature = _sign(point, this.digestOf(found.context, found.second));
    }

    function worker(uint8 who) public pure returns (address) {
        return VM.addr(0xA11CE + (who % 4));
    }

    function _sign(uint8 who, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(0xA11CE + who, digest);
        return abi.encodePacked(r, s, v);
    }
}

/// @title No deposit is lost but by two signatures, and none leaves early
contract WorkerDepositsInvariantTest {
    uint96 private constant LEAST = 1_000;

    CommitteeRegistry private _registry;
    Credits private _credits;
    DepositsHandler private _handler;

    function setUp() public payable {
        ConsortiumAccess access = new ConsortiumAccess(address(this));
        AuditTrail trail = new AuditTrail(address(access));
        StudyRegistry studies = new StudyRegistry(address(access), trail);
        WorkerRegistry workers = new WorkerRegistry(address(access), trail);
        _credits = new Credits(trail, workers, workers, workers, workers);
        _registry = new CommitteeRegistry(address(access), trail, studies, workers, _credits);
        address[4] memory recorders = [address(_credits), address(studies), address(workers), address(_registry)];
        for (uint256 i = 0; i < 4; ++i) trail.addRecorder(recorders[i]);
        FieldRules memory rules;
        StudyId studyId = studies.register("Trial", "{}", _policy(), 10, 0, rules);
        _handler = new DepositsHandler(_registry, studyId);
        access.grantRole(0, address(_handler), 0);
        for (uint8 i = 0; i < 4; ++i) {
            string memory name = string(abi.encodePacked("Operator ", bytes1(0x41 + i)));
            bytes memory key = abi.encodePacked(hex"02", bytes32(uint256(i + 1)));
            bytes32[] memory none = new bytes32[](0);
            workers.admit(
                _handler.worker(i),
                IMemberRegistry.Admission(name, type(uint64).max, bytes32(uint256(i + 1)), "w.example:1", key, none)
            );
        }
        (bool funded, ) = address(_handler).call{value: 1 ether}("");
        require(funded, "the handler needs money");
        // The first committee, of workers 0, 1 and 2, whose deposits the acts start from.
        for (uint8 i = 0; i < 3; ++i) _handler.deposit(i, 5 * uint16(LEAST));
        _handler.appoint(3);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function invariant_depositsAreCoveredToTheWei() public view {
        uint256 owed = 0;
        for (uint8 i = 0; i < 4; ++i) owed += _depositOf(i).amount;
        assert(address(_registry).balance == owed);
    }

    function invariant_depositsAreConserved() public view {
        uint256 left = address(_registry).balance + _handler.pulled() + _handler.slashed();
        assert(_handler.paidIn() == left);
    }

    function invariant_whatIsSlashedIsRewardedOrBurnt() public view {
        uint256 reward = _credits.credit(Capacity.ACCOUNT, address(_handler));
        assert(reward + address(0xdEaD).balance == _handler.slashed());
        assert(reward * 20 <= _handler.slashed());
    }

    function invariant_anOffenceIsSlashedAtMostOnce() public view {
        assert(_handler.mostSlashings() <= 1);
    }

    function invariant_nothingLeavesWithinTheUnbondingTime() public view {
        assert(!_handler.early());
    }

    function invariant_noMemberGoesBelowTheLeastDepositButBySlashing() public view {
        uint256 members = 0;
        for (uint8 i = 0; i < 4; ++i) {
            IWorkerDeposits.Deposit memory entry = _depositOf(i);
            if (entry.bound != 0) ++members;
            assert(entry.bound == 0 || entry.bound == LEAST);
            assert(entry.announced <= entry.amount);
            if (!_handler.wasSlashed(i)) assert(uint256(entry.announced) + entry.bound <= entry.amount);
        }
        assert(members == 3);
    }

    function _depositOf(uint8 who) private view returns (IWorkerDeposits.Deposit memory) {
        return _registry.depositOf(_handler.worker(who));
    }

    function _policy() private pure returns (Policy memory policy) {
        (policy.k, policy.vettings, policy.vettingOrganisations, policy.minimumThreshold) = (11, 2, 2, 2);
        (policy.demonstration, policy.deadlineBlocks, policy.workersShare) = (true, 10, 10_000);
        (policy.leastDeposit, policy.openingsBudget) = (LEAST, 1);
    }
}
