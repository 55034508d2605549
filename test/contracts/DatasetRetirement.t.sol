// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuditTrail} from "../../contracts/audit/AuditTrail.sol";
import {ConsortiumAccess} from "../../contracts/governance/ConsortiumAccess.sol";
import {IMemberRegistry} from "../../contracts/identity/IMemberRegistry.sol";
import {ICommitteeRegistry} from "../../contracts/study/ICommitteeRegistry.sol";
import {IOwnerTerms} from "../../contracts/study/IOwnerTerms.sol";
import {DatasetId, QueryHash, StudyId} from "../../contracts/types/Identifiers.sol";
import {FriendlyMembers, OwnerTermsHarness, STUDY, TermsOwner} from "./OwnerTerms.t.sol";

interface Vm {
    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
}

Vm constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

/// @dev Committees of epochs 1 to 3, of the same four workers, whose names are the addresses of the keys 1 to 4. The third
/// serves for ever; of the others nothing is asked any more once they have ended.
contract FourWorkers {
    mapping(uint64 epoch => bool) private _isOver;

    function end(uint64 epoch) external {
        _isOver[epoch] = true;
    }

    function isOver(StudyId, uint64 epoch) external view returns (bool) {
        return _isOver[epoch];
    }

    function committee(StudyId, uint64) external pure returns (ICommitteeRegistry.Committee memory found) {
        found.workers = new address[](4);
    }

    function signer(StudyId, uint64, uint8 index) external pure returns (address worker, address key, bool active) {
        if (index == 0 || index > 4) return (address(0), address(0), false);
        return (VM.addr(index), VM.addr(index), true);
    }
}

/// @dev Three owners set terms, veto and retire, shares are given to committees, which end, a query contract asks, and receipts
/// come in any order, right and wrong. It remembers whether anything came to pass that must not.
contract RetirementHandler {
    QueryHash private constant QUERY = QueryHash.wrap(bytes32(uint256(1)));
    bytes32 private constant TYPEHASH = keccak256(
        "Erasure(bytes32 datasetId,uint64 epoch,address worker,uint64 version)"
    );
    uint64 private constant SERVING = 3;

    OwnerTermsHarness private immutable _registry;
    FourWorkers private immutable _committees;
    bytes32 private immutable _domain;
    TermsOwner[3] private _owners;
    mapping(uint256 owner => bool) public isRetired;
    mapping(uint64 epoch => bool) public isOver;
    mapping(uint256 owner => mapping(uint64 epoch => uint64)) public given;
    mapping(uint256 owner => mapping(uint64 epoch => uint8)) public signed;
    bool public wasOpened;
    bool public wasForged;

    constructor(OwnerTermsHarness registry, FourWorkers committees) {
        _registry = registry;
        _committees = committees;
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
            _give(i, SERVING, 1);
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

    /// @dev As the registry's callers do: not of what is retired, nor to a committee that is over.
    function share(uint8 owner, uint8 epoch, uint8 version) external {
        uint64 to = 1 + (epoch % 3);
        if (isRetired[owner % 3] || isOver[to]) return;
        _give(owner % 3, to, 1 + (version % 3));
    }

    /// @dev One time in four, as above.
    function end(uint8 epoch, uint8 chance) external {
        if (chance % 4 != 0) return;
        _committees.end(1 + (epoch % 2));
        isOver[1 + (epoch % 2)] = true;
    }

    /// @param key who signs: half of the time the worker itself
    /// @param change of the epoch, or the version, that it signs; mostly there is none
    function confirm(uint8 owner, uint8 epoch, uint8 index, uint8 key, uint8 change) external {
        (uint64 of_, uint8 point) = (1 + (epoch % 3), 1 + (index % 4));
        uint256 by = key % 2 == 0 ? point : 1 + (uint256(key) % 5);
        uint64 right = given[owner % 3][of_];
        (uint64 said, uint64 version) = (change % 8 == 1 ? 1 + (of_ % 3) : of_, change % 8 == 2 ? right + 1 : right);
        bytes32 hash = keccak256(abi.encode(TYPEHASH, datasetId(owner % 3), said, VM.addr(point), version));
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(by, keccak256(abi.encodePacked(hex"1901", _domain, hash)));
        _registry.confirmErasure(datasetId(owner % 3), of_, point, abi.encodePacked(r, s, v));
        // Only what was let through comes here: what reverts is undone with all its marks.
        if (by != point || said != of_ || version != right || !isDue(owner % 3, of_)) wasForged = true;
        uint8 bit = uint8(1 << (point - 1)); // point <= 4
        if (signed[owner % 3][of_] & bit != 0) wasForged = true;
        signed[owner % 3][of_] |= bit;
    }

    function isDue(uint256 owner, uint64 epoch) public view returns (bool) {
        return given[owner][epoch] != 0 && (isRetired[owner] || isOver[epoch]);
    }

    function datasetId(uint256 owner) public view returns (DatasetId) {
        return _registry.datasetIdOf(STUDY, address(_owners[owner]));
    }

    function _give(uint256 owner, uint64 epoch, uint64 version) private {
        _registry.share(datasetId(owner), epoch, version);
        if (version > given[owner][epoch]) given[owner][epoch] = version;
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
        FourWorkers committees = new FourWorkers();
        _registry = new OwnerTermsHarness(address(access), trail, members, ICommitteeRegistry(address(committees)));
        trail.addRecorder(address(_registry));
        _handler = new RetirementHandler(_registry, committees);
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
            assert(_registry.isRetired(_handler.datasetId(i)) == _handler.isRetired(i));
            for (uint64 epoch = 1; epoch <= 3; ++epoch) {
                (bool due, uint8 confirmed, uint8 outstanding) = _registry.erasures(_handler.datasetId(i), epoch);
                assert(due == _handler.isDue(i, epoch));
                assert(confirmed == _handler.signed(i, epoch));
                assert(outstanding == (due ? 15 & ~confirmed : 0));
            }
        }
    }

    /// @dev Each once, and of the highest version it was given.
    function invariant_holdersAreWhoWasGivenShares() public view {
        for (uint256 i = 0; i < 3; ++i) {
            DatasetId datasetId = _handler.datasetId(i);
            uint256 holders = 0;
            for (uint64 epoch = 1; epoch <= 3; ++epoch) {
                uint64 given = _handler.given(i, epoch);
                assert(_registry.versionsOf(datasetId, epoch) == given);
                if (given != 0) ++holders;
            }
            uint64[] memory found = _registry.holders(datasetId);
            assert(found.length == holders);
            for (uint256 j = 0; j < holders; ++j) assert(_handler.given(i, found[j]) != 0);
        }
    }
}
