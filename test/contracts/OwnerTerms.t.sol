// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuditTrail} from "../../contracts/audit/AuditTrail.sol";
import {IAuditTrail} from "../../contracts/audit/IAuditTrail.sol";
import {ConsortiumAccess} from "../../contracts/governance/ConsortiumAccess.sol";
import {IMemberRegistry} from "../../contracts/identity/IMemberRegistry.sol";
import {DatasetRetirement} from "../../contracts/study/DatasetRetirement.sol";
import {ICommitteeRegistry} from "../../contracts/study/ICommitteeRegistry.sol";
import {IDatasetRegistry} from "../../contracts/study/IDatasetRegistry.sol";
import {IOwnerTerms} from "../../contracts/study/IOwnerTerms.sol";
import {Contribution, Dataset, Segment} from "../../contracts/types/Dataset.sol";
import {DatasetId, QueryHash, StudyId} from "../../contracts/types/Identifiers.sol";

StudyId constant STUDY = StudyId.wrap(bytes32(uint256(7)));

/// @dev Every account is an active owner, and every querier holds purpose 1 and no other.
contract FriendlyMembers {
    function activeMemberOf(address key) external pure returns (address, bytes32) {
        return (key, keccak256("organisation"));
    }

    function missingPurpose(address, bytes32[] calldata purposes) external pure returns (bytes32) {
        for (uint256 i = 0; i < purposes.length; ++i) {
            if (purposes[i] != bytes32(uint256(1))) return purposes[i];
        }
        return 0;
    }
}

/// @dev The parts that are tested, terms and retirement, on datasets that all exist; the rest is not reached.
contract OwnerTermsHarness is DatasetRetirement {
    error OwnerTermsHarnessNotReached();

    constructor(
        address authority,
        IAuditTrail trail,
        IMemberRegistry members,
        ICommitteeRegistry committees
    ) DatasetRetirement(authority, trail, members, members, committees) {}

    /// @dev As if the owner had activated a first version.
    function give(address owner) external {
        _holdings[datasetIdOf(STUDY, owner)].owner = owner;
    }

    /// @dev As if these shares had been given to the committee of an epoch.
    function share(DatasetId datasetId, uint64 epoch, uint64 version_) external {
        _noteShares(datasetId, epoch, version_);
    }

    function activate(
        StudyId,
        uint64,
        Segment calldata,
        bytes32[] calldata,
        bytes[] calldata,
        bytes calldata
    ) external payable returns (DatasetId) {
        revert OwnerTermsHarnessNotReached();
    }

    function replaceShares(DatasetId, bytes32[] calldata, bytes32) external pure {
        revert OwnerTermsHarnessNotReached();
    }

    function dataset(DatasetId datasetId) external view returns (Dataset memory found) {
        found.openingsUsed = _holdings[datasetId].openingsUsed;
    }

    function ownerOf(DatasetId) external pure returns (address) {
        revert OwnerTermsHarnessNotReached();
    }

    function version(DatasetId) public pure override returns (uint64) {
        return 1;
    }

    function segments(DatasetId) external pure returns (Segment[] memory) {
        revert OwnerTermsHarnessNotReached();
    }

    function rowsOf(DatasetId, uint64) external pure returns (StudyId, address, uint64) {
        revert OwnerTermsHarnessNotReached();
    }

    function datasetRoot(DatasetId) external pure returns (bytes32) {
        revert OwnerTermsHarnessNotReached();
    }

    function datasetRoots(StudyId, DatasetId[] calldata) external pure returns (bytes32[] memory) {
        revert OwnerTermsHarnessNotReached();
    }

    function contributions(bytes32[] calldata) external pure returns (Contribution[] memory) {
        revert OwnerTermsHarnessNotReached();
    }

    function count(StudyId) external pure returns (uint256) {
        revert OwnerTermsHarnessNotReached();
    }

    function datasets(StudyId, uint256, uint256) external pure returns (DatasetId[] memory) {
        revert OwnerTermsHarnessNotReached();
    }

    function _studyOf(DatasetId) internal pure override returns (StudyId) {
        return STUDY;
    }

    function _rootOf(StudyId, DatasetId datasetId) internal pure override returns (bytes32) {
        return DatasetId.unwrap(datasetId);
    }
}

/// @dev One owner, who is also what calls.
contract TermsOwner {
    function set(IOwnerTerms registry, StudyId studyId, IOwnerTerms.Terms calldata terms) external {
        registry.setTerms(studyId, terms);
    }

    function veto(IOwnerTerms registry, StudyId studyId, QueryHash queryHash) external {
        registry.veto(studyId, queryHash, "");
    }

    function liftVeto(IOwnerTerms registry, StudyId studyId, QueryHash queryHash) external {
        registry.liftVeto(studyId, queryHash);
    }

    function retire(IDatasetRegistry registry, StudyId studyId) external {
        registry.retire(studyId, "");
    }
}

/// @dev Three owners set terms and veto two queries in any order; a query contract opens their data. It remembers what it
/// was let do, and whether that was ever against an owner's word.
contract TermsHandler {
    uint32 private constant STUDY_BUDGET = 6;

    IDatasetRegistry private immutable _registry;
    TermsOwner[3] private _owners;
    mapping(uint256 owner => uint256) public opened;
    bool public wasOverBudget;
    bool public wasAgainstWord;
    bool public hadWrongK;

    constructor(IDatasetRegistry registry) {
        _registry = registry;
        for (uint256 i = 0; i < 3; ++i) _owners[i] = new TermsOwner();
    }

    /// @dev Of all k a few in a hundred are in range: mostly one is made of it that is, or 4, which is just below.
    function setTerms(uint8 owner, uint16 k, uint8 budget, bool closed, uint8 purposes) external {
        if (k % 8 != 0) k = 4 + (k % 32);
        bytes32[] memory list = new bytes32[](purposes % 3);
        for (uint256 i = 0; i < list.length; ++i) list[i] = bytes32(uint256(1 + (uint256(purposes) % 2)));
        IOwnerTerms.Terms memory terms = IOwnerTerms.Terms(k, budget % 8, closed && budget % 4 == 0, list);
        _owners[owner % 3].set(_registry, STUDY, terms);
    }

    function veto(uint8 owner, uint8 query) external {
        _owners[owner % 3].veto(_registry, STUDY, queryHash(query));
    }

    function liftVeto(uint8 owner, uint8 query) external {
        _owners[owner % 3].liftVeto(_registry, STUDY, queryHash(query));
    }

    /// @param chosen which owners' data, a bit each
    function open(uint8 chosen, uint8 query) external {
        DatasetId[] memory ids = _idsOf(chosen % 8);
        (uint16 strictest, bool allowed) = _judge(chosen % 8, queryHash(query));
        (, uint16 k, ) = _registry.open(STUDY, queryHash(query), ids, address(this), STUDY_BUDGET, 0);
        // Only what was let through comes here: what reverts is undone with all its marks.
        for (uint256 i = 0; i < 3; ++i) {
            if ((chosen % 8) & (1 << i) == 0) continue;
            ++opened[i];
            if (opened[i] > _budgetOf(i)) wasOverBudget = true;
        }
        if (!allowed) wasAgainstWord = true;
        if (k != strictest) hadWrongK = true;
    }

    function datasetId(uint256 owner) public view returns (DatasetId) {
        return _registry.datasetIdOf(STUDY, address(_owners[owner]));
    }

    function queryHash(uint8 query) public pure returns (QueryHash) {
        return QueryHash.wrap(bytes32(uint256(query % 2) + 1));
    }

    function _judge(uint8 chosen, QueryHash query) private view returns (uint16 strictest, bool allowed) {
        allowed = true;
        for (uint256 i = 0; i < 3; ++i) {
            if (chosen & (1 << i) == 0) continue;
            IOwnerTerms.Terms memory terms = _registry.termsOf(datasetId(i));
            if (terms.k > strictest) strictest = terms.k;
            if (terms.closed || _registry.isVetoed(query, datasetId(i))) allowed = false;
            for (uint256 j = 0; j < terms.purposes.length; ++j) {
                if (terms.purposes[j] != bytes32(uint256(1))) allowed = false;
            }
        }
    }

    function _idsOf(uint8 chosen) private view returns (DatasetId[] memory ids) {
        ids = new DatasetId[]((chosen & 1) + ((chosen >> 1) & 1) + (chosen >> 2));
        uint256 next = 0;
        for (uint256 i = 0; i < 3; ++i) {
            if (chosen & (1 << i) != 0) ids[next++] = datasetId(i);
        }
    }

    function _budgetOf(uint256 owner) private view returns (uint256) {
        uint32 own = _registry.termsOf(datasetId(owner)).openingsBudget;
        return own != 0 && own < STUDY_BUDGET ? own : STUDY_BUDGET;
    }
}

/// @title Data are opened as often as study and owner allow, never against an owner's word, under the strictest k
contract OwnerTermsInvariantTest {
    OwnerTermsHarness private _registry;
    TermsHandler private _handler;

    function setUp() public {
        ConsortiumAccess access = new ConsortiumAccess(address(this));
        AuditTrail trail = new AuditTrail(address(access));
        IMemberRegistry members = IMemberRegistry(address(new FriendlyMembers()));
        // No committee is asked for before data are retired.
        _registry = new OwnerTermsHarness(address(access), trail, members, ICommitteeRegistry(address(members)));
        trail.addRecorder(address(_registry));
        _handler = new TermsHandler(_registry);
        for (uint8 i = 0; i < 2; ++i) {
            _registry.addQueryContract(_handler.queryHash(i), address(_handler));
            _registry.serveUntil(_handler.queryHash(i), type(uint48).max);
        }
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function invariant_openingsAreCountedOnceEach() public view {
        for (uint256 i = 0; i < 3; ++i) {
            assert(_registry.dataset(_handler.datasetId(i)).openingsUsed == _handler.opened(i));
        }
    }

    function invariant_theBudgetIsNeverOverspent() public view {
        assert(!_handler.wasOverBudget());
    }

    function invariant_noVetoClosureOrPurposeIsPassedOver() public view {
        assert(!_handler.wasAgainstWord());
    }

    function invariant_theStrictestKCounts() public view {
        assert(!_handler.hadWrongK());
    }
}
