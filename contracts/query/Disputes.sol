// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acts} from "../audit/Acts.sol";
import {AnswerSignature} from "../types/AnswerSignature.sol";
import {RequestId} from "../types/Identifiers.sol";
import {Outcome, ReleaseClass, RequestContext, Statement, Verdict, WorkerSignature} from "../types/Statement.sol";
import {AnswerQuorum} from "./AnswerQuorum.sol";
import {IQuerySmartContract} from "./IQuerySmartContract.sol";
import {StoredRequests} from "./StoredRequests.sol";
import {VerdictRules} from "./VerdictRules.sol";

/// @title A part of a query contract: what a quorum signed, and quorums that contradict the one that was first
abstract contract Disputes is StoredRequests {
    mapping(RequestId requestId => bool) private _disputed;

    /// @inheritdoc IQuerySmartContract
    function dispute(
        RequestContext calldata context,
        address querier,
        bytes32 outputsHash,
        Verdict calldata verdict,
        WorkerSignature[] calldata signatures
    ) external {
        RequestId requestId = context.requestId;
        (Request storage entry, bytes32 contextHash) = _known(context, querier, outputsHash);
        if (entry.outcome == Outcome.NONE) revert QuerySmartContractNothingToDispute(requestId, entry.state);
        if (_disputed[requestId]) revert QuerySmartContractAlreadyDisputed(requestId);
        bool sealedAnswer = context.releaseClass == ReleaseClass.SEALED;
        if (!_contradicts(entry.outcome, outputsHash, verdict, sealedAnswer)) {
            revert QuerySmartContractNoConflict(requestId, entry.outcome);
        }
        bytes32 statement = _checkSigned(context, verdict, signatures);
        _disputed[requestId] = true;
        emit QueryDisputed(
            requestId,
            verdict.attempt,
            verdict.outcome,
            verdict.suppressedBitmap,
            verdict.outputs,
            verdict.sealedHash,
            statement
        );
        _record(Acts.QUERY_DISPUTED, RequestId.unwrap(requestId), msg.sender, 0, contextHash, statement);
    }

    /// @inheritdoc IQuerySmartContract
    function isDisputed(RequestId requestId) external view returns (bool) {
        return _disputed[requestId];
    }

    /// @dev Reverts unless the verdict has a meaning and a quorum signed it.
    function _checkSigned(
        RequestContext calldata context,
        Verdict calldata verdict,
        WorkerSignature[] calldata signatures
    ) internal view returns (bytes32 statement) {
        VerdictRules.check(verdict, context.releaseClass);
        statement = Statement.hash(context, verdict);
        bytes32 digest = _hashTypedDataV4(AnswerSignature.structHash(statement));
        AnswerQuorum.check(_committees, _workers, context, digest, signatures);
    }

    /// @dev The attempt and which outputs are hidden do not count: hidden ones are 0.
    function _contradicts(
        Outcome outcome,
        bytes32 outputsHash,
        Verdict calldata verdict,
        bool sealedAnswer
    ) private pure returns (bool) {
        if (verdict.outcome != outcome) return true;
        if (outcome != Outcome.ANSWERED || sealedAnswer) return false;
        return keccak256(abi.encode(verdict.outputs)) != outputsHash;
    }
}
