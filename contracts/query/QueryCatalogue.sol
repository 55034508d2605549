// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Acts} from "../audit/Acts.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IEscrow} from "../fees/IEscrow.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {IStudyRegistry} from "../study/IStudyRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {QueryHash, StudyId} from "../types/Identifiers.sol";
import {Paging} from "../types/Paging.sol";
import {Policy} from "../types/Policy.sol";
import {CanonicalForm} from "./CanonicalForm.sol";
import {CodeStorage} from "./CodeStorage.sol";
import {IQueryCatalogue} from "./IQueryCatalogue.sol";
import {QueryOrigin} from "./QueryOrigin.sol";
import {Vettings} from "./Vettings.sol";

/// @title The catalogue
contract QueryCatalogue is AccessManaged, Vettings {
    struct Entry {
        StudyId studyId;
        bytes32 schemaHash;
        bytes32 agreementHash;
        address author;
        QueryState state;
        uint8 approvals;
        uint8 organisations;
        address queryContract;
        address descriptorCode;
        address boundsCode;
    }

    IStudyRegistry private immutable _studies;
    IEscrow private immutable _escrow;
    IAuditTrail private immutable _recorders;
    address private immutable _implementation;

    mapping(QueryHash queryHash => Entry) private _entries;
    QueryHash[] private _queryHashes;

    constructor(
        address authority,
        IAuditTrail trail,
        IStudyRegistry studies,
        IMemberRegistry vetters,
        IMemberRegistry queriers,
        IEscrow escrow,
        address implementation
    ) AccessManaged(Deployed.check(authority)) Vettings(trail, vetters, queriers) {
        _studies = IStudyRegistry(Deployed.check(address(studies)));
        _escrow = IEscrow(Deployed.check(address(escrow)));
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
        bytes32 organisation = _authorOrganisation();
        bytes32 schemaHash = _studies.study(studyId).schemaHash;
        CanonicalForm.check(descriptor_, bounds, schemaHash);
        bytes32 agreementHash = keccak256(bytes(agreement));
        queryHash = CanonicalForm.hash(schemaHash, descriptor_, sql, bounds, manifest, agreementHash);
        Entry storage entry = _entries[queryHash];
        if (entry.state != QueryState.NONE) revert QueryCatalogueAlreadyPublished(queryHash);
        entry.studyId = studyId;
        entry.schemaHash = schemaHash;
        entry.agreementHash = agreementHash;
        entry.author = msg.sender;
        entry.state = QueryState.PUBLISHED;
        _keep(queryHash, entry, descriptor_, bounds);
        emit QueryPublished(queryHash, studyId, msg.sender, sql, bounds, manifest, agreement);
        bytes32 newHash = QueryHash.unwrap(queryHash);
        _record(Acts.QUERY_PUBLISHED, newHash, msg.sender, organisation, 0, newHash);
    }

    /// @inheritdoc IQueryCatalogue
    function vet(Vetting calldata vetting, bytes calldata signature) external {
        QueryHash queryHash = vetting.queryHash;
        Entry storage entry = _known(queryHash);
        if (entry.state != QueryState.PUBLISHED) revert QueryCatalogueNotPublished(queryHash, entry.state);
        (bytes32 organisation, bytes32 structHash) = _useVetting(vetting, signature, entry.author);
        if (vetting.approved) {
            (uint256 approvals, uint256 organisations) = _countApprovals(queryHash, entry.author);
            entry.approvals = SafeCast.toUint8(approvals);
            entry.organisations = SafeCast.toUint8(organisations);
        }
        emit QueryVetted(queryHash, vetting.vetter, vetting.approved, vetting.name, vetting.meaning, vetting.signedAt);
        bytes32 act = vetting.approved ? Acts.QUERY_VETTED : Acts.QUERY_REJECTED;
        _record(act, QueryHash.unwrap(queryHash), vetting.vetter, organisation, 0, structHash);
        if (vetting.approved) _activateWhenApproved(queryHash, entry);
    }

    /// @inheritdoc IQueryCatalogue
    function revoke(QueryHash queryHash, string calldata reason) external restricted {
        Entry storage entry = _known(queryHash);
        if (entry.state == QueryState.REVOKED) revert QueryCatalogueAlreadyRevoked(queryHash);
        entry.state = QueryState.REVOKED;
        emit QueryRevoked(queryHash, reason);
        _recordBecause(Acts.QUERY_REVOKED, QueryHash.unwrap(queryHash), QueryHash.unwrap(queryHash), reason);
    }

    /// @inheritdoc IQueryCatalogue
    function query(QueryHash queryHash) external view returns (Query memory) {
        Entry storage entry = _known(queryHash);
        return
            Query(
                entry.studyId,
                entry.schemaHash,
                entry.author,
                entry.state,
                entry.approvals,
                entry.organisations,
                entry.queryContract,
                entry.descriptorCode,
                entry.agreementHash,
                CodeStorage.read(entry.boundsCode)
            );
    }

    /// @inheritdoc IQueryCatalogue
    function descriptor(QueryHash queryHash) external view returns (bytes memory) {
        return CodeStorage.read(_known(queryHash).descriptorCode);
    }

    /// @inheritdoc IQueryCatalogue
    function isActive(QueryHash queryHash) external view returns (bool) {
        return _entries[queryHash].state == QueryState.ACTIVE;
    }

    /// @inheritdoc IQueryCatalogue
    function count() external view returns (uint256) {
        return _queryHashes.length;
    }

    /// @inheritdoc IQueryCatalogue
    function queries(uint256 offset, uint256 limit) external view returns (QueryHash[] memory page) {
        page = new QueryHash[](Paging.size(_queryHashes.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) page[i] = _queryHashes[offset + i];
    }

    function _keep(
        QueryHash queryHash,
        Entry storage entry,
        bytes calldata descriptor_,
        bytes calldata bounds
    ) private {
        bytes32 salt = QueryHash.unwrap(queryHash);
        entry.descriptorCode = CodeStorage.write(salt, descriptor_);
        // The other salt keeps the two apart should their bytes ever be equal.
        entry.boundsCode = CodeStorage.write(~salt, bounds);
        _queryHashes.push(queryHash);
    }

    function _activateWhenApproved(QueryHash queryHash, Entry storage entry) private {
        Policy memory policy = _studies.policy(entry.studyId);
        if (entry.approvals < policy.vettings || entry.organisations < policy.vettingOrganisations) return;
        QueryOrigin memory origin = QueryOrigin(queryHash, entry.studyId, entry.agreementHash, this, entry.boundsCode);
        bytes32 salt = QueryHash.unwrap(queryHash);
        address clone = Clones.cloneDeterministicWithImmutableArgs(_implementation, abi.encode(origin), salt);
        entry.state = QueryState.ACTIVE;
        entry.queryContract = clone;
        emit QueryActivated(queryHash, clone);
        _record(Acts.QUERY_ACTIVATED, salt, address(this), 0, 0, _subject(clone));
        _recorders.addRecorder(clone);
        _escrow.addQueryContract(clone, entry.author);
    }

    function _authorOrganisation() private view returns (bytes32) {
        if (_queriers.isActive(msg.sender)) return _queriers.organisationOf(msg.sender);
        if (_vetters.isActive(msg.sender)) return _vetters.organisationOf(msg.sender);
        revert QueryCatalogueNotAuthor(msg.sender);
    }

    function _known(QueryHash queryHash) private view returns (Entry storage entry) {
        entry = _entries[queryHash];
        if (entry.state == QueryState.NONE) revert QueryCatalogueUnknown(queryHash);
    }
}
