// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acts} from "../audit/Acts.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {IProofVerifierRegistry} from "../result/IProofVerifierRegistry.sol";
import {Assurance, IResultVerifier} from "../result/IResultVerifier.sol";
import {VerifierCall} from "../result/VerifierCall.sol";
import {ICommitteeRegistry} from "../study/ICommitteeRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {RequestId} from "../types/Identifiers.sol";
import {Outcome, ReleaseClass, RequestContext, Statement, Verdict} from "../types/Statement.sol";
import {IProvableAnswers} from "./IProvableAnswers.sol";
import {QueryOrigin} from "./QueryOrigin.sol";
import {SealedAnswers} from "./SealedAnswers.sol";

/// @title A part of a query contract: proofs of answers
/// @dev What the verifier is asked belongs together because all of it is this contract's own: the context, the parameters and
/// the outputs by their stored hashes, the descriptor by the catalogue, the rest of the verdict because of an answer
/// with every output shown and no key there is only one form, but for its attempt.
abstract contract ProvableAnswers is SealedAnswers {
    IProofVerifierRegistry private immutable _verifiers;

    constructor(
        IAuditTrail trail,
        IMemberRegistry queriers,
        ICommitteeRegistry committees,
        IProofVerifierRegistry verifiers
    ) SealedAnswers(trail, queriers, committees) {
        _verifiers = IProofVerifierRegistry(Deployed.check(address(verifiers)));
    }

    /// @inheritdoc IProvableAnswers
    function prove(
        IResultVerifier verifier,
        RequestContext calldata context,
        bytes calldata parameters,
        Verdict calldata verdict,
        bytes calldata proof
    ) external {
        Request storage entry = _provable(context, parameters, verdict);
        Assurance given = _verifiers.assuranceOf(context.studyId, verifier);
        if (given == Assurance.NONE) revert QuerySmartContractUnknownVerifier(verifier);
        if (given <= entry.assurance) {
            revert QuerySmartContractAssuranceNotRaised(context.requestId, entry.assurance, given);
        }
        bytes32 statement = Statement.hash(context, verdict);
        _verify(verifier, statement, context, parameters, verdict.outputs, proof);
        bytes32 before = entry.proofHash;
        bytes32 proofHash = keccak256(proof);
        entry.assurance = given;
        entry.proofHash = proofHash;
        emit AssuranceRaised(context.requestId, verifier, given, proofHash, statement);
        bytes32 subject = RequestId.unwrap(context.requestId);
        _record(Acts.ASSURANCE_RAISED, subject, msg.sender, 0, before, proofHash);
    }

    /// @dev Reverts unless these are the words of an answer that can be proven.
    function _provable(
        RequestContext calldata context,
        bytes calldata parameters,
        Verdict calldata verdict
    ) private view returns (Request storage entry) {
        entry = _requests[context.requestId];
        if (entry.state == RequestState.NONE) revert QuerySmartContractUnknownRequest(context.requestId);
        _checkContext(entry, context);
        bool isPublic = context.releaseClass == ReleaseClass.PUBLIC;
        if (entry.state != RequestState.ANSWERED || !isPublic || entry.suppressed) {
            revert QuerySmartContractNotProvable(context.requestId);
        }
        bytes32 parametersHash = keccak256(parameters);
        if (parametersHash != context.parametersHash) {
            revert QuerySmartContractParametersMismatch(parametersHash, context.parametersHash);
        }
        bytes32 outputsHash = keccak256(abi.encode(verdict.outputs));
        if (outputsHash != entry.outputsHash) revert QuerySmartContractOutputsMismatch(outputsHash, entry.outputsHash);
        bool isPlain = verdict.suppressedBitmap.length == 0 && verdict.sealedHash == 0;
        if (verdict.outcome != Outcome.ANSWERED || !isPlain) revert QuerySmartContractInvalidVerdict(verdict.outcome);
    }

    function _verify(
        IResultVerifier verifier,
        bytes32 statement,
        RequestContext calldata context,
        bytes calldata parameters,
        uint256[] calldata outputs,
        bytes calldata proof
    ) private view {
        QueryOrigin memory origin = _origin();
        bytes memory descriptor = origin.catalogue.descriptor(origin.queryHash);
        (bool behaved, bool valid) = VerifierCall.ask(
            verifier,
            abi.encodeCall(
                IResultVerifier.verify,
                (statement, descriptor, parameters, context.datasetRoots, context.consentMaskRoot, outputs, proof)
            )
        );
        if (!behaved) revert QuerySmartContractVerifierFailed(verifier);
        if (!valid) revert QuerySmartContractInvalidProof(verifier);
    }
}
