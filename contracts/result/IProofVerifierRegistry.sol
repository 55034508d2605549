// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StudyId} from "../types/Identifiers.sol";
import {Assurance, IResultVerifier} from "./IResultVerifier.sol";

/// @title Which verifiers' proofs raise an answer's assurance, per study
/// @notice What a proof is worth lies in the verifier's code, not in who registers it: the registry knows the runtime code
/// of the proof systems this version ships, each with the level it gives, and refuses all other code. **This version ships
/// none, so nothing can be registered**; a version that ships one is a new deployment.
interface IProofVerifierRegistry {
    /// @notice Proofs that this verifier accepts are worth `assurance` from now on.
    event VerifierRegistered(
        StudyId indexed studyId,
        IResultVerifier indexed verifier,
        Assurance assurance,
        bytes32 codeHash
    );
    /// @notice It raises no more answers of the study. Those it has raised stay as they are, and name it in their event.
    event VerifierRetired(StudyId indexed studyId, IResultVerifier indexed verifier, string reason);

    /// @notice Thrown when the study was registered without a reference string (srsHash 0): it has no proofs.
    error ProofVerifierRegistryStudyWithoutProofs(StudyId studyId);
    /// @notice Thrown when the code at this address is no proof system of this version; 0 or keccak256("") where there is
    /// none.
    error ProofVerifierRegistryUnknownProofSystem(IResultVerifier verifier, bytes32 codeHash);
    /// @notice Thrown when a verifier is registered at another level than its proof system gives.
    error ProofVerifierRegistryWrongAssurance(IResultVerifier verifier, Assurance given, Assurance expected);
    /// @notice Thrown when the verifier is, or was, registered for the study: a retired one does not come back.
    error ProofVerifierRegistryAlreadyRegistered(StudyId studyId, IResultVerifier verifier);
    /// @notice Thrown when a verifier is retired that is not in service for the study.
    error ProofVerifierRegistryNotRegistered(StudyId studyId, IResultVerifier verifier);

    /// @notice Takes a verifier into service for a study. Restricted to STEWARD_ROLE.
    /// @param assurance what its proof system gives, LINEAR_PROOF or FULL_PROOF, as the consortium understands it
    function register(StudyId studyId, IResultVerifier verifier, Assurance assurance) external;
    /// @notice Takes it out of service for this study, for good. Restricted to GUARDIAN_ROLE.
    /// @param reason free text, kept in the audit trail
    function retire(StudyId studyId, IResultVerifier verifier, string calldata reason) external;
    /// @notice What a proof accepted by this verifier is worth now; NONE when it is not in service for the study.
    function assuranceOf(StudyId studyId, IResultVerifier verifier) external view returns (Assurance);
    /// @notice How many verifiers were ever registered for the study.
    function count(StudyId studyId) external view returns (uint256);
    /// @notice A page of at most 100 verifiers of the study, retired ones included, in order of registration.
    function verifiers(StudyId studyId, uint256 offset, uint256 limit) external view returns (IResultVerifier[] memory);
}
