// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Assurance, IResultVerifier} from "../result/IResultVerifier.sol";
import {RequestId} from "../types/Identifiers.sol";
import {RequestContext, Verdict} from "../types/Statement.sol";

/// @title A part of a query contract: raising the assurance of an answer by a proof
interface IProvableAnswers {
    /// @notice A verifier in service for the study accepted a proof of the answer's outputs.
    event AssuranceRaised(
        RequestId indexed requestId,
        IResultVerifier indexed verifier,
        Assurance assurance,
        bytes32 proofHash,
        bytes32 statement
    );

    /// @notice Thrown when a proof is given of what is no PUBLIC answer whose every output is shown. A proof is about the
    /// outputs as they are posted, and a hidden one is posted as 0.
    error QuerySmartContractNotProvable(RequestId requestId);
    /// @notice Thrown when the parameters are not the request's; both by hash.
    error QuerySmartContractParametersMismatch(bytes32 parametersHash, bytes32 expected);
    /// @notice Thrown when the verifier is not in service for the query's study.
    error QuerySmartContractUnknownVerifier(IResultVerifier verifier);
    /// @notice Thrown when the answer is assured as well, or better, already.
    error QuerySmartContractAssuranceNotRaised(RequestId requestId, Assurance assurance, Assurance given);
    /// @notice Thrown when the verifier reverts, spends more gas than it may (5,000,000) or than it got, or returns anything
    /// but one word, 0 or 1.
    error QuerySmartContractVerifierFailed(IResultVerifier verifier);
    /// @notice Thrown when the verifier says that the proof does not hold.
    error QuerySmartContractInvalidProof(IResultVerifier verifier);

    /// @notice Anyone proves an answer: its assurance becomes what the verifier gives, if that is more. Costs gas only. Also
    /// after the query was revoked or superseded, at any time. The descriptor that the verifier gets is read from the
    /// catalogue, the dataset roots are the context's.
    /// @param verifier in service for the study, see {IProofVerifierRegistry}
    /// @param context as in QueryRequested
    /// @param querier as in QueryRequested
    /// @param parameters as in QueryRequested
    /// @param verdict as in QueryAnswered, outcome ANSWERED. Its attempt is not stored, and may be another one in which the
    /// same outputs were found: the proof must be for the statement that follows from this one
    /// @param proof of the verifier's scheme
    function prove(
        IResultVerifier verifier,
        RequestContext calldata context,
        address querier,
        bytes calldata parameters,
        Verdict calldata verdict,
        bytes calldata proof
    ) external;
    /// @notice keccak256 of the proof that raised the assurance of the request's answer last, 0 = none.
    function proofHashOf(RequestId requestId) external view returns (bytes32);
}
