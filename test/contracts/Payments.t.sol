// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {AuditTrail} from "../../contracts/audit/AuditTrail.sol";
import {IConsentRegistry} from "../../contracts/consent/IConsentRegistry.sol";
import {Credits} from "../../contracts/fees/Credits.sol";
import {ConsortiumAccess} from "../../contracts/governance/ConsortiumAccess.sol";
import {IMemberRegistry} from "../../contracts/identity/IMemberRegistry.sol";
import {CloneArguments, QueryOrigin} from "../../contracts/query/CloneArguments.sol";
import {IQueryCatalogue} from "../../contracts/query/IQueryCatalogue.sol";
import {IQuerySmartContract} from "../../contracts/query/IQuerySmartContract.sol";
import {QuerySmartContract} from "../../contracts/query/QuerySmartContract.sol";
import {IProofVerifierRegistry} from "../../contracts/result/IProofVerifierRegistry.sol";
import {CommitteeCode} from "../../contracts/study/CommitteeCode.sol";
import {ICommitteeRegistry} from "../../contracts/study/ICommitteeRegistry.sol";
import {IDatasetRegistry} from "../../contracts/study/IDatasetRegistry.sol";
import {IStudyStandings} from "../../contracts/study/IStudyStandings.sol";
import {AnswerSignature} from "../../contracts/types/AnswerSignature.sol";
import {Contribution} from "../../contracts/types/Dataset.sol";
import {ParameterBound} from "../../contracts/types/Descriptor.sol";
import {DatasetId, QueryHash, RequestId, StudyId} from "../../contracts/types/Identifiers.sol";
import {Capacity, Payee} from "../../contracts/types/Payee.sol";
import {Policy} from "../../contracts/types/Policy.sol";
import {
    Outcome,
    ReleaseClass,
    RequestContext,
    Statement,
    Verdict,
    WorkerSignature
} from "../../contracts/types/Statement.sol";

interface Cheats {
    function addr(uint256 key) external pure returns (address);
    function prank(address sender) external;
    function roll(uint256 block_) external;
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
}

Cheats constant VM = Cheats(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
uint256 constant WORKER_KEY = 7;
uint256 constant QUERIER_KEY = 8;
uint256 constant PRICE = 1_003;
uint64 constant DEADLINE = 20;

/// @dev What a query contract asks of everybody else: five workers of whom one signs for all, datasets of 1, 2 and 3 rows,
/// and an open door.
contract Surroundings {
    /// @dev As the committee registry: one worker's word is the quorum's.
    constructor() {
        address[] memory workers = new address[](1);
        workers[0] = address(0x1000);
        CommitteeCode.write(StudyId.wrap(bytes32(uint256(1))), 1, 0, false, workers);
    }

    function committee(StudyId, uint64 epoch) external pure returns (ICommitteeRegistry.Committee memory) {
        address[] memory workers = new address[](5);
        for (uint256 i = 0; i < 5; ++i) workers[i] = address(uint160(0x1000 + i));
        return ICommitteeRegistry.Committee(epoch, 2, false, workers);
    }

    function contributions(bytes32[] calldata roots) external pure returns (Contribution[] memory found) {
        found = new Contribution[](roots.length);
        for (uint256 i = 0; i < roots.length; ++i) {
            uint64 rows = uint64(uint256(roots[i]));
            found[i] = Contribution(address(uint160(0x2000 + rows)), rows);
        }
    }

    function open(
        StudyId,
        QueryHash,
        DatasetId[] calldata datasetIds,
        address,
        uint32,
        uint24
    ) external pure returns (bytes32[] memory roots, uint16, IStudyStandings.Standing memory) {
        roots = new bytes32[](datasetIds.length);
        for (uint256 i = 0; i < roots.length; ++i) roots[i] = DatasetId.unwrap(datasetIds[i]);
        return (roots, 0, IStudyStandings.Standing({committeeEpoch: 1, consentsRestricted: false}));
    }

    function activeKeysOf(address[] calldata accounts) external pure returns (address[] memory keys) {
        keys = new address[](accounts.length);
        for (uint256 i = 0; i < keys.length; ++i) keys[i] = VM.addr(WORKER_KEY);
    }

    function credentialOf(address key) external pure returns (address, bytes32, uint24) {
        return (key, keccak256("organisation"), 1);
    }

    function signerOf(address member) external pure returns (address, bool) {
        return (member, true);
    }

    function memberOf(address key) external pure returns (address) {
        return key;
    }

    function organisationOf(address) external pure returns (bytes32) {
        return keccak256("organisation");
    }
}

/// @dev Every act in every order, of up to eight requests; what reverts changes nothing.
contract PaymentsHandler {
    IQuerySmartContract private immutable _query;
    Credits private immutable _credits;
    RequestContext[] private _contexts;
    bytes32[] private _outputsHashes;
    uint256 public paidIn;
    uint256 public paidOut;
    /// @dev Ended in any way that moves its price: refunded or settled.
    mapping(uint256 request => uint256) public moved;

    constructor(IQuerySmartContract query, Credits credits) {
        _query = query;
        _credits = credits;
    }

    receive() external payable {}

    /// @dev Of one to three datasets, sometimes with a wrong price.
    function ask(uint256 nonce, uint8 datasets, uint8 wrong) external {
        if (_contexts.length == 8) return;
        DatasetId[] memory ids = new DatasetId[](1 + (datasets % 3));
        for (uint256 i = 0; i < ids.length; ++i) ids[i] = DatasetId.wrap(bytes32(i + 1));
        uint256 paid = wrong % 8 == 0 ? PRICE + 1 : PRICE;
        (bool funded, ) = querier().call{value: paid}("");
        require(funded, "the querier needs money");
        bytes memory parameters = abi.encode(new int256[](0));
        VM.prank(querier());
        RequestId requestId = _query.request{value: paid}(nonce, parameters, ids, ReleaseClass.PUBLIC, new bytes[](0));
        require(paid == PRICE, "took a wrong price");
        paidIn += paid;
        RequestContext memory context;
        context.studyId = StudyId.wrap(bytes32(uint256(1)));
        context.requestId = requestId;
        context.queryHash = QueryHash.wrap(bytes32(uint256(2)));
        context.parametersHash = keccak256(parameters);
        context.policyHash = keccak256(abi.encode(policy()));
        context.datasetRoots = new bytes32[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) context.datasetRoots[i] = bytes32(i + 1);
        context.committeeEpoch = 1;
        context.requestBlock = uint64(block.number);
        _contexts.push(context);
        _outputsHashes.push(0);
    }

    function answer(uint8 which, uint8 outcome, uint64 attempt) external {
        uint256 request = which % _contexts.length;
        Verdict memory verdict;
        verdict.attempt = attempt;
        verdict.outcome = Outcome(1 + (outcome % 4));
        if (verdict.outcome == Outcome.ANSWERED) verdict.outputs = new uint256[](1 + (outcome % 3));
        RequestContext memory context = _contexts[request];
        _query.answer(context, querier(), verdict, _sign(context, verdict));
        if (verdict.outcome == Outcome.ANSWERED) _outputsHashes[request] = keccak256(abi.encode(verdict.outputs));
        if (verdict.outcome == Outcome.FAILED_UNAVAILABLE) ++moved[request];
    }

    function expire(uint8 which) external {
        _query.expire(_contexts[which % _contexts.length], querier());
        ++moved[which % _contexts.length];
    }

    /// @dev Sometimes as if another had asked.
    function settle(uint8 which, uint8 wrong) external {
        uint256 request = which % _contexts.length;
        address by = wrong % 8 == 0 ? address(this) : querier();
        _query.settle(_contexts[request], by, _outputsHashes[request]);
        ++moved[request];
    }

    function wait(uint8 blocks) external {
        VM.roll(block.number + (blocks % 12));
    }

    function withdraw(uint8 who) external {
        Payee memory found = payee(who);
        uint256 credit = creditOf(who);
        VM.prank(found.account);
        _credits.withdraw(found.capacity);
        paidOut += credit;
    }

    function requests() external view returns (uint256) {
        return _contexts.length;
    }

    function stateOf(uint256 request) external view returns (IQuerySmartContract.RequestState) {
        return _query.requestOf(_contexts[request].requestId).state;
    }

    function isSettled(uint256 request) external view returns (bool) {
        return _query.isSettled(_contexts[request].requestId);
    }

    function creditOf(uint8 index) public view returns (uint256) {
        Payee memory found = payee(index);
        return _credits.credit(found.capacity, found.account);
    }

    /// @dev Five workers, three owners, the author, who asked.
    function payee(uint8 index) public pure returns (Payee memory) {
        uint160 place = index % 10;
        if (place < 5) return Payee(Capacity.WORKER, address(0x1000 + place));
        if (place < 8) return Payee(Capacity.DATA_OWNER, address(0x2001 + place - 5));
        return place == 8 ? Payee(Capacity.VETTER, address(0x3000)) : Payee(Capacity.QUERIER, querier());
    }

    function querier() public pure returns (address) {
        return VM.addr(QUERIER_KEY);
    }

    function policy() public pure returns (Policy memory study) {
        (study.ownersShare, study.workersShare, study.authorShare) = (5_001, 3_333, 1_666);
        (study.k, study.openingsBudget) = (11, 1_000);
        (study.price, study.deadlineBlocks) = (uint88(PRICE), DEADLINE);
    }

    /// @dev By the worker whose word is the quorum's.
    function _sign(
        RequestContext memory context,
        Verdict memory verdict
    ) private view returns (WorkerSignature[] memory signatures) {
        bytes32 statement = this.statementOf(context, verdict);
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(WORKER_KEY, AnswerSignature.digest(address(_query), statement));
        signatures = new WorkerSignature[](1);
        signatures[0] = WorkerSignature(1, abi.encodePacked(r, s, v));
    }

    function statementOf(RequestContext calldata context, Verdict calldata verdict) external view returns (bytes32) {
        return Statement.hash(address(_query), context, verdict);
    }
}

/// @title Money is neither made nor lost, and every request ends once, whatever is called in whatever order
contract PaymentsInvariantTest {
    Credits private _credits;
    IQuerySmartContract private _query;
    PaymentsHandler private _handler;

    function setUp() public payable {
        ConsortiumAccess access = new ConsortiumAccess(address(this));
        AuditTrail trail = new AuditTrail(address(access));
        address all = address(new Surroundings());
        IMemberRegistry members = IMemberRegistry(all);
        _credits = new Credits(trail, members, members, members, members);
        QuerySmartContract implementation = new QuerySmartContract(
            trail,
            members,
            ICommitteeRegistry(all),
            members,
            IDatasetRegistry(all),
            IConsentRegistry(all),
            _credits,
            IProofVerifierRegistry(all)
        );
        PaymentsHandler shape = new PaymentsHandler(IQuerySmartContract(all), _credits);
        QueryOrigin memory origin = QueryOrigin({
            queryHash: QueryHash.wrap(bytes32(uint256(2))),
            studyId: StudyId.wrap(bytes32(uint256(1))),
            agreementHash: bytes32(uint256(3)),
            catalogue: IQueryCatalogue(all),
            deadlineBlocks: DEADLINE,
            price: uint88(PRICE),
            authorCapacity: shape.payee(8).capacity,
            author: shape.payee(8).account,
            policyHash: keccak256(abi.encode(shape.policy())),
            k: shape.policy().k,
            sealedK: 0,
            openingsBudget: 1_000,
            organisationQuota: 0
        });
        bytes memory bounds = abi.encode(new ParameterBound[](0));
        bytes memory args = CloneArguments.encode(origin, bounds, shape.policy());
        _query = IQuerySmartContract(Clones.cloneWithImmutableArgs(address(implementation), args));
        trail.addRecorder(address(_query));
        trail.addRecorder(address(_credits));
        _accept(shape.querier());
        _handler = new PaymentsHandler(_query, _credits);
        (bool funded, ) = address(_handler).call{value: 1 ether}("");
        require(funded, "the handler needs money");
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function invariant_theContractHasThePricesThatAreOpenOrEarned() public view {
        uint256 owed = 0;
        for (uint256 i = 0; i < _handler.requests(); ++i) {
            IQuerySmartContract.RequestState state = _handler.stateOf(i);
            bool refunded =
                state == IQuerySmartContract.RequestState.EXPIRED || state == IQuerySmartContract.RequestState.FAILED;
            if (!refunded && !_handler.isSettled(i)) owed += PRICE;
        }
        assert(address(_query).balance == owed);
    }

    function invariant_creditsAreCoveredToTheWei() public view {
        uint256 owed = 0;
        for (uint8 i = 0; i < 10; ++i) owed += _handler.creditOf(i);
        assert(address(_credits).balance == owed);
    }

    function invariant_moneyIsConserved() public view {
        uint256 inside = address(_query).balance + address(_credits).balance;
        assert(_handler.paidIn() == inside + _handler.paidOut());
    }

    function invariant_refundAndSettleExcludeEachOtherAndHappenOnce() public view {
        for (uint256 i = 0; i < _handler.requests(); ++i) {
            IQuerySmartContract.RequestState state = _handler.stateOf(i);
            bool refunded =
                state == IQuerySmartContract.RequestState.EXPIRED || state == IQuerySmartContract.RequestState.FAILED;
            assert(!(refunded && _handler.isSettled(i)));
            assert(_handler.moved(i) == (refunded || _handler.isSettled(i) ? 1 : 0));
        }
    }

    function _accept(address querier) private {
        IQuerySmartContract.Acceptance memory given;
        given.queryHash = QueryHash.wrap(bytes32(uint256(2)));
        given.agreementHash = bytes32(uint256(3));
        given.querier = querier;
        given.deadline = type(uint256).max;
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "Acceptance(bytes32 queryHash,bytes32 agreementHash,address querier,string name,string meaning,uint64 signedAt,uint256 nonce,uint256 deadline)"
                ),
                given.queryHash,
                given.agreementHash,
                querier,
                keccak256(""),
                keccak256(""),
                given.signedAt,
                given.nonce,
                given.deadline
            )
        );
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Opaline"),
                keccak256("1"),
                block.chainid,
                address(_query)
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(
            QUERIER_KEY,
            keccak256(abi.encodePacked("\x19\x01", domain, structHash))
        );
        _query.acceptAgreement(given, abi.encodePacked(r, s, v));
    }
}
