// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IStudyRegistry} from "../study/IStudyRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {StudyId} from "../types/Identifiers.sol";
import {Paging} from "../types/Paging.sol";
import {IProofVerifierRegistry} from "./IProofVerifierRegistry.sol";
import {Assurance, IResultVerifier} from "./IResultVerifier.sol";

/// @title The verifiers in service
contract ProofVerifierRegistry is IProofVerifierRegistry, AccessManaged, Audited {
    /// One slot. registered: now or formerly; assurance: NONE once retired.
    struct Service {
        bool registered;
        Assurance assurance;
    }

    IStudyRegistry private immutable _studies;

    mapping(StudyId studyId => mapping(IResultVerifier verifier => Service)) private _services;
    mapping(StudyId studyId => IResultVerifier[]) private _verifiers;

    constructor(
        address authority,
        IAuditTrail trail,
        IStudyRegistry studies
    ) AccessManaged(Deployed.check(authority)) Audited(trail) {
        _studies = IStudyRegistry(Deployed.check(address(studies)));
    }

    /// @inheritdoc IProofVerifierRegistry
    function register(StudyId studyId, IResultVerifier verifier, Assurance assurance) external restricted {
        if (_studies.study(studyId).srsHash == 0) revert ProofVerifierRegistryStudyWithoutProofs(studyId);
        bytes32 codeHash = address(verifier).codehash;
        Assurance given = _assuranceOfCode(codeHash);
        if (given == Assurance.NONE) revert ProofVerifierRegistryUnknownProofSystem(verifier, codeHash);
        if (assurance != given) revert ProofVerifierRegistryWrongAssurance(verifier, assurance, given);
        Service storage service = _services[studyId][verifier];
        if (service.registered) revert ProofVerifierRegistryAlreadyRegistered(studyId, verifier);
        service.registered = true;
        service.assurance = assurance;
        _verifiers[studyId].push(verifier);
        emit VerifierRegistered(studyId, verifier, assurance, codeHash);
        bytes32 subject = _subject(address(verifier));
        _record(Acts.VERIFIER_REGISTERED, subject, msg.sender, 0, StudyId.unwrap(studyId), codeHash);
    }

    /// @inheritdoc IProofVerifierRegistry
    function retire(StudyId studyId, IResultVerifier verifier, string calldata reason) external restricted {
        Service storage service = _services[studyId][verifier];
        if (service.assurance == Assurance.NONE) revert ProofVerifierRegistryNotRegistered(studyId, verifier);
        service.assurance = Assurance.NONE;
        emit VerifierRetired(studyId, verifier, reason);
        _recordBecause(Acts.VERIFIER_RETIRED, _subject(address(verifier)), StudyId.unwrap(studyId), reason);
    }

    /// @inheritdoc IProofVerifierRegistry
    function assuranceOf(StudyId studyId, IResultVerifier verifier) external view returns (Assurance) {
        return _services[studyId][verifier].assurance;
    }

    /// @inheritdoc IProofVerifierRegistry
    function count(StudyId studyId) external view returns (uint256) {
        return _verifiers[studyId].length;
    }

    /// @inheritdoc IProofVerifierRegistry
    function verifiers(
        StudyId studyId,
        uint256 offset,
        uint256 limit
    ) external view returns (IResultVerifier[] memory page) {
        IResultVerifier[] storage all = _verifiers[studyId];
        page = new IResultVerifier[](Paging.size(all.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) page[i] = all[offset + i];
    }

    /// @dev The proof systems of this version by the hash of their verifier's runtime code, with what they give: none yet.
    /// An entry is a constant here, reviewed like all code, never an argument: whoever deploys or administers cannot add
    /// one. A verifier has no immutables, no proxy and no SELFDESTRUCT, so that its code hash says all about it. A double
    /// for tests overrides this, and is another contract than the one that is deployed.
    function _assuranceOfCode(bytes32 /* codeHash */) internal view virtual returns (Assurance) {
        return Assurance.NONE;
    }
}
