// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acts} from "../audit/Acts.sol";
import {IProofVerifierRegistry} from "../result/IProofVerifierRegistry.sol";
import {Assurance, IResultVerifier} from "../result/IResultVerifier.sol";
import {VerifierCall} from "../result/VerifierCall.sol";
import {Deployed} from "../types/Deployed.sol";
import {RequestId} from "../types/Identifiers.sol";
import {Outcome, ReleaseClass, RequestContext, Statement, Verdict} from "../types/Statement.sol";
import {QueryOrigin} from "./CloneArguments.sol";
import {IProvableAnswers} from "./IProvableAnswers.sol";
import {StoredRequests} from "./StoredRequests.sol";

/// @title A part of a query contract: proofs of answers
/// @dev What the verifier is asked belongs together because all of it is this contract's own: the context, the parameters and
/// the outputs by the stored commitment, the descriptor by the catalogue, the rest of the verdict because of an answer
/// with every output shown and no key there is only one form, but for its attempt.
abstract contract ProvableAnswers is StoredRequests {
    IProofVerifierRegistry private immutable _verifiers;

    mapping(RequestId requestId => bytes32) private _proofHashes;

    constructor(IProofVerifierRegistry verifiers) {
        _verifiers = IProofVerifierRegistry(Deployed.check(address(verifiers)));
    }

    /// @inheritdoc IProvableAnswers
    function prove(
        IResultVerifier verifier,
        RequestContext calldata context,
        address querier,
        bytes calldata parameters,
        Verdict calldata verdict,
        bytes calldata proof
    ) external {
        Request storage entry = _provable(context, querier, parameters, verdict);
        RequestId requestId = context.requestId;
        Assurance given = _verifiers.assuranceOf(context.studyId, verifier);
        if (given == Assurance.NONE) revert QuerySmartContractUnknownVerifier(verifier);
        if (given <= entry.assurance) {
            revert QuerySmartContractAssuranceNotRaised(requestId, entry.assurance, given);
        }
        bytes32 statement = Statement.hash(context, verdict);
        _verify(verifier, statement, context, parameters, verdict.outputs, proof);
        bytes32 before = _proofHashes[requestId];
        bytes32 proofHash = keccak256(proof);
        entry.assurance = given;
        _proofHashes[requestId] = proofHash;
        emit AssuranceRaised(requestId, verifier, given, proofHash, statement);
        _record(Acts.ASSURANCE_RAISED, RequestId.unwrap(requestId), msg.sender, 0, before, proofHash);
    }

    /// @inheritdoc IProvableAnswers
    function proofHashOf(RequestId requestId) external view returns (bytes32) {
        return _proofHashes[requestId];
    }

    /// @dev Reverts unless these are the words of an answer that can be proven.
    function _provable(
        RequestContext calldata context,
        address querier,
        bytes calldata parameters,
        Verdict calldata verdict
    ) private view returns (Request storage entry) {
        entry = _existing(context.requestId);
        if (entry.state != RequestState.ANSWERED || entry.suppressed) {
            revert QuerySmartContractNotProvable(context.requestId);
        }
        _checkWords(entry, context, querier, keccak256(abi.encode(verdict.outputs)));
        if (context.releaseClass != ReleaseClass.PUBLIC) revert QuerySmartContractNotProvable(context.requestId);
        bytes32 parametersHash = keccak256(parameters);
        if (parametersHash != context.parametersHash) {
            revert QuerySmartContractParametersMismatch(parametersHash, context.parametersHash);
        }
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
