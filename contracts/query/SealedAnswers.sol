// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReleaseClass, RequestContext} from "../types/Statement.sol";
import {IQuerySmartContract} from "./IQuerySmartContract.sol";
import {Recipients} from "./Recipients.sol";
import {StoredRequests} from "./StoredRequests.sol";

/// @title A part of a query contract: the keys of sealed answers
/// @dev Keys come after the answer and from each worker by itself, so that whoever posts the answer cannot withhold them.
abstract contract SealedAnswers is StoredRequests {
    /// @inheritdoc IQuerySmartContract
    function publishKeyCopies(
        RequestContext calldata context,
        address querier,
        bytes32 outputsHash,
        uint8 index,
        bytes32[] calldata maskKeyHashes,
        bytes[] calldata copies
    ) external {
        (Request storage entry, ) = _known(context, querier, outputsHash);
        if (entry.state != RequestState.ANSWERED || context.releaseClass != ReleaseClass.SEALED) {
            revert QuerySmartContractNotSealedAnswer(context.requestId, entry.state, context.releaseClass);
        }
        (, address key, ) = _committees.signer(context.studyId, context.committeeEpoch, index);
        if (key != msg.sender) revert QuerySmartContractNotWorker(msg.sender, index);
        _checkSizes(maskKeyHashes, copies);
        emit KeyCopiesPublished(context.requestId, index, maskKeyHashes, copies);
    }

    /// @dev At (7, 3): 35 subsets of 4 among 7 participants, of which each is in 20; a copy is 33 + 32 * keys + 16
    /// bytes. All who follow the contract read what is in its events.
    function _checkSizes(bytes32[] calldata maskKeyHashes, bytes[] calldata copies) private pure {
        bool fits = maskKeyHashes.length <= 35 && copies.length <= Recipients.MOST;
        for (uint256 i = 0; fits && i < copies.length; ++i) fits = copies[i].length <= 689;
        if (!fits) revert QuerySmartContractKeyCopiesTooLarge();
    }
}
