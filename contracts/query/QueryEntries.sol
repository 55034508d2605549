// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CodeStorage} from "../types/CodeStorage.sol";
import {QueryHash, StudyId} from "../types/Identifiers.sol";
import {Paging} from "../types/Paging.sol";
import {IQueryCatalogue} from "./IQueryCatalogue.sol";

/// @title A part of the catalogue: queries as they are stored, and reading them
abstract contract QueryEntries is IQueryCatalogue {
    /// author to activeUntil share a slot. Until when the query takes requests, the dataset registry keeps, too.
    struct Entry {
        StudyId studyId;
        bytes32 schemaHash;
        bytes32 agreementHash;
        address author;
        QueryState state;
        uint8 approvals;
        uint8 organisations;
        uint64 activeUntil;
        address queryContract;
        address descriptorCode;
        address boundsCode;
        QueryHash successor;
    }

    mapping(QueryHash queryHash => Entry) internal _entries;
    QueryHash[] private _queryHashes;

    /// @inheritdoc IQueryCatalogue
    function query(QueryHash queryHash) external view returns (Query memory) {
        Entry storage entry = _known(queryHash);
        return
            Query({
                studyId: entry.studyId,
                schemaHash: entry.schemaHash,
                author: entry.author,
                state: entry.state,
                approvals: entry.approvals,
                organisations: entry.organisations,
                activeUntil: entry.activeUntil,
                queryContract: entry.queryContract,
                descriptorCode: entry.descriptorCode,
                agreementHash: entry.agreementHash,
                successor: entry.successor,
                bounds: CodeStorage.read(entry.boundsCode)
            });
    }

    /// @inheritdoc IQueryCatalogue
    function descriptor(QueryHash queryHash) external view returns (bytes memory) {
        return CodeStorage.read(_known(queryHash).descriptorCode);
    }

    /// @inheritdoc IQueryCatalogue
    function isActive(QueryHash queryHash) public view returns (bool) {
        Entry storage entry = _entries[queryHash];
        return entry.state == QueryState.ACTIVE && block.timestamp <= entry.activeUntil;
    }

    /// @inheritdoc IQueryCatalogue
    function successorOf(QueryHash queryHash) external view returns (QueryHash) {
        return _entries[queryHash].successor;
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
    ) internal {
        bytes32 salt = QueryHash.unwrap(queryHash);
        entry.descriptorCode = CodeStorage.write(salt, descriptor_);
        // The other salt keeps the two apart should their bytes ever be equal.
        entry.boundsCode = CodeStorage.write(~salt, bounds);
        _queryHashes.push(queryHash);
    }

    function _known(QueryHash queryHash) internal view returns (Entry storage entry) {
        entry = _entries[queryHash];
        if (entry.state == QueryState.NONE) revert QueryCatalogueUnknown(queryHash);
    }
}
