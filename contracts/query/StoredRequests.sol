// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICommitteeRegistry} from "../study/ICommitteeRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {RequestId} from "../types/Identifiers.sol";
import {RequestCommitment} from "../types/RequestCommitment.sol";
import {RequestContext} from "../types/Statement.sol";
import {Agreements} from "./Agreements.sol";
import {IQuerySmartContract} from "./IQuerySmartContract.sol";

/// @title A part of a query contract: requests as they are stored, one word each
abstract contract StoredRequests is Agreements {
    ICommitteeRegistry internal immutable _committees;

    mapping(RequestId requestId => Request) internal _requests;

    constructor(ICommitteeRegistry committees) {
        _committees = ICommitteeRegistry(Deployed.check(address(committees)));
    }

    /// @inheritdoc IQuerySmartContract
    function requestOf(RequestId requestId) external view returns (Request memory) {
        return _requests[requestId];
    }

    /// @dev The request with these words behind it; reverts where there is none, or where it has others.
    function _known(
        RequestContext calldata context,
        address querier,
        bytes32 outputsHash
    ) internal view returns (Request storage entry, bytes32 contextHash) {
        entry = _existing(context.requestId);
        contextHash = _checkWords(entry, context, querier, outputsHash);
    }

    /// @dev The same of one that has not come to its end.
    function _open(
        RequestContext calldata context,
        address querier
    ) internal view returns (Request storage entry, bytes32 contextHash) {
        entry = _existing(context.requestId);
        if (entry.state != RequestState.REQUESTED) revert QuerySmartContractNotOpen(context.requestId, entry.state);
        contextHash = _checkWords(entry, context, querier, 0);
    }

    function _existing(RequestId requestId) internal view returns (Request storage entry) {
        entry = _requests[requestId];
        if (entry.state == RequestState.NONE) revert QuerySmartContractUnknownRequest(requestId);
    }

    function _checkWords(
        Request storage entry,
        RequestContext calldata context,
        address querier,
        bytes32 outputsHash
    ) internal view returns (bytes32 contextHash) {
        contextHash = keccak256(abi.encode(context));
        bytes28 given = RequestCommitment.hash(contextHash, querier, outputsHash);
        if (given != entry.commitment) revert QuerySmartContractCommitmentMismatch(given, entry.commitment);
    }
}
