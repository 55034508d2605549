// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acts} from "../audit/Acts.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IConsentRegistry} from "../consent/IConsentRegistry.sol";
import {IEscrow} from "../fees/IEscrow.sol";
import {IEmergencyStop} from "../governance/IEmergencyStop.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {IProofVerifierRegistry} from "../result/IProofVerifierRegistry.sol";
import {Assurance} from "../result/IResultVerifier.sol";
import {ICommitteeRegistry} from "../study/ICommitteeRegistry.sol";
import {IDatasetRegistry} from "../study/IDatasetRegistry.sol";
import {IStudyRegistry} from "../study/IStudyRegistry.sol";
import {PolicyRules} from "../study/PolicyRules.sol";
import {Deployed} from "../types/Deployed.sol";
import {DatasetId, RequestId} from "../types/Identifiers.sol";
import {Policy} from "../types/Policy.sol";
import {Outcome, ReleaseClass, RequestContext, Verdict, WorkerSignature} from "../types/Statement.sol";
import {CodeStorage} from "./CodeStorage.sol";
import {DatasetChoice} from "./DatasetChoice.sol";
import {Disputes} from "./Disputes.sol";
import {IQuerySmartContract} from "./IQuerySmartContract.sol";
import {Parameters} from "./Parameters.sol";
import {QueryOrigin} from "./QueryOrigin.sol";
import {Recipients} from "./Recipients.sol";

/// @title The implementation that every vetted query's contract is a clone of
/// @dev The registries are immutables of the implementation, shared by all clones; {Agreements} says how a clone knows its
/// query.
contract QuerySmartContract is Disputes {
    IStudyRegistry private immutable _studies;
    IDatasetRegistry private immutable _datasets;
    IConsentRegistry private immutable _consents;
    IEscrow private immutable _escrow;
    IEmergencyStop private immutable _emergencyStop;

    /// @dev Not on what ends a request without an answer: money must find its way back.
    modifier whenNotStopped() {
        if (_emergencyStop.isStopped()) revert QuerySmartContractStopped();
        _;
    }

    constructor(
        IAuditTrail trail,
        IMemberRegistry queriers,
        IStudyRegistry studies,
        ICommitteeRegistry committees,
        IDatasetRegistry datasets,
        IConsentRegistry consents,
        IEscrow escrow,
        IEmergencyStop emergencyStop,
        IProofVerifierRegistry verifiers
    ) Disputes(trail, queriers, committees, verifiers) {
        _studies = IStudyRegistry(Deployed.check(address(studies)));
        _datasets = IDatasetRegistry(Deployed.check(address(datasets)));
        _consents = IConsentRegistry(Deployed.check(address(consents)));
        _escrow = IEscrow(Deployed.check(address(escrow)));
        _emergencyStop = IEmergencyStop(Deployed.check(address(emergencyStop)));
    }

    /// @inheritdoc IQuerySmartContract
    function request(
        bytes calldata parameters,
        DatasetId[] calldata datasetIds,
        ReleaseClass releaseClass,
        bytes[] calldata recipients
    ) external payable whenNotStopped returns (RequestId requestId) {
        QueryOrigin memory origin = _origin();
        bytes32 recipientsHash = Recipients.hash(releaseClass, recipients);
        (address querier, bytes32 organisation, Policy memory policy) = _authorise(origin);
        Parameters.check(parameters, CodeStorage.read(origin.boundsCode));
        RequestContext memory context = _context(origin, parameters, datasetIds);
        uint16 ownersK;
        (context.datasetRoots, ownersK) = DatasetChoice.open(_datasets, origin, datasetIds, querier, policy);
        uint16 k = PolicyRules.raise(policy, releaseClass, ownersK);
        context.requestId = _newRequestId(querier, context);
        context.policyHash = keccak256(abi.encode(policy));
        context.releaseClass = releaseClass;
        context.recipientsHash = recipientsHash;
        requestId = context.requestId;
        uint64 deadlineBlock = uint64(block.number) + policy.deadlineBlocks;
        bytes32 contextHash = keccak256(abi.encode(context));
        Request storage entry = _requests[requestId];
        entry.querier = querier;
        entry.deadlineBlock = uint56(deadlineBlock); // blocks so far and at most 1,000,000
        entry.state = RequestState.REQUESTED;
        entry.paid = msg.value != 0;
        entry.contextHash = contextHash;
        emit QueryRequested(requestId, querier, parameters, datasetIds, context, deadlineBlock, recipients, k);
        _record(Acts.QUERY_REQUESTED, RequestId.unwrap(requestId), querier, organisation, 0, contextHash);
        if (msg.value != 0) _escrow.hold{value: msg.value}(requestId, querier);
    }

    /// @inheritdoc IQuerySmartContract
    function answer(
        RequestContext calldata context,
        Verdict calldata verdict,
        WorkerSignature[] calldata signatures
    ) external whenNotStopped {
        Request storage entry = _open(context.requestId);
        _checkContext(entry, context);
        if (block.number > entry.deadlineBlock) {
            revert QuerySmartContractDeadlinePassed(entry.deadlineBlock, uint64(block.number));
        }
        bytes32 statement = _checkSigned(context, verdict, signatures);
        if (verdict.outcome == Outcome.ANSWERED) _answered(entry, context.requestId, verdict, statement);
        else _refused(entry, context.requestId, verdict, statement);
    }

    /// @inheritdoc IQuerySmartContract
    function expire(RequestId requestId) external {
        Request storage entry = _open(requestId);
        if (block.number <= entry.deadlineBlock) {
            revert QuerySmartContractDeadlineNotReached(entry.deadlineBlock, uint64(block.number));
        }
        entry.state = RequestState.EXPIRED;
        emit QueryExpired(requestId);
        _record(Acts.QUERY_EXPIRED, RequestId.unwrap(requestId), msg.sender, 0, entry.contextHash, 0);
        if (entry.paid) _escrow.refund(requestId, entry.querier);
    }

    function _answered(
        Request storage entry,
        RequestId requestId,
        Verdict calldata verdict,
        bytes32 statement
    ) private {
        entry.state = RequestState.ANSWERED;
        entry.outcome = Outcome.ANSWERED;
        entry.assurance = Assurance.QUORUM;
        entry.suppressed = verdict.suppressedBitmap.length != 0;
        entry.outputsHash = keccak256(abi.encode(verdict.outputs));
        emit QueryAnswered(
            requestId,
            verdict.attempt,
            verdict.suppressedBitmap,
            verdict.outputs,
            verdict.sealedHash,
            statement
        );
        _record(Acts.QUERY_ANSWERED, RequestId.unwrap(requestId), msg.sender, 0, entry.contextHash, statement);
        if (entry.paid) _escrow.release(requestId);
    }

    /// @dev Work that ended in a refusal is paid; FAILED_UNAVAILABLE means no work was done, and the querier is refunded.
    function _refused(Request storage entry, RequestId requestId, Verdict calldata verdict, bytes32 statement) private {
        bool failed = verdict.outcome == Outcome.FAILED_UNAVAILABLE;
        entry.state = failed ? RequestState.FAILED : RequestState.REFUSED;
        entry.outcome = verdict.outcome;
        entry.assurance = Assurance.QUORUM;
        emit QueryRefused(requestId, verdict.attempt, verdict.outcome, statement);
        bytes32 act = failed ? Acts.QUERY_FAILED : Acts.QUERY_REFUSED;
        _record(act, RequestId.unwrap(requestId), msg.sender, 0, entry.contextHash, statement);
        if (!entry.paid) return;
        if (failed) _escrow.refund(requestId, entry.querier);
        else _escrow.release(requestId);
    }

    /// @dev The context but for the datasets' roots, the id, the policy's hash, the release class and its recipients.
    function _context(
        QueryOrigin memory origin,
        bytes calldata parameters,
        DatasetId[] calldata datasetIds
    ) private view returns (RequestContext memory context) {
        context.studyId = origin.studyId;
        context.queryHash = origin.queryHash;
        context.parametersHash = keccak256(parameters);
        context.committeeEpoch = _committees.currentEpoch(origin.studyId);
        context.requestBlock = uint64(block.number);
        context.consentMaskRoot = _consents.maskRoot(origin.studyId, datasetIds);
    }

    function _newRequestId(address querier, RequestContext memory context) private returns (RequestId) {
        bytes memory words = abi.encode(
            block.chainid,
            address(this),
            querier,
            _useNonce(querier),
            context.queryHash,
            context.parametersHash,
            context.datasetRoots,
            block.number
        );
        return RequestId.wrap(keccak256(words));
    }

    function _authorise(
        QueryOrigin memory origin
    ) private view returns (address querier, bytes32 organisation, Policy memory policy) {
        if (!origin.catalogue.isActive(origin.queryHash)) revert QuerySmartContractInactiveQuery(origin.queryHash);
        (querier, organisation) = _queriers.activeMemberOf(msg.sender);
        if (querier == address(0)) revert QuerySmartContractNotQuerier(msg.sender);
        if (!hasAccepted(querier)) revert QuerySmartContractAgreementNotAccepted(querier);
        policy = _studies.policy(origin.studyId);
        if (policy.purposes.length != 0) {
            bytes32 missing = _queriers.missingPurpose(querier, policy.purposes);
            if (missing != 0) revert QuerySmartContractMissingPurpose(missing);
        }
        if (msg.value != policy.price) revert QuerySmartContractWrongPayment(msg.value, policy.price);
    }

    function _open(RequestId requestId) private view returns (Request storage entry) {
        entry = _requests[requestId];
        if (entry.state == RequestState.NONE) revert QuerySmartContractUnknownRequest(requestId);
        if (entry.state != RequestState.REQUESTED) revert QuerySmartContractNotOpen(requestId, entry.state);
    }
}
