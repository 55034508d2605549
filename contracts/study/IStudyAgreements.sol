// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StudyId} from "../types/Identifiers.sol";

/// @title The agreement under which owners contribute to a study, and who has signed it
/// @notice An owner adds data only while it has signed the newest version. What it added before stays, under the version it
/// had signed then; {IOwnerTerms-setTerms} closes it.
interface IStudyAgreements {
    /// version: 1, 2, ...; documentHash: keccak256 of the document's bytes, which are kept elsewhere; partiesHash =
    /// keccak256(abi.encode(string[])).
    struct Agreement {
        uint64 version;
        uint64 publishedAt;
        bytes32 documentHash;
        bytes32 partiesHash;
        string jurisdiction;
    }

    /// EIP-712 StudySignature(bytes32 studyId,uint64 version,bytes32 documentHash,address owner,string name,string meaning,uint64 signedAt,uint256 nonce,uint256 deadline)
    /// owner: the member; name and meaning: what the signature says about itself (who signs, and in which sense);
    /// signedAt: unix seconds as the signer states them; nonce: the owner's next; deadline: last valid second.
    struct StudySignature {
        StudyId studyId;
        uint64 version;
        bytes32 documentHash;
        address owner;
        string name;
        string meaning;
        uint64 signedAt;
        uint256 nonce;
        uint256 deadline;
    }

    /// @notice The agreement that owners of this study sign from now on.
    event StudyAgreementPublished(
        StudyId indexed studyId,
        uint64 indexed version,
        bytes32 documentHash,
        string jurisdiction,
        string[] parties
    );
    /// @notice The owner signed this version.
    event StudyAgreementSigned(
        StudyId indexed studyId,
        uint64 indexed version,
        address indexed owner,
        string name,
        string meaning,
        uint64 signedAt
    );
    /// @notice The account withdrew whatever it had signed, and not yet used, with this nonce.
    event NonceCancelled(address indexed account, uint256 nonce);

    /// @notice Thrown when the document's hash, the jurisdiction or the list of parties is empty.
    error StudyAgreementsMissingField(string field);
    /// @notice Thrown when the document is that of the newest version.
    error StudyAgreementsSameDocument(bytes32 documentHash);
    /// @notice Thrown when the study has no agreement yet, or no such version.
    error StudyAgreementsUnknown(StudyId studyId, uint64 version);
    /// @notice Thrown when the signature is for another version than the newest.
    error StudyAgreementsWrongVersion(uint64 version, uint64 newest);
    /// @notice Thrown when the signature is for another document than the version's.
    error StudyAgreementsWrongDocument(bytes32 documentHash, bytes32 expected);
    /// @notice Thrown when the signature arrives after its deadline (unix seconds, inclusive).
    error StudyAgreementsSignatureExpired(uint256 deadline);
    /// @notice Thrown when the owner is not an active data owner; when it cancels a nonce, only if it was never one.
    error StudyAgreementsNotOwner(address account);
    /// @notice Thrown when the owner has signed this version already.
    error StudyAgreementsAlreadySigned(StudyId studyId, address owner);
    /// @notice Thrown when the signature is not the owner's over this StudySignature, this contract and this chain.
    error StudyAgreementsInvalidSignature(address recovered, address expected);

    /// @notice Publishes the next version for a study. Restricted to STEWARD_ROLE.
    /// @param parties whom it binds, by name; at least one
    function publish(
        StudyId studyId,
        bytes32 documentHash,
        string calldata jurisdiction,
        string[] calldata parties
    ) external returns (uint64 version);
    /// @notice Anyone relays an owner's signature of the newest version.
    /// @param signature 65 bytes by the owner's current key, domain {Opaline, 1, chain id, this contract}
    function sign(StudySignature calldata given, bytes calldata signature) external;
    /// @notice The current key of an owner, active or not, uses up its next nonce: what it signed with it can no longer
    /// be relayed.
    function cancelNonce() external;
    /// @notice A version of a study's agreement. Reverts with StudyAgreementsUnknown.
    function agreement(StudyId studyId, uint64 version) external view returns (Agreement memory);
    /// @notice The newest version; 0 before the first.
    function newestVersion(StudyId studyId) external view returns (uint64);
    /// @notice The newest version that the owner has signed; 0 for none.
    function signedVersion(StudyId studyId, address owner) external view returns (uint64);
    /// @notice Whether the owner has signed the newest version; false where there is none.
    function isSigned(StudyId studyId, address owner) external view returns (bool);
    /// @notice The nonce of the owner's next signature.
    function nonces(address owner) external view returns (uint256);
}
