// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Acts} from "../audit/Acts.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {IDatasetRegistry} from "../study/IDatasetRegistry.sol";
import {IStudyRegistry} from "../study/IStudyRegistry.sol";
import {CodeStorage} from "../types/CodeStorage.sol";
import {Deployed} from "../types/Deployed.sol";
import {Descriptor, ParameterBound} from "../types/Descriptor.sol";
import {QueryHash, StudyId} from "../types/Identifiers.sol";
import {Capacity} from "../types/Payee.sol";
import {Policy} from "../types/Policy.sol";
import {Tally} from "./Approvals.sol";
import {CanonicalForm} from "./CanonicalForm.sol";
import {CloneArguments, QueryOrigin} from "./CloneArguments.sol";
import {IQueryCatalogue} from "./IQueryCatalogue.sol";
import {PermittedFields} from "./PermittedFields.sol";
import {Vettings} from "./Vettings.sol";

/// @title The catalogue
contract QueryCatalogue is AccessManaged, Vettings {
    IStudyRegistry private immutable _studies;
    IDatasetRegistry private immutable _datasets;
    IAuditTrail private immutable _recorders;
    address private immutable _implementation;

    constructor(
        address authority,
        IAuditTrail trail,
        IStudyRegistry studies,
        IMemberRegistry vetters,
        IMemberRegistry queriers,
        IDatasetRegistry datasets,
        address implementation
    ) AccessManaged(Deployed.check(authority)) Vettings(trail, vetters, queriers) {
        _studies = IStudyRegistry(Deployed.check(address(studies)));
        _datasets = IDatasetRegistry(Deployed.check(address(datasets)));
        _recorders = trail;
        _implementation = Deployed.check(implementation);
    }

    /// @inheritdoc IQueryCatalogue
    function publish(
        StudyId studyId,
        bytes calldata descriptor_,
        string calldata sql,
        bytes calldata bounds,
        string calldata manifest,
        string calldata agreement
    ) external returns (QueryHash queryHash) {
        (address author, bytes32 organisation) = _author();
        bytes32 schemaHash = _studies.study(studyId).schemaHash;
        _checkContent(studyId, schemaHash, descriptor_, bounds);
        bytes32 agreementHash = keccak256(bytes(agreement));
        queryHash = CanonicalForm.hash(schemaHash, descriptor_, sql, bounds, manifest, agreementHash);
        Entry storage entry = _entries[queryHash];
        if (entry.state != QueryState.NONE) revert QueryCatalogueAlreadyPublished(queryHash);
        entry.studyId = studyId;
        entry.schemaHash = schemaHash;
        entry.agreementHash = agreementHash;
        entry.author = author;
        entry.state = QueryState.PUBLISHED;
        _keep(queryHash, entry, descriptor_, bounds);
        emit QueryPublished(queryHash, studyId, author, sql, bounds, manifest, agreement);
        bytes32 newHash = QueryHash.unwrap(queryHash);
        _record(Acts.QUERY_PUBLISHED, newHash, author, organisation, 0, newHash);
    }

    /// @inheritdoc IQueryCatalogue
    function vet(Vetting calldata vetting, bytes calldata signature) external {
        QueryHash queryHash = vetting.queryHash;
        Entry storage entry = _known(queryHash);
        if (entry.state != QueryState.PUBLISHED && entry.state != QueryState.ACTIVE) {
            revert QueryCatalogueClosed(queryHash, entry.state);
        }
        (bytes32 organisation, bytes32 structHash) = _useVetting(vetting, signature, entry.author);
        Tally memory tally = _tallyApprovals(queryHash, entry.author, _studies.policy(entry.studyId));
        entry.approvals = SafeCast.toUint8(tally.approvals);
        entry.organisations = SafeCast.toUint8(tally.organisations);
        _emitVetted(vetting);
        bytes32 act = vetting.approved ? Acts.QUERY_VETTED : Acts.QUERY_REJECTED;
        _record(act, QueryHash.unwrap(queryHash), vetting.vetter, organisation, 0, structHash);
        if (!vetting.approved || tally.sufficientUntil <= entry.activeUntil) return;
        if (entry.state == QueryState.PUBLISHED) _activate(queryHash, entry);
        _prolong(queryHash, entry, tally.sufficientUntil);
    }

    /// @inheritdoc IQueryCatalogue
    function comment(QueryHash queryHash, string calldata text) external {
        address author = _known(queryHash).author;
        _checkComment(text, 1);
        (address account, bytes32 organisation) = _vetters.activeMemberOf(msg.sender);
        if (account == address(0)) (account, organisation) = (author, _authorOrganisationOf(queryHash, author));
        emit QueryCommented(queryHash, account, text);
        bytes32 subject = QueryHash.unwrap(queryHash);
        _record(Acts.QUERY_COMMENTED, subject, account, organisation, 0, keccak256(bytes(text)));
    }

    /// @inheritdoc IQueryCatalogue
    function supersede(QueryHash queryHash, QueryHash successor) external {
        _authorOrganisationOf(successor, _known(successor).author);
        address author = _known(queryHash).author;
        _supersede(queryHash, successor, author, _authorOrganisationOf(queryHash, author));
    }

    /// @inheritdoc IQueryCatalogue
    function supersedeForAuthor(QueryHash queryHash, QueryHash successor) external restricted {
        _supersede(queryHash, successor, msg.sender, 0);
    }

    /// @inheritdoc IQueryCatalogue
    function revoke(QueryHash queryHash, string calldata reason) external restricted {
        Entry storage entry = _known(queryHash);
        if (entry.state == QueryState.REVOKED) revert QueryCatalogueAlreadyRevoked(queryHash);
        entry.state = QueryState.REVOKED;
        _datasets.serveUntil(queryHash, 0);
        emit QueryRevoked(queryHash, reason);
        _recordBecause(Acts.QUERY_REVOKED, QueryHash.unwrap(queryHash), QueryHash.unwrap(queryHash), reason);
    }

    function _activate(QueryHash queryHash, Entry storage entry) private {
        bytes32 salt = QueryHash.unwrap(queryHash);
        address clone = Clones.cloneDeterministicWithImmutableArgs(
            _implementation,
            _argumentsOf(queryHash, entry),
            salt
        );
        entry.state = QueryState.ACTIVE;
        entry.queryContract = clone;
        emit QueryActivated(queryHash, clone);
        _record(Acts.QUERY_ACTIVATED, salt, address(this), 0, 0, _subject(clone));
        _recorders.addRecorder(clone);
        _datasets.addQueryContract(queryHash, clone);
    }

    function _prolong(QueryHash queryHash, Entry storage entry, uint64 activeUntil) private {
        bytes32 before = bytes32(uint256(entry.activeUntil));
        entry.activeUntil = activeUntil;
        _datasets.serveUntil(queryHash, uint48(activeUntil)); // some years from now at most
        emit QueryProlonged(queryHash, activeUntil);
        bytes32 subject = QueryHash.unwrap(queryHash);
        _record(Acts.QUERY_PROLONGED, subject, address(this), 0, before, bytes32(uint256(activeUntil)));
    }

    function _supersede(QueryHash queryHash, QueryHash successor, address actor, bytes32 organisation) private {
        Entry storage entry = _known(queryHash);
        Entry storage next = _known(successor);
        if (entry.state != QueryState.ACTIVE) revert QueryCatalogueNotActive(queryHash, entry.state);
        if (!isActive(successor)) revert QueryCatalogueNotActive(successor, next.state);
        (bytes32 hash, bytes32 newHash) = (QueryHash.unwrap(queryHash), QueryHash.unwrap(successor));
        if (hash == newHash || StudyId.unwrap(entry.studyId) != StudyId.unwrap(next.studyId)) {
            revert QueryCatalogueInvalidSuccessor(queryHash, successor);
        }
        entry.state = QueryState.SUPERSEDED;
        _datasets.serveUntil(queryHash, 0);
        entry.successor = successor;
        emit QuerySuperseded(queryHash, successor);
        _record(Acts.QUERY_SUPERSEDED, hash, actor, organisation, hash, newHash);
    }

    /// @dev What the clone is made with.
    function _argumentsOf(QueryHash queryHash, Entry storage entry) private view returns (bytes memory) {
        Policy memory policy = _studies.policy(entry.studyId);
        QueryOrigin memory origin = QueryOrigin({
            queryHash: queryHash,
            studyId: entry.studyId,
            agreementHash: entry.agreementHash,
            catalogue: this,
            deadlineBlocks: policy.deadlineBlocks,
            price: policy.price,
            authorCapacity: _capacityOf(entry.author),
            author: entry.author,
            policyHash: keccak256(abi.encode(policy)),
            k: policy.k,
            sealedK: policy.sealedK,
            openingsBudget: policy.openingsBudget,
            organisationQuota: policy.organisationQuota
        });
        return CloneArguments.encode(origin, CodeStorage.read(entry.boundsCode), policy);
    }

    function _checkContent(
        StudyId studyId,
        bytes32 schemaHash,
        bytes calldata descriptor_,
        bytes calldata bounds
    ) private view {
        (Descriptor memory decoded, ParameterBound[] memory bound) = CanonicalForm.check(
            descriptor_,
            bounds,
            schemaHash
        );
        Policy memory policy = _studies.policy(studyId);
        PermittedFields.check(decoded, bound, policy.closedSite, _studies.fieldRules(studyId));
    }

    /// @dev An author that is a querier and a vetter earns as a querier.
    function _capacityOf(address author) private view returns (Capacity) {
        return _queriers.organisationOf(author) == 0 ? Capacity.VETTER : Capacity.QUERIER;
    }

    /// @dev The sender's organisation; it must be the current key of this query's author, an active member.
    function _authorOrganisationOf(QueryHash queryHash, address author) private view returns (bytes32 organisation) {
        address account;
        (account, organisation) = _queriers.activeMemberOf(msg.sender);
        if (account == author) return organisation;
        (account, organisation) = _vetters.activeMemberOf(msg.sender);
        if (account == author) return organisation;
        bool wasAuthor = _queriers.memberOf(msg.sender) == author || _vetters.memberOf(msg.sender) == author;
        if (wasAuthor) revert QueryCatalogueNotAuthor(msg.sender);
        revert QueryCatalogueNotAuthorOf(queryHash, msg.sender);
    }

    function _author() private view returns (address author, bytes32 organisation) {
        (author, organisation) = _queriers.activeMemberOf(msg.sender);
        if (author == address(0)) (author, organisation) = _vetters.activeMemberOf(msg.sender);
        if (author == address(0)) revert QueryCatalogueNotAuthor(msg.sender);
    }
}
