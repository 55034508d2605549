// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IConsentRegistry} from "../consent/IConsentRegistry.sol";
import {ICredits} from "../fees/ICredits.sol";
import {IEmergencyStop} from "../governance/IEmergencyStop.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {IProofVerifierRegistry} from "../result/IProofVerifierRegistry.sol";
import {Assurance} from "../result/IResultVerifier.sol";
import {ICommitteeRegistry} from "../study/ICommitteeRegistry.sol";
import {IDatasetRegistry} from "../study/IDatasetRegistry.sol";
import {PolicyRules} from "../study/PolicyRules.sol";
import {Deployed} from "../types/Deployed.sol";
import {DatasetId, RequestId} from "../types/Identifiers.sol";
import {Policy} from "../types/Policy.sol";
import {RequestCommitment} from "../types/RequestCommitment.sol";
import {Outcome, ReleaseClass, RequestContext, Verdict, WorkerSignature} from "../types/Statement.sol";
import {Agreements} from "./Agreements.sol";
import {QueryOrigin} from "./CloneArguments.sol";
import {DatasetChoice} from "./DatasetChoice.sol";
import {Disputes} from "./Disputes.sol";
import {IQuerySmartContract} from "./IQuerySmartContract.sol";
import {Parameters} from "./Parameters.sol";
import {Payments} from "./Payments.sol";
import {ProvableAnswers} from "./ProvableAnswers.sol";
import {Recipients} from "./Recipients.sol";
import {SealedAnswers} from "./SealedAnswers.sol";
import {StoredRequests} from "./StoredRequests.sol";

/// @title The implementation that every vetted query's contract is a clone of
/// @dev The registries are immutables of the implementation, shared by all clones; {Agreements} says how a clone knows its
/// query. Each base contract is a part with its own state, and says what it is constructed with.
contract QuerySmartContract is Payments, SealedAnswers, ProvableAnswers, Disputes {
    IConsentRegistry private immutable _consents;
    IEmergencyStop private immutable _emergencyStop;

    /// @dev Not on what ends a request without an answer: money must find its way back.
    modifier whenNotStopped() {
        if (_emergencyStop.isStopped()) revert QuerySmartContractStopped();
        _;
    }

    constructor(
        IAuditTrail trail,
        IMemberRegistry queriers,
        ICommitteeRegistry committees,
        IDatasetRegistry datasets,
        IConsentRegistry consents,
        ICredits credits,
        IEmergencyStop emergencyStop,
        IProofVerifierRegistry verifiers
    )
        Audited(trail)
        Agreements(queriers)
        StoredRequests(committees)
        Payments(datasets, credits)
        ProvableAnswers(verifiers)
    {
        _consents = IConsentRegistry(Deployed.check(address(consents)));
        _emergencyStop = IEmergencyStop(Deployed.check(address(emergencyStop)));
    }

    /// @inheritdoc IQuerySmartContract
    function request(
        uint256 nonce,
        bytes calldata parameters,
        DatasetId[] calldata datasetIds,
        ReleaseClass releaseClass,
        bytes[] calldata recipients
    ) external payable whenNotStopped returns (RequestId requestId) {
        (QueryOrigin memory origin, Policy memory policy, bytes memory bounds) = _arguments();
        RequestContext memory context;
        context.recipientsHash = Recipients.hash(releaseClass, recipients);
        (address querier, bytes32 organisation) = _authorise(origin, policy);
        Parameters.check(parameters, bounds);
        _fix(context, origin, parameters, datasetIds);
        uint16 ownersK;
        (context.datasetRoots, ownersK) = DatasetChoice.open(_datasets, origin, datasetIds, querier, policy);
        uint16 k = PolicyRules.raise(policy, releaseClass, ownersK);
        context.requestId = _newRequestId(nonce, querier, context);
        context.policyHash = keccak256(abi.encode(policy));
        context.releaseClass = releaseClass;
        requestId = context.requestId;
        bytes32 contextHash = keccak256(abi.encode(context));
        Request storage entry = _requests[requestId];
        if (entry.state != RequestState.NONE) revert QuerySmartContractAlreadyRequested(requestId);
        entry.state = RequestState.REQUESTED;
        entry.commitment = RequestCommitment.hash(contextHash, querier, 0);
        uint64 deadlineBlock = _deadline(origin, context.requestBlock);
        emit QueryRequested(requestId, querier, parameters, datasetIds, context, deadlineBlock, recipients, k);
        _record(Acts.QUERY_REQUESTED, RequestId.unwrap(requestId), querier, organisation, 0, contextHash);
    }

    /// @inheritdoc IQuerySmartContract
    function answer(
        RequestContext calldata context,
        address querier,
        Verdict calldata verdict,
        WorkerSignature[] calldata signatures
    ) external whenNotStopped {
        (Request storage entry, bytes32 contextHash) = _open(context, querier);
        QueryOrigin memory origin = _origin();
        uint64 deadlineBlock = _deadline(origin, context.requestBlock);
        if (block.number > deadlineBlock) {
            revert QuerySmartContractDeadlinePassed(deadlineBlock, uint64(block.number));
        }
        bytes32 statement = _checkSigned(context, verdict, signatures);
        RequestId requestId = context.requestId;
        if (verdict.outcome == Outcome.ANSWERED) {
            bytes32 outputsHash = keccak256(abi.encode(verdict.outputs));
            _answered(entry, requestId, verdict, statement, RequestCommitment.hash(contextHash, querier, outputsHash));
        } else {
            _refused(entry, requestId, verdict, statement);
        }
        _record(_actOf(entry.state), RequestId.unwrap(requestId), msg.sender, 0, contextHash, statement);
        // Work that ended in a refusal is paid; a failure means that no work was done.
        if (entry.state == RequestState.FAILED) _refund(requestId, querier, origin.price);
    }

    /// @inheritdoc IQuerySmartContract
    function expire(RequestContext calldata context, address querier) external {
        (Request storage entry, bytes32 contextHash) = _open(context, querier);
        QueryOrigin memory origin = _origin();
        uint64 deadlineBlock = _deadline(origin, context.requestBlock);
        if (block.number <= deadlineBlock) {
            revert QuerySmartContractDeadlineNotReached(deadlineBlock, uint64(block.number));
        }
        RequestId requestId = context.requestId;
        entry.state = RequestState.EXPIRED;
        emit QueryExpired(requestId);
        _record(Acts.QUERY_EXPIRED, RequestId.unwrap(requestId), msg.sender, 0, contextHash, 0);
        _refund(requestId, querier, origin.price);
    }

    function _answered(
        Request storage entry,
        RequestId requestId,
        Verdict calldata verdict,
        bytes32 statement,
        bytes28 commitment
    ) private {
        entry.state = RequestState.ANSWERED;
        entry.outcome = Outcome.ANSWERED;
        entry.assurance = Assurance.QUORUM;
        entry.suppressed = verdict.suppressedBitmap.length != 0;
        entry.commitment = commitment;
        emit QueryAnswered(
            requestId,
            verdict.attempt,
            verdict.suppressedBitmap,
            verdict.outputs,
            verdict.sealedHash,
            statement
        );
    }

    function _refused(Request storage entry, RequestId requestId, Verdict calldata verdict, bytes32 statement) private {
        bool failed = verdict.outcome == Outcome.FAILED_UNAVAILABLE;
        entry.state = failed ? RequestState.FAILED : RequestState.REFUSED;
        entry.outcome = verdict.outcome;
        entry.assurance = Assurance.QUORUM;
        emit QueryRefused(requestId, verdict.attempt, verdict.outcome, statement);
    }

    /// @dev Sets what neither the querier, nor its nonce, nor the datasets' owners decide.
    function _fix(
        RequestContext memory context,
        QueryOrigin memory origin,
        bytes calldata parameters,
        DatasetId[] calldata datasetIds
    ) private view {
        context.studyId = origin.studyId;
        context.queryHash = origin.queryHash;
        context.parametersHash = keccak256(parameters);
        context.committeeEpoch = _committees.currentEpoch(origin.studyId);
        context.requestBlock = uint64(block.number);
        context.consentMaskRoot = _consents.maskRoot(origin.studyId, datasetIds);
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

    function _authorise(
        QueryOrigin memory origin,
        Policy memory policy
    ) private view returns (address querier, bytes32 organisation) {
        if (!origin.catalogue.isActive(origin.queryHash)) revert QuerySmartContractInactiveQuery(origin.queryHash);
        (querier, organisation) = _queriers.activeMemberOf(msg.sender);
        if (querier == address(0)) revert QuerySmartContractNotQuerier(msg.sender);
        if (!hasAccepted(querier)) revert QuerySmartContractAgreementNotAccepted(querier);
        if (policy.purposes.length != 0) {
            bytes32 missing = _queriers.missingPurpose(querier, policy.purposes);
            if (missing != 0) revert QuerySmartContractMissingPurpose(missing);
        }
        if (msg.value != origin.price) revert QuerySmartContractWrongPayment(msg.value, origin.price);
    }

    /// @dev Both far below 2^63: blocks so far, and at most 1,000,000.
    function _deadline(QueryOrigin memory origin, uint64 requestBlock) private pure returns (uint64) {
        return requestBlock + origin.deadlineBlocks;
    }

    function _actOf(RequestState state) private pure returns (bytes32) {
        if (state == RequestState.ANSWERED) return Acts.QUERY_ANSWERED;
        return state == RequestState.FAILED ? Acts.QUERY_FAILED : Acts.QUERY_REFUSED;
    }
}
