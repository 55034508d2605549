// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {Assurance} from "../result/IResultVerifier.sol";
import {ICommitteeRegistry} from "../study/ICommitteeRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {RequestId} from "../types/Identifiers.sol";
import {RequestCommitment} from "../types/RequestCommitment.sol";
import {Outcome, RequestContext} from "../types/Statement.sol";
import {Agreements} from "./Agreements.sol";
import {IQuerySmartContract} from "./IQuerySmartContract.sol";

/// @title A part of a query contract: requests as they are stored, one word each
abstract contract StoredRequests is Agreements {
    ICommitteeRegistry internal immutable _committees;
    IMemberRegistry internal immutable _workers;

    mapping(RequestId requestId => Request) private _requests;

    constructor(ICommitteeRegistry committees, IMemberRegistry workers) {
        _committees = ICommitteeRegistry(Deployed.check(address(committees)));
        _workers = IMemberRegistry(Deployed.check(address(workers)));
    }

    /// @inheritdoc IQuerySmartContract
    function requestOf(RequestId requestId) external view returns (Request memory) {
        return _requests[requestId];
    }

    /// @dev A request that there was not before.
    function _add(RequestId requestId, bytes28 commitment) internal {
        if (_requests[requestId].state != RequestState.NONE) revert QuerySmartContractAlreadyRequested(requestId);
        _store(requestId, Request(RequestState.REQUESTED, Assurance.NONE, Outcome.NONE, false, commitment));
    }

    /// @dev Writes the slot once: Solidity assigns a struct field by field, and reads and writes the slot for several of them.
    function _store(RequestId requestId, Request memory entry) internal {
        Request storage slot = _requests[requestId];
        uint256 word =
            (uint256(uint224(entry.commitment)) << 32) |
                (entry.suppressed ? 1 << 24 : 0) |
                (uint256(entry.outcome) << 16) |
                (uint256(entry.assurance) << 8) |
                uint256(entry.state);
        assembly ("memory-safe") {
            sstore(slot.slot, word)
        }
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
    function _requireOpen(RequestContext calldata context, address querier) internal view returns (bytes32) {
        Request storage entry = _existing(context.requestId);
        if (entry.state != RequestState.REQUESTED) revert QuerySmartContractNotOpen(context.requestId, entry.state);
        return _checkWords(entry, context, querier, 0);
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
