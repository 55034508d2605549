// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {DatasetId, QueryHash, StudyId} from "../types/Identifiers.sol";
import {LEAST_K, MOST_K} from "../types/Policy.sol";
import {IDatasetRegistry} from "./IDatasetRegistry.sol";
import {IOwnerTerms} from "./IOwnerTerms.sol";
import {RequestQuotas} from "./RequestQuotas.sol";
import {StudyStandings} from "./StudyStandings.sol";

/// @title Part of the dataset registry: whose data they are, on which terms, and how often they were opened
abstract contract OwnerTerms is IDatasetRegistry, RequestQuotas, StudyStandings, Audited {
    /// @dev What requests may do with data: RETIRED is for ever.
    enum Availability {
        OPEN,
        CLOSED,
        RETIRED
    }

    /// @dev One slot: a request reads and writes it once per dataset. owner: zero before the first version.
    struct Holding {
        address owner;
        uint32 openingsUsed;
        uint32 openingsBudget;
        uint16 k;
        Availability availability;
        bool hasPurposes;
    }

    /// @dev One slot: a request reads it. queryContract: zero before the query is active; activeUntil: as the catalogue says;
    /// vetoes: of how many datasets, far below 2^48.
    struct Use {
        address queryContract;
        uint48 activeUntil;
        uint48 vetoes;
    }

    uint256 private constant MAX_PURPOSES = 16;

    IMemberRegistry internal immutable _owners;
    IMemberRegistry private immutable _queriers;

    mapping(DatasetId datasetId => Holding) internal _holdings;
    mapping(DatasetId datasetId => bytes32[]) private _purposes;
    mapping(QueryHash queryHash => Use) private _uses;
    mapping(QueryHash queryHash => mapping(DatasetId datasetId => bool)) private _vetoed;

    constructor(
        address authority,
        IAuditTrail trail,
        IMemberRegistry owners,
        IMemberRegistry queriers
    ) AccessManaged(Deployed.check(authority)) Audited(trail) {
        _owners = IMemberRegistry(Deployed.check(address(owners)));
        _queriers = IMemberRegistry(Deployed.check(address(queriers)));
    }

    /// @inheritdoc IOwnerTerms
    function setTerms(StudyId studyId, Terms calldata terms) external {
        (address owner, bytes32 organisation, DatasetId datasetId) = _ownDataset(studyId, !terms.closed);
        if (terms.k != 0 && (terms.k < LEAST_K || terms.k > MOST_K)) revert DatasetRegistryInvalidTerms("k");
        if (terms.purposes.length > MAX_PURPOSES) revert DatasetRegistryInvalidTerms("purposes");
        bytes32 oldHash = keccak256(abi.encode(_termsOf(datasetId)));
        Holding storage holding = _holdings[datasetId];
        holding.openingsBudget = terms.openingsBudget;
        holding.k = terms.k;
        holding.availability = terms.closed ? Availability.CLOSED : Availability.OPEN;
        holding.hasPurposes = terms.purposes.length != 0;
        _purposes[datasetId] = terms.purposes;
        emit TermsSet(datasetId, owner, terms);
        bytes32 newHash = keccak256(abi.encode(terms));
        _record(Acts.TERMS_SET, DatasetId.unwrap(datasetId), owner, organisation, oldHash, newHash);
    }

    /// @inheritdoc IOwnerTerms
    function veto(StudyId studyId, QueryHash queryHash, string calldata reason) external {
        (address owner, bytes32 organisation, DatasetId datasetId) = _ownDataset(studyId, false);
        if (_vetoed[queryHash][datasetId]) revert DatasetRegistryVetoed(datasetId, queryHash);
        _vetoed[queryHash][datasetId] = true;
        ++_uses[queryHash].vetoes;
        emit QueryVetoed(queryHash, datasetId, owner, reason);
        bytes32 subject = QueryHash.unwrap(queryHash);
        bytes32 newHash = DatasetId.unwrap(datasetId);
        _recordBecause(Acts.QUERY_VETOED, subject, owner, organisation, newHash, reason);
    }

    /// @inheritdoc IOwnerTerms
    function liftVeto(StudyId studyId, QueryHash queryHash) external {
        (address owner, bytes32 organisation, DatasetId datasetId) = _ownDataset(studyId, true);
        if (!_vetoed[queryHash][datasetId]) revert DatasetRegistryNotVetoed(datasetId, queryHash);
        delete _vetoed[queryHash][datasetId];
        --_uses[queryHash].vetoes;
        emit VetoLifted(queryHash, datasetId, owner);
        bytes32 subject = QueryHash.unwrap(queryHash);
        _record(Acts.VETO_LIFTED, subject, owner, organisation, DatasetId.unwrap(datasetId), 0);
    }

    /// @inheritdoc IOwnerTerms
    function addQueryContract(QueryHash queryHash, address queryContract) external restricted {
        Deployed.check(queryContract);
        Use storage entry = _uses[queryHash];
        if (entry.queryContract != address(0))
            revert DatasetRegistryAlreadyQueryContract(queryHash, entry.queryContract);
        entry.queryContract = queryContract;
        emit DataUserAdded(queryHash, queryContract);
        _record(Acts.DATA_USER_ADDED, _subject(queryContract), msg.sender, 0, 0, queryContract.codehash);
    }

    /// @inheritdoc IOwnerTerms
    function serveUntil(QueryHash queryHash, uint48 activeUntil) external restricted {
        _uses[queryHash].activeUntil = activeUntil;
    }

    /// @inheritdoc IOwnerTerms
    function open(
        StudyId studyId,
        QueryHash queryHash,
        DatasetId[] calldata datasetIds,
        address querier,
        uint32 studyBudget,
        uint24 quota
    ) external returns (bytes32[] memory roots, uint16 k, Standing memory standing) {
        Use memory use = _uses[queryHash];
        if (use.queryContract != msg.sender) revert DatasetRegistryNotQueryContract(queryHash, msg.sender);
        if (block.timestamp > use.activeUntil) revert DatasetRegistryInactiveQuery(queryHash);
        standing = _standing(studyId);
        if (quota != 0) _countRequest(studyId, _queriers.organisationOf(querier), quota);
        roots = new bytes32[](datasetIds.length);
        for (uint256 i = 0; i < roots.length; ++i) {
            DatasetId datasetId = datasetIds[i];
            roots[i] = _rootOf(studyId, datasetId);
            if (roots[i] == 0) continue;
            if (use.vetoes != 0 && _vetoed[queryHash][datasetId]) revert DatasetRegistryVetoed(datasetId, queryHash);
            uint16 own = _use(datasetId, querier, studyBudget);
            if (own > k) k = own;
        }
    }

    /// @inheritdoc IOwnerTerms
    function termsOf(DatasetId datasetId) external view returns (Terms memory) {
        return _termsOf(datasetId);
    }

    /// @inheritdoc IOwnerTerms
    function servedUntil(QueryHash queryHash) external view returns (uint48) {
        return _uses[queryHash].activeUntil;
    }

    /// @inheritdoc IOwnerTerms
    function isVetoed(QueryHash queryHash, DatasetId datasetId) external view returns (bool) {
        return _vetoed[queryHash][datasetId];
    }

    /// @inheritdoc IDatasetRegistry
    function datasetIdOf(StudyId studyId, address owner) public view returns (DatasetId) {
        return DatasetId.wrap(keccak256(abi.encode(block.chainid, address(this), studyId, owner)));
    }

    /// @dev The latest root, 0 for an unknown dataset or one of another study.
    function _rootOf(StudyId studyId, DatasetId datasetId) internal view virtual returns (bytes32);

    /// @dev The sender's dataset, which is not retired.
    /// @param active whether its credential must be valid: not to take its data out of reach
    function _ownDataset(
        StudyId studyId,
        bool active
    ) internal view returns (address owner, bytes32 organisation, DatasetId datasetId) {
        (owner, organisation) = _owners.activeMemberOf(msg.sender);
        if (owner == address(0) && !active) {
            owner = _owners.memberOf(msg.sender);
            organisation = _owners.organisationOf(owner);
        }
        if (owner == address(0)) revert DatasetRegistryInactiveOwner(msg.sender);
        datasetId = datasetIdOf(studyId, owner);
        _requireNotRetired(datasetId);
    }

    function _requireNotRetired(DatasetId datasetId) internal view {
        if (_holdings[datasetId].availability == Availability.RETIRED) revert DatasetRegistryRetired(datasetId);
    }

    /// @dev Counts one opening and returns the owner's k.
    function _use(DatasetId datasetId, address querier, uint32 studyBudget) private returns (uint16) {
        Holding storage entry = _holdings[datasetId];
        Holding memory holding = entry;
        if (holding.availability == Availability.RETIRED) revert DatasetRegistryRetired(datasetId);
        if (holding.availability == Availability.CLOSED) revert DatasetRegistryClosed(datasetId);
        uint32 own = holding.openingsBudget;
        uint32 budget = own != 0 && own < studyBudget ? own : studyBudget;
        if (holding.openingsUsed >= budget) revert DatasetRegistryBudgetSpent(datasetId, budget);
        if (holding.hasPurposes) {
            bytes32 missing = _queriers.missingPurpose(querier, _purposes[datasetId]);
            if (missing != 0) revert DatasetRegistryMissingPurpose(datasetId, missing);
        }
        entry.openingsUsed = holding.openingsUsed + 1;
        return holding.k;
    }

    function _termsOf(DatasetId datasetId) private view returns (Terms memory) {
        Holding memory holding = _holdings[datasetId];
        bool isClosed = holding.availability != Availability.OPEN;
        return Terms(holding.k, holding.openingsBudget, isClosed, _purposes[datasetId]);
    }
}
