// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IQuerySmartContract} from "../query/IQuerySmartContract.sol";
import {QueryHash, RequestId} from "../types/Identifiers.sol";
import {RequestCommitment} from "../types/RequestCommitment.sol";
import {ReleaseClass} from "../types/Statement.sol";
import {CitedDataset, Evidence, Look, Source, TrialRules, TrialVerdict} from "../types/Trial.sol";
import {IAdaptiveTrial} from "./IAdaptiveTrial.sol";

/// @title Whether a verdict cites an answer that the rules allow, and on how many subjects that answer stands
library Citation {
    /// @dev More rows than any study has (2^28 per dataset); a negative sum is far above.
    uint256 private constant MAX_COUNT = type(uint32).max;

    /// @dev `queryContract` is the one that the rules' query had at registration, zero for a query they do not name.
    /// O(datasets x segments), paid by whoever relays.
    function check(
        TrialRules memory rules,
        Look memory look,
        TrialVerdict memory verdict,
        Evidence calldata evidence,
        address queryContract,
        uint64 decidedBlock
    ) internal view returns (uint256 enrolled) {
        Source memory source = _sourceOf(rules, verdict.queryHash, evidence.context.parametersHash);
        _checkAnswer(verdict, evidence, IQuerySmartContract(queryContract));
        uint64 requestBlock = evidence.context.requestBlock;
        if (requestBlock <= decidedBlock) {
            revert IAdaptiveTrial.AdaptiveTrialAnswerNotNewer(verdict.requestId, requestBlock, decidedBlock);
        }
        enrolled = _rowsOf(evidence);
        if (enrolled < look.minimumEnrolled) {
            revert IAdaptiveTrial.AdaptiveTrialTooFewEnrolled(enrolled, look.minimumEnrolled);
        }
        _checkResponded(source, verdict, evidence);
        if (verdict.responded < look.minimumResponded) {
            revert IAdaptiveTrial.AdaptiveTrialTooFewResponded(verdict.responded, look.minimumResponded);
        }
    }

    /// @dev A STOP may cite nothing: patients' safety waits for no answer.
    function isNone(TrialVerdict memory verdict) internal pure returns (bool) {
        if (RequestId.unwrap(verdict.requestId) != 0) return false;
        bool empty = QueryHash.unwrap(verdict.queryHash) == 0 && verdict.outputsHash == 0 && verdict.responded == 0;
        if (!empty) revert IAdaptiveTrial.AdaptiveTrialNothingCited();
        return true;
    }

    function _sourceOf(
        TrialRules memory rules,
        QueryHash queryHash,
        bytes32 parametersHash
    ) private pure returns (Source memory source) {
        for (uint256 i = 0; i < rules.sources.length; ++i) {
            source = rules.sources[i];
            bool named = QueryHash.unwrap(source.queryHash) == QueryHash.unwrap(queryHash);
            if (named && (source.parametersHash == 0 || source.parametersHash == parametersHash)) return source;
        }
        revert IAdaptiveTrial.AdaptiveTrialQueryNotRegistered(queryHash, parametersHash);
    }

    /// @dev The commitment to the context fixes the study, the query, the datasets and the release class along with it.
    function _checkAnswer(
        TrialVerdict memory verdict,
        Evidence calldata evidence,
        IQuerySmartContract queryContract
    ) private view {
        IQuerySmartContract.Request memory request = queryContract.requestOf(verdict.requestId);
        if (request.state != IQuerySmartContract.RequestState.ANSWERED) {
            revert IAdaptiveTrial.AdaptiveTrialNotAnswered(verdict.requestId, request.state);
        }
        bytes32 contextHash = keccak256(abi.encode(evidence.context));
        bytes28 given = RequestCommitment.hash(contextHash, evidence.querier, verdict.outputsHash);
        if (given != request.commitment) {
            revert IAdaptiveTrial.AdaptiveTrialAnswerMismatch(given, request.commitment);
        }
    }

    function _rowsOf(Evidence calldata evidence) private pure returns (uint256 rows) {
        bytes32[] calldata roots = evidence.context.datasetRoots;
        if (evidence.datasets.length != roots.length) {
            revert IAdaptiveTrial.AdaptiveTrialDatasetCount(evidence.datasets.length, roots.length);
        }
        for (uint256 i = 0; i < roots.length; ++i) {
            CitedDataset calldata cited = evidence.datasets[i];
            bytes32 root = keccak256(abi.encode(cited.datasetId, cited.version, cited.segments));
            if (root != roots[i]) revert IAdaptiveTrial.AdaptiveTrialDatasetMismatch(i);
            for (uint256 j = 0; j < cited.segments.length; ++j) rows += cited.segments[j].rowCount;
        }
    }

    /// @dev Of a SEALED answer the number is the board's word.
    function _checkResponded(
        Source memory source,
        TrialVerdict memory verdict,
        Evidence calldata evidence
    ) private pure {
        if (evidence.context.releaseClass != ReleaseClass.PUBLIC) {
            if (evidence.outputs.length != 0) revert IAdaptiveTrial.AdaptiveTrialOutputsSealed();
            return;
        }
        bytes32 outputsHash = keccak256(abi.encode(evidence.outputs));
        if (outputsHash != verdict.outputsHash) {
            revert IAdaptiveTrial.AdaptiveTrialOutputsMismatch(outputsHash, verdict.outputsHash);
        }
        uint256 counted = 0;
        for (uint256 i = 0; i < source.respondedOutputs.length; ++i) {
            uint16 index = source.respondedOutputs[i];
            bool isCount = index < evidence.outputs.length && evidence.outputs[index] <= MAX_COUNT;
            if (!isCount) revert IAdaptiveTrial.AdaptiveTrialNotACount(index);
            counted += evidence.outputs[index];
        }
        if (counted != verdict.responded) {
            revert IAdaptiveTrial.AdaptiveTrialRespondedMismatch(verdict.responded, counted);
        }
    }
}
