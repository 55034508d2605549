// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuditTrail} from "../../contracts/audit/AuditTrail.sol";
import {ConsortiumAccess} from "../../contracts/governance/ConsortiumAccess.sol";
import {IMemberRegistry} from "../../contracts/identity/IMemberRegistry.sol";
import {ICommitteeRegistry} from "../../contracts/study/ICommitteeRegistry.sol";
import {IDatasetRegistry} from "../../contracts/study/IDatasetRegistry.sol";
import {IOwnerTerms} from "../../contracts/study/IOwnerTerms.sol";
import {DatasetId, QueryHash, StudyId} from "../../contracts/types/Identifiers.sol";
import {FriendlyMembers, OwnerTermsHarness, STUDY, TermsOwner} from "./OwnerTerms.t.sol";

interface Vm {
    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
}

Vm constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

/// @dev One committee of four workers, whose names are the addresses of the keys 1 to 4.
contract FourWorkers {
    function currentEpoch(StudyId) external pure returns (uint64) {
        return 1;
    }

    function committee(StudyId, uint64) external pure returns (ICommitteeRegistry.Committee memory found) {
        found.workers = new address[](4);
    }

    function signer(StudyId, uint64, uint8 index) external pure returns (address worker, address key, bool active) {
        if (index == 0 || index > 4) return (address(0), address(0), false);
        return (VM.addr(index), VM.addr(index), true);
    }
}

/// @dev Three owners set terms, veto and retire, a query contract asks, and receipts come in any order, right and wrong. It
/// remembers whether anything came to pass that must not.
contract RetirementHandler {
    QueryHash private constant QUERY = QueryHash.wrap(bytes32(uint256(1)));
    bytes32 private constant TYPEHASH = keccak256("Erasure(bytes32 datasetId,address worker,uint64 version)");

    IDatasetRegistry private immutable _registry;
    bytes32 private immutable _domain;
    TermsOwner[3] private _owners;
    mapping(uint256 owner => bool) public isRetired;
    mapping(uint256 owner => uint8) public signed;
    bool public wasOpened;
    bool public wasForged;

    constructor(OwnerTermsHarness registry) {
        _registry = registry;
        (, string memory name, string memory version, uint256 chainId, address verifier, , ) = registry.eip712Domain();
        bytes32 domainType = keccak256(
            "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        );
        _domain = keccak256(
            abi.encode(domainType, keccak256(bytes(name)), keccak256(bytes(version)), chainId, verifier)
        );
        for (uint256 i = 0; i < 3; ++i) {
            _owners[i] = new TermsOwner();
            registry.give(address(_owners[i]));
        }
    }

    function setTerms(uint8 owner, uint8 budget, bool closed) external {
        IOwnerTerms.Terms memory terms = IOwnerTerms.Terms(0, budget, closed && budget % 4 == 0, new bytes32[](0));
        _owners[owner % 3].set(_registry, STUDY, terms);
        if (isRetired[owner % 3]) wasOpened = true;
    }

    function veto(uint8 owner, bool lift) external {
        if (lift) _owners[owner % 3].liftVeto(_registry, STUDY, QUERY);
        else _owners[owner % 3].veto(_registry, STUDY, QUERY);
        if (isRetired[owner % 3]) wasOpened = true;
    }

    /// @dev One time in four, so that something else happens before.
    function retire(uint8 owner, uint8 chance) external {
        if (chance % 4 != 0) return;
        _owners[owner % 3].retire(_registry, STUDY);
        if (isRetired[owner % 3]) wasOpened = true;
        isRetired[owner % 3] = true;
    }

    function open(uint8 owner) external {
        DatasetId[] memory ids = new DatasetId[](1);
        ids[0] = datasetId(owner % 3);
        _registry.open(STUDY, QUERY, ids, address(this), type(uint32).max, 0);
        if (isRetired[owner % 3]) wasOpened = true;
    }

    /// @param key who signs: half of the time the worker itself
    function confirm(uint8 owner, uint8 index, uint8 key, uint64 version) external {
        (uint8 point, uint256 by) = (1 + (index % 4), key % 2 == 0 ? 1 + (index % 4) : 1 + (uint256(key) % 5));
        uint64 said = version % 4 == 0 ? version : 1;
        bytes32 hash = keccak256(abi.encode(TYPEHASH, datasetId(owner % 3), VM.addr(point), said));
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(by, keccak256(abi.encodePacked(hex"1901", _domain, hash)));
        _registry.confirmErasure(datasetId(owner % 3), point, abi.encodePacked(r, s, v));
        // Only what was let through comes here: what reverts is undone with all its marks.
        if (by != point || said != 1 || !isRetired[owner % 3]) wasForged = true;
        signed[owner % 3] |= uint8(1 << (point - 1)); // point <= 4
    }

    function datasetId(uint256 owner) public view returns (DatasetId) {
        return _registry.datasetIdOf(STUDY, address(_owners[owner]));
    }
}

/// @title What was retired stays so, and who has confirmed an erasure has signed it, once and for good
contract DatasetRetirementInvariantTest {
    OwnerTermsHarness private _registry;
    RetirementHandler private _handler;

    function setUp() public {
        ConsortiumAccess access = new ConsortiumAccess(address(this));
        AuditTrail trail = new AuditTrail(address(access));
        IMemberRegistry members = IMemberRegistry(address(new FriendlyMembers()));
        ICommitteeRegistry committees = ICommitteeRegistry(address(new FourWorkers()));
        _registry = new OwnerTermsHarness(address(access), trail, members, committees);
        trail.addRecorder(address(_registry));
        _handler = new RetirementHandler(_registry);
        _registry.addQueryContract(QueryHash.wrap(bytes32(uint256(1))), address(_handler));
        _registry.serveUntil(QueryHash.wrap(bytes32(uint256(1))), type(uint48).max);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function invariant_nothingOpensRetiredData() public view {
        assert(!_handler.wasOpened());
    }

    function invariant_onlyTheWorkersReceiptConfirms() public view {
        assert(!_handler.wasForged());
    }

    /// @dev The handler's bits are only ever added to, so these are, too.
    function invariant_whoConfirmedStaysSo() public view {
        for (uint256 i = 0; i < 3; ++i) {
            (bool retired, uint8 confirmed, uint8 outstanding) = _registry.erasures(_handler.datasetId(i));
            assert(retired == _handler.isRetired(i));
            assert(confirmed == _handler.signed(i));
            assert(outstanding == (retired ? 15 & ~confirmed : 0));
        }
    }
}
