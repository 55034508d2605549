// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {ICommitteeRegistry} from "../study/ICommitteeRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {RequestId} from "../types/Identifiers.sol";
import {ReleaseClass, RequestContext} from "../types/Statement.sol";
import {Agreements} from "./Agreements.sol";
import {IQuerySmartContract} from "./IQuerySmartContract.sol";
import {Recipients} from "./Recipients.sol";

/// @title A part of a query contract: requests as they are stored, and the keys of sealed answers
/// @dev Keys come after the answer and from each worker by itself, so that whoever posts the answer cannot withhold them.
abstract contract SealedAnswers is Agreements {
    ICommitteeRegistry internal immutable _committees;

    mapping(RequestId requestId => Request) internal _requests;

    constructor(
        IAuditTrail trail,
        IMemberRegistry queriers,
        ICommitteeRegistry committees
    ) Agreements(trail, queriers) {
        _committees = ICommitteeRegistry(Deployed.check(address(committees)));
    }

    /// @inheritdoc IQuerySmartContract
    function publishKeyCopies(
        RequestContext calldata context,
        uint8 index,
        bytes32[] calldata maskKeyHashes,
        bytes[] calldata copies
    ) external {
        Request storage entry = _requests[context.requestId];
        if (entry.state == RequestState.NONE) revert QuerySmartContractUnknownRequest(context.requestId);
        _checkContext(entry, context);
        if (entry.state != RequestState.ANSWERED || context.releaseClass != ReleaseClass.SEALED) {
            revert QuerySmartContractNotSealedAnswer(context.requestId, entry.state, context.releaseClass);
        }
        (, address key, ) = _committees.signer(context.studyId, context.committeeEpoch, index);
        if (key != msg.sender) revert QuerySmartContractNotWorker(msg.sender, index);
        _checkSizes(maskKeyHashes, copies);
        emit KeyCopiesPublished(context.requestId, index, maskKeyHashes, copies);
    }

    /// @inheritdoc IQuerySmartContract
    function requestOf(RequestId requestId) external view returns (Request memory) {
        return _requests[requestId];
    }

    /// @dev At (7, 3): 35 subsets of 4 among 7 participants, of which each is in 20; a copy is 33 + 32 * keys + 16
    /// bytes. All who follow the contract read what is in its events.
    function _checkSizes(bytes32[] calldata maskKeyHashes, bytes[] calldata copies) private pure {
        bool fits = maskKeyHashes.length <= 35 && copies.length <= Recipients.MOST;
        for (uint256 i = 0; fits && i < copies.length; ++i) fits = copies[i].length <= 689;
        if (!fits) revert QuerySmartContractKeyCopiesTooLarge();
    }

    function _checkContext(Request storage entry, RequestContext calldata context) internal view {
        bytes32 contextHash = keccak256(abi.encode(context));
        if (contextHash != entry.contextHash) revert QuerySmartContractContextMismatch(contextHash, entry.contextHash);
    }
}
