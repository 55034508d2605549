// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {StudyId} from "../types/Identifiers.sol";
import {IStudyAgreements} from "./IStudyAgreements.sol";
import {IStudyRegistry} from "./IStudyRegistry.sol";

/// @title Study agreements
contract StudyAgreements is IStudyAgreements, AccessManaged, EIP712, Nonces, Audited {
    bytes32 private constant SIGNATURE_TYPEHASH = keccak256(
        "StudySignature(bytes32 studyId,uint64 version,bytes32 documentHash,address owner,string name,string meaning,uint64 signedAt,uint256 nonce,uint256 deadline)"
    );

    IStudyRegistry private immutable _studies;
    IMemberRegistry private immutable _owners;

    /// @dev agreements[v - 1] is version v.
    mapping(StudyId studyId => Agreement[]) private _agreements;
    mapping(StudyId studyId => mapping(address owner => uint64)) private _signedVersion;

    constructor(
        address authority,
        IAuditTrail trail,
        IStudyRegistry studies,
        IMemberRegistry owners
    ) AccessManaged(Deployed.check(authority)) EIP712("Opaline", "1") Audited(trail) {
        _studies = IStudyRegistry(Deployed.check(address(studies)));
        _owners = IMemberRegistry(Deployed.check(address(owners)));
    }

    /// @inheritdoc IStudyAgreements
    function publish(
        StudyId studyId,
        bytes32 documentHash,
        string calldata jurisdiction,
        string[] calldata parties
    ) external restricted returns (uint64 version) {
        _studies.study(studyId); // reverts where there is no such study
        if (documentHash == 0) revert StudyAgreementsMissingField("documentHash");
        if (bytes(jurisdiction).length == 0) revert StudyAgreementsMissingField("jurisdiction");
        if (parties.length == 0) revert StudyAgreementsMissingField("parties");
        Agreement[] storage all = _agreements[studyId];
        bytes32 oldHash = all.length == 0 ? bytes32(0) : all[all.length - 1].documentHash;
        if (documentHash == oldHash) revert StudyAgreementsSameDocument(documentHash);
        version = uint64(all.length + 1); // each costs a transaction: far below 2^64
        bytes32 partiesHash = keccak256(abi.encode(parties));
        all.push(Agreement(version, uint64(block.timestamp), documentHash, partiesHash, jurisdiction));
        emit StudyAgreementPublished(studyId, version, documentHash, jurisdiction, parties);
        bytes32 subject = StudyId.unwrap(studyId);
        _record(Acts.STUDY_AGREEMENT_PUBLISHED, subject, msg.sender, 0, oldHash, documentHash);
    }

    /// @inheritdoc IStudyAgreements
    function sign(StudySignature calldata given, bytes calldata signature) external {
        StudyId studyId = given.studyId;
        address owner = given.owner;
        _checkNewest(given);
        if (block.timestamp > given.deadline) revert StudyAgreementsSignatureExpired(given.deadline);
        (address key, bool active) = _owners.signerOf(owner);
        if (!active) revert StudyAgreementsNotOwner(owner);
        uint64 oldVersion = _signedVersion[studyId][owner];
        if (oldVersion == given.version) revert StudyAgreementsAlreadySigned(studyId, owner);
        _useCheckedNonce(owner, given.nonce);
        bytes32 structHash = _hash(given);
        address recovered = ECDSA.recoverCalldata(_hashTypedDataV4(structHash), signature);
        if (recovered != key) revert StudyAgreementsInvalidSignature(recovered, key);
        _signedVersion[studyId][owner] = given.version;
        emit StudyAgreementSigned(studyId, given.version, owner, given.name, given.meaning, given.signedAt);
        bytes32 organisation = _owners.organisationOf(owner);
        bytes32 oldHash = bytes32(uint256(oldVersion));
        _record(Acts.STUDY_AGREEMENT_SIGNED, StudyId.unwrap(studyId), owner, organisation, oldHash, structHash);
    }

    /// @inheritdoc IStudyAgreements
    function cancelNonce() external {
        address owner = _owners.memberOf(msg.sender);
        if (owner == address(0)) revert StudyAgreementsNotOwner(msg.sender);
        uint256 nonce = _useNonce(owner);
        emit NonceCancelled(owner, nonce);
        bytes32 organisation = _owners.organisationOf(owner);
        _record(Acts.NONCE_CANCELLED, _subject(owner), owner, organisation, bytes32(nonce), bytes32(nonce + 1));
    }

    /// @inheritdoc IStudyAgreements
    function agreement(StudyId studyId, uint64 version) external view returns (Agreement memory) {
        if (version == 0 || version > _agreements[studyId].length) revert StudyAgreementsUnknown(studyId, version);
        return _agreements[studyId][version - 1];
    }

    /// @inheritdoc IStudyAgreements
    function newestVersion(StudyId studyId) external view returns (uint64) {
        return uint64(_agreements[studyId].length);
    }

    /// @inheritdoc IStudyAgreements
    function signedVersion(StudyId studyId, address owner) external view returns (uint64) {
        return _signedVersion[studyId][owner];
    }

    /// @inheritdoc IStudyAgreements
    function isSigned(StudyId studyId, address owner) external view returns (bool) {
        uint256 newest = _agreements[studyId].length;
        return newest != 0 && _signedVersion[studyId][owner] == newest;
    }

    /// @inheritdoc IStudyAgreements
    function nonces(address owner) public view override(IStudyAgreements, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _checkNewest(StudySignature calldata given) private view {
        Agreement[] storage all = _agreements[given.studyId];
        if (all.length == 0) revert StudyAgreementsUnknown(given.studyId, given.version);
        if (given.version != all.length) revert StudyAgreementsWrongVersion(given.version, uint64(all.length));
        bytes32 expected = all[all.length - 1].documentHash;
        if (given.documentHash != expected) revert StudyAgreementsWrongDocument(given.documentHash, expected);
    }

    function _hash(StudySignature calldata given) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    SIGNATURE_TYPEHASH,
                    given.studyId,
                    given.version,
                    given.documentHash,
                    given.owner,
                    keccak256(bytes(given.name)),
                    keccak256(bytes(given.meaning)),
                    given.signedAt,
                    given.nonce,
                    given.deadline
                )
            );
    }
}
