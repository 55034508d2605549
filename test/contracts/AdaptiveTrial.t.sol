// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuditTrail} from "../../contracts/audit/AuditTrail.sol";
import {ConsortiumAccess} from "../../contracts/governance/ConsortiumAccess.sol";
import {IMemberRegistry} from "../../contracts/identity/IMemberRegistry.sol";
import {VerdictHashHarness} from "../../contracts/mocks/VerdictHashHarness.sol";
import {IQueryCatalogue} from "../../contracts/query/IQueryCatalogue.sol";
import {IQuerySmartContract} from "../../contracts/query/IQuerySmartContract.sol";
import {IDatasetRegistry} from "../../contracts/study/IDatasetRegistry.sol";
import {AdaptiveTrial} from "../../contracts/trial/AdaptiveTrial.sol";
import {TrialRulebook} from "../../contracts/trial/TrialRulebook.sol";
import {Segment} from "../../contracts/types/Dataset.sol";
import {DatasetId, QueryHash, RequestId, StudyId, TrialId} from "../../contracts/types/Identifiers.sol";
import {RequestCommitment} from "../../contracts/types/RequestCommitment.sol";
import {ReleaseClass, RequestContext} from "../../contracts/types/Statement.sol";
import {
    Arm,
    ArmState,
    BoardSignature,
    CitedDataset,
    Decision,
    Evidence,
    Look,
    Source,
    TrialRules,
    TrialState,
    TrialVerdict
} from "../../contracts/types/Trial.sol";

interface Vm {
    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
}

/// @dev The parts of the registries, the catalogue and a query's contract that trials ask: everything is well, and the one
/// request is answered in the context it was last told.
contract Surroundings {
    bytes32 private _contextHash;

    function setContext(bytes32 contextHash) external {
        _contextHash = contextHash;
    }

    function isActive(address) external pure returns (bool) {
        return true;
    }

    function isActive(QueryHash) external pure returns (bool) {
        return true;
    }

    function organisationOf(address) external pure returns (bytes32) {
        return bytes32(uint256(1));
    }

    function keyOf(address member) external pure returns (address) {
        return member;
    }

    function count(StudyId) external pure returns (uint256) {
        return 0;
    }

    function query(QueryHash) external view returns (IQueryCatalogue.Query memory found) {
        found.queryContract = address(this);
    }

    function requestOf(RequestId) external view returns (IQuerySmartContract.Request memory request) {
        request.state = IQuerySmartContract.RequestState.ANSWERED;
        request.commitment = RequestCommitment.hash(_contextHash, address(0), bytes32(uint256(2)));
    }
}

/// @dev Decides at random, and signs whatever it decided; what reverts changes nothing.
contract BoardHandler {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant KEY = 7;
    uint16 private constant UNSTATED = type(uint16).max;

    AdaptiveTrial public immutable trials;
    Surroundings private immutable _surroundings;
    VerdictHashHarness private immutable _hashes = new VerdictHashHarness();
    TrialId private _trialId;
    uint256 private _random;
    /// Whether an arm that had left was ever seen in another state.
    bool public returned;

    constructor(AdaptiveTrial trials_, Surroundings surroundings) {
        trials = trials_;
        _surroundings = surroundings;
        _trialId = trials_.trialIdOf(StudyId.wrap(0));
    }

    /// @dev A verdict within the rules, then perhaps one word of it changed.
    function decide(uint256 seed, uint8 fault, uint16 word) external {
        _random = seed;
        TrialVerdict memory verdict = lawful();
        uint256 place = uint256(word) % verdict.states.length;
        if (fault % 8 == 1) verdict.allocation[place] = word % 10_001;
        if (fault % 8 == 2)
            (verdict.states[place], verdict.decision) = (ArmState((word >> 8) % 4), Decision.CHANGE_ARMS);
        if (fault % 8 == 3) verdict.posteriors[place] = word;
        if (fault % 8 == 4) verdict.decision = Decision(word % 5);
        if (fault % 8 == 5)
            (verdict.allocation[0], verdict.allocation[place]) = (verdict.allocation[place], verdict.allocation[0]);
        record(verdict);
    }

    /// @dev Rare, so that trials live to be changed often.
    function stop(uint256 seed) external {
        if (seed % 16 != 0) return;
        TrialVerdict memory verdict = lawful();
        (uint16[] memory bps, ArmState[] memory states) = trials.allocation(_trialId);
        (verdict.decision, verdict.states, verdict.reason) = (Decision.STOP, states, "stop");
        verdict.allocation = new uint16[](bps.length);
        record(verdict);
    }

    function setRandom(uint256 seed) external {
        _random = seed;
    }

    function record(TrialVerdict memory verdict) public {
        Evidence memory evidence;
        evidence.datasets = new CitedDataset[](1);
        evidence.datasets[0].segments = new Segment[](1);
        evidence.datasets[0].segments[0].rowCount = 1_000;
        CitedDataset memory cited = evidence.datasets[0];
        evidence.context.datasetRoots = new bytes32[](1);
        evidence.context.datasetRoots[0] = keccak256(abi.encode(cited.datasetId, cited.version, cited.segments));
        evidence.context.releaseClass = ReleaseClass.SEALED;
        evidence.context.requestBlock = type(uint64).max;
        _surroundings.setContext(keccak256(abi.encode(evidence.context)));
        BoardSignature[] memory signatures = new BoardSignature[](1);
        (signatures[0].name, signatures[0].meaning) = ("name", "meaning");
        bytes32 structHash = _hashes.ofSignature(verdict, VM.addr(KEY), signatures[0]);
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(KEY, keccak256(abi.encodePacked(hex"1901", _domain(), structHash)));
        signatures[0].signature = abi.encodePacked(r, s, v);
        (, ArmState[] memory before) = trials.allocation(_trialId);
        trials.recordVerdict(verdict, evidence, signatures);
        (, ArmState[] memory after_) = trials.allocation(_trialId);
        for (uint256 i = 0; i < before.length; ++i) {
            if (before[i] != ArmState.ACTIVE && before[i] != after_[i]) returned = true;
        }
    }

    /// @dev Of every lawful verdict some seed gives one.
    function lawful() public returns (TrialVerdict memory verdict) {
        TrialRules memory rules = trials.rules(_trialId);
        (uint16[] memory bps, ArmState[] memory states) = trials.allocation(_trialId);
        verdict.trialId = _trialId;
        verdict.look = trials.trial(_trialId).looksTaken + 1;
        verdict.requestId = RequestId.wrap(bytes32(uint256(1)));
        verdict.outputsHash = bytes32(uint256(2));
        verdict.responded = 1;
        verdict.reason = "reason";
        verdict.deadline = type(uint256).max;
        verdict.posteriors = new uint16[](states.length);
        verdict.states = new ArmState[](states.length);
        verdict.allocation = new uint16[](states.length);
        bool moved = false;
        for (uint256 i = 0; i < states.length; ++i) {
            verdict.posteriors[i] = UNSTATED;
            verdict.states[i] = states[i];
            if (i % rules.arms.length == rules.control || states[i] != ArmState.ACTIVE || _next(24) != 0) continue;
            verdict.states[i] = ArmState(1 + _next(3));
            verdict.posteriors[i] = verdict.states[i] == ArmState.DROPPED ? 499 : 9_000;
            moved = true;
        }
        for (uint256 stratum = 0; stratum < rules.strata.length; ++stratum) _allocate(rules, verdict, stratum);
        bool changed = keccak256(abi.encode(bps)) != keccak256(abi.encode(verdict.allocation));
        verdict.decision = changed ? Decision.CHANGE_ALLOCATION : Decision.CONTINUE;
        if (moved) verdict.decision = Decision.CHANGE_ARMS;
    }

    /// @dev Floors first, then what is left, at random up to the caps.
    function _allocate(TrialRules memory rules, TrialVerdict memory verdict, uint256 stratum) private {
        uint256 arms = rules.arms.length;
        uint256 left = 10_000;
        uint256 experimental = 0;
        for (uint256 arm = 0; arm < arms; ++arm) {
            if (verdict.states[stratum * arms + arm] != ArmState.ACTIVE) continue;
            if (arm != rules.control) ++experimental;
            left -= rules.arms[arm].floor;
            verdict.allocation[stratum * arms + arm] = rules.arms[arm].floor;
        }
        if (experimental == 0) {
            verdict.allocation[stratum * arms + rules.control] = 0;
            return;
        }
        for (uint256 round = 0; round < 2 * arms; ++round) {
            uint256 cell = stratum * arms + (round % arms);
            if (verdict.states[cell] != ArmState.ACTIVE) continue;
            uint256 room = rules.arms[round % arms].cap - verdict.allocation[cell];
            uint256 most = room < left ? room : left;
            uint256 given = round < arms ? _next(most + 1) : most;
            verdict.allocation[cell] += uint16(given);
            left -= given;
        }
    }

    function _next(uint256 below) private returns (uint256) {
        _random = uint256(keccak256(abi.encode(_random)));
        return _random % below;
    }

    function _domain() private view returns (bytes32) {
        bytes32 typeHash = keccak256(
            "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        );
        return keccak256(abi.encode(typeHash, keccak256("Opaline"), keccak256("1"), block.chainid, address(trials)));
    }
}

/// @title Whatever a board decides, what is in force is within the rules
contract AdaptiveTrialInvariantTest {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    AdaptiveTrial private _trials;
    BoardHandler private _handler;
    TrialId private _trialId;

    function setUp() public {
        ConsortiumAccess access = new ConsortiumAccess(address(this));
        AuditTrail trail = new AuditTrail(address(access));
        Surroundings around = new Surroundings();
        _trials = new AdaptiveTrial(
            address(access),
            trail,
            IMemberRegistry(address(around)),
            IDatasetRegistry(address(around)),
            IQueryCatalogue(address(around)),
            new TrialRulebook()
        );
        trail.addRecorder(address(_trials));
        _trialId = _trials.register(_rules());
        _handler = new BoardHandler(_trials, around);
    }

    /// @dev An arm that has left is told to be something else: each attempt is refused.
    function testFuzz_noArmReturns(uint256 seed) public {
        _handler.setRandom(seed);
        for (uint256 look = 0; look < 12; ++look) {
            if (_trials.trial(_trialId).state != TrialState.RUNNING) return;
            _handler.record(_handler.lawful());
            (, ArmState[] memory states) = _trials.allocation(_trialId);
            for (uint256 cell = 0; cell < states.length; ++cell) {
                if (states[cell] == ArmState.ACTIVE || states[cell] == ArmState.HALTED) continue;
                TrialVerdict memory verdict = _handler.lawful();
                (verdict.states[cell], verdict.decision) = (ArmState.HALTED, Decision.CHANGE_ARMS);
                try _handler.record(verdict) {
                    assert(false);
                } catch {}
            }
        }
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @dev So that the invariants are not about a trial in which nothing happens.
    function testFuzz_lawfulVerdictsAreRecorded(uint256 seed) public {
        _handler.setRandom(seed);
        for (uint8 look = 1; look <= 8; ++look) {
            if (_trials.trial(_trialId).state != TrialState.RUNNING) return;
            _handler.record(_handler.lawful());
            assert(_trials.trial(_trialId).looksTaken == look);
            invariant_allocationIsWithinTheRules();
        }
    }

    function invariant_allocationIsWithinTheRules() public view {
        TrialRules memory rules = _trials.rules(_trialId);
        (uint16[] memory bps, ArmState[] memory states) = _trials.allocation(_trialId);
        bool running = _trials.trial(_trialId).state == TrialState.RUNNING;
        bool anyOpen = false;
        uint256 arms = rules.arms.length;
        for (uint256 stratum = 0; stratum < rules.strata.length; ++stratum) {
            uint256 sum = 0;
            bool open = false;
            for (uint256 arm = 0; arm < arms; ++arm) {
                uint256 cell = stratum * arms + arm;
                sum += bps[cell];
                if (arm == rules.control) assert(states[cell] == ArmState.ACTIVE);
                else if (states[cell] == ArmState.ACTIVE) open = true;
                if (states[cell] != ArmState.ACTIVE) assert(bps[cell] == 0);
            }
            assert(sum == (running && open ? 10_000 : 0));
            anyOpen = anyOpen || open;
            if (sum != 0) _assertBounds(rules, bps, states, stratum);
        }
        assert(!running || anyOpen);
    }

    function invariant_noArmReturns() public view {
        assert(!_handler.returned());
    }

    function _assertBounds(
        TrialRules memory rules,
        uint16[] memory bps,
        ArmState[] memory states,
        uint256 stratum
    ) private pure {
        for (uint256 arm = 0; arm < rules.arms.length; ++arm) {
            uint256 cell = stratum * rules.arms.length + arm;
            if (states[cell] != ArmState.ACTIVE) continue;
            assert(bps[cell] >= rules.arms[arm].floor && bps[cell] <= rules.arms[arm].cap);
        }
    }

    function _rules() private pure returns (TrialRules memory rules) {
        (rules.protocolHash, rules.analysisPlanHash) = (keccak256("protocol"), keccak256("plan"));
        (rules.control, rules.signatures) = (1, 1);
        rules.arms = new Arm[](4);
        rules.arms[0] = Arm("A", 500, 7_000);
        rules.arms[1] = Arm("control", 2_000, 8_000);
        rules.arms[2] = Arm("B", 0, 6_000);
        rules.arms[3] = Arm("C", 300, 2_000);
        rules.strata = new string[](2);
        (rules.strata[0], rules.strata[1]) = ("negative", "positive");
        rules.allocation = new uint16[](8);
        for (uint256 i = 0; i < 8; ++i) rules.allocation[i] = i % 4 == 1 ? 4_000 : 2_000;
        rules.looks = new Look[](64);
        for (uint256 i = 0; i < 64; ++i) rules.looks[i] = Look(1, 1, 500, 9_000);
        rules.sources = new Source[](1);
        rules.sources[0].respondedOutputs = new uint16[](1);
        rules.board = new address[](1);
        rules.board[0] = VM.addr(7);
    }
}
