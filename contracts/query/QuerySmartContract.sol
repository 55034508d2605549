// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IConsentRegistry} from "../consent/IConsentRegistry.sol";
import {ICredits} from "../fees/ICredits.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {IProofVerifierRegistry} from "../result/IProofVerifierRegistry.sol";
import {Assurance} from "../result/IResultVerifier.sol";
import {ICommitteeRegistry} from "../study/ICommitteeRegistry.sol";
import {IDatasetRegistry} from "../study/IDatasetRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {DatasetId, RequestId} from "../types/Identifiers.sol";
import {RequestCommitment} from "../types/RequestCommitment.sol";
import {Outcome, ReleaseClass, RequestContext, Verdict, WorkerSignature} from "../types/Statement.sol";
import {Agreements} from "./Agreements.sol";
import {CloneArguments, QueryOrigin} from "./CloneArguments.sol";
import {DatasetChoice} from "./DatasetChoice.sol";
import {Disputes} from "./Disputes.sol";
import {IQuerySmartContract} from "./IQuerySmartContract.sol";
import {Parameters} from "./Parameters.sol";
import {Payments} from "./Payments.sol";
import {ProvableAnswers} from "./ProvableAnswers.sol";
import {Recipients} from "./Recipients.sol";
import {RequestPolicy} from "./RequestPolicy.sol";
import {SealedAnswers} from "./SealedAnswers.sol";
import {StoredRequests} from "./StoredRequests.sol";

/// @title The implementation that every vetted query's contract is a clone of
/// @dev The registries are immutables of the implementation, shared by all clones; {Agreements} says how a clone knows its
/// query. Each base contract is a part with its own state, and says what it is constructed with.
contract QuerySmartContract is Payments, SealedAnswers, ProvableAnswers, Disputes {
    IConsentRegistry private immutable _consents;

    constructor(
        IAuditTrail trail,
        IMemberRegistry queriers,
        ICommitteeRegistry committees,
        IMemberRegistry workers,
        IDatasetRegistry datasets,
        IConsentRegistry consents,
        ICredits credits,
        IProofVerifierRegistry verifiers
    )
        Audited(trail)
        Agreements(queriers)
        StoredRequests(committees, workers)
        Payments(datasets, credits)
        ProvableAnswers(verifiers)
    {
        _consents = IConsentRegistry(Deployed.check(address(consents)));
    }

    /// @inheritdoc IQuerySmartContract
    function request(
        uint256 nonce,
        bytes calldata parameters,
        DatasetId[] calldata datasetIds,
        ReleaseClass releaseClass,
        bytes[] calldata recipients
    ) external payable returns (RequestId requestId) {
        bytes memory arguments = _arguments();
        QueryOrigin memory origin = CloneArguments.origin(arguments);
        RequestContext memory context;
        context.recipientsHash = Recipients.hash(releaseClass, recipients);
        (address querier, bytes32 organisation) = _authorise(origin.price, arguments);
        Parameters.check(parameters, CloneArguments.bounds(arguments));
        context.studyId = origin.studyId;
        context.queryHash = origin.queryHash;
        context.parametersHash = keccak256(parameters);
        context.requestBlock = uint64(block.number);
        context.releaseClass = releaseClass;
        uint16 k = _open(context, origin, arguments, datasetIds, querier);
        requestId = _newRequestId(nonce, querier, context);
        context.requestId = requestId;
        bytes32 contextHash = keccak256(abi.encode(context));
        bytes28 commitment = RequestCommitment.hash(contextHash, querier, 0);
        _add(requestId, commitment);
        uint64 deadlineBlock = _deadline(origin.deadlineBlocks, context.requestBlock);
        emit QueryRequested(requestId, querier, parameters, datasetIds, context, deadlineBlock, recipients, k);
        _recordUnlessStopped(Acts.QUERY_REQUESTED, requestId, querier, organisation, 0, contextHash);
    }

    /// @inheritdoc IQuerySmartContract
    function answer(
        RequestContext calldata context,
        address querier,
        Verdict calldata verdict,
        WorkerSignature[] calldata signatures
    ) external {
        bytes32 contextHash = _requireOpen(context, querier);
        uint64 deadlineBlock = _deadline(CloneArguments.deadlineBlocks(address(this)), context.requestBlock);
        if (block.number > deadlineBlock) {
            revert QuerySmartContractDeadlinePassed(deadlineBlock, uint64(block.number));
        }
        bytes32 statement = _checkSigned(context, verdict, signatures);
        RequestId requestId = context.requestId;
        bytes32 act =
            verdict.outcome == Outcome.ANSWERED
                ? _answered(requestId, verdict, statement, contextHash, querier)
                : _refused(requestId, verdict, statement, contextHash, querier);
        _recordUnlessStopped(act, requestId, msg.sender, 0, contextHash, statement);
        // Work that ended in a refusal is paid; a failure means that no work was done.
        if (verdict.outcome == Outcome.FAILED_UNAVAILABLE) _refund(requestId, querier, _origin().price);
    }

    /// @inheritdoc IQuerySmartContract
    function expire(RequestContext calldata context, address querier) external {
        bytes32 contextHash = _requireOpen(context, querier);
        QueryOrigin memory origin = _origin();
        uint64 deadlineBlock = _deadline(origin.deadlineBlocks, context.requestBlock);
        if (block.number <= deadlineBlock) {
            revert QuerySmartContractDeadlineNotReached(deadlineBlock, uint64(block.number));
        }
        RequestId requestId = context.requestId;
        _existing(requestId).state = RequestState.EXPIRED;
        emit QueryExpired(requestId);
        _record(Acts.QUERY_EXPIRED, RequestId.unwrap(requestId), msg.sender, 0, contextHash, 0);
        _refund(requestId, querier, origin.price);
    }

    /// @return the act
    function _answered(
        RequestId requestId,
        Verdict calldata verdict,
        bytes32 statement,
        bytes32 contextHash,
        address querier
    ) private returns (bytes32) {
        bytes32 outputsHash = keccak256(abi.encode(verdict.outputs));
        bytes28 commitment = RequestCommitment.hash(contextHash, querier, outputsHash);
        bool suppressed = verdict.suppressedBitmap.length != 0;
        _store(requestId, Request(RequestState.ANSWERED, Assurance.QUORUM, Outcome.ANSWERED, suppressed, commitment));
        emit QueryAnswered(
            requestId,
            verdict.attempt,
            verdict.suppressedBitmap,
            verdict.outputs,
            verdict.sealedHash,
            statement
        );
        return Acts.QUERY_ANSWERED;
    }

    /// @return the act
    function _refused(
        RequestId requestId,
        Verdict calldata verdict,
        bytes32 statement,
        bytes32 contextHash,
        address querier
    ) private returns (bytes32) {
        bool failed = verdict.outcome == Outcome.FAILED_UNAVAILABLE;
        RequestState state = failed ? RequestState.FAILED : RequestState.REFUSED;
        bytes28 commitment = RequestCommitment.hash(contextHash, querier, 0);
        _store(requestId, Request(state, Assurance.QUORUM, verdict.outcome, false, commitment));
        emit QueryRefused(requestId, verdict.attempt, verdict.outcome, statement);
        return failed ? Acts.QUERY_FAILED : Acts.QUERY_REFUSED;
    }

    /// @dev The record of what an emergency stops. It is stopped here, where the trail is written to, and not before: the
    /// trail's word says so, and is read now anyhow. Reverting undoes all that went before.
    function _recordUnlessStopped(
        bytes32 act,
        RequestId requestId,
        address actor,
        bytes32 organisation,
        bytes32 oldHash,
        bytes32 newHash
    ) private {
        bool recorded = _recordUnlessStopped(act, RequestId.unwrap(requestId), actor, organisation, oldHash, newHash);
        if (!recorded) revert QuerySmartContractStopped();
    }

    /// @dev Opens the data, and sets what the registries decide of the context. Returns the request's k.
    function _open(
        RequestContext memory context,
        QueryOrigin memory origin,
        bytes memory arguments,
        DatasetId[] calldata datasetIds,
        address querier
    ) private returns (uint16 k) {
        uint16 ownersK;
        bool restricted;
        (context.datasetRoots, ownersK, context.committeeEpoch, restricted) = DatasetChoice.open(
            _datasets,
            origin,
            datasetIds,
            querier
        );
        if (restricted) context.consentMaskRoot = _consents.maskRoot(origin.studyId, datasetIds);
        (k, context.policyHash) = RequestPolicy.bind(origin, arguments, context.releaseClass, ownersK);
    }

    function _newRequestId(
        uint256 nonce,
        address querier,
        RequestContext memory context
    ) private view returns (RequestId) {
        bytes memory words = abi.encode(
            block.chainid,
            address(this),
            querier,
            nonce,
            context.queryHash,
            context.parametersHash,
            context.datasetRoots,
            block.number
        );
        return RequestId.wrap(keccak256(words));
    }

    /// @dev Whether the query takes requests, the dataset registry knows.
    function _authorise(uint256 price, bytes memory arguments) private returns (address querier, bytes32 organisation) {
        uint24 admission;
        (querier, organisation, admission) = _queriers.credentialOf(msg.sender);
        if (querier == address(0)) revert QuerySmartContractNotQuerier(msg.sender);
        _requireAcceptor(querier, admission, arguments);
        if (msg.value != price) revert QuerySmartContractWrongPayment(msg.value, price);
    }

    /// @dev Both far below 2^63: blocks so far, and at most 1,000,000.
    function _deadline(uint64 deadlineBlocks, uint64 requestBlock) private pure returns (uint64) {
        return requestBlock + deadlineBlocks;
    }
}
