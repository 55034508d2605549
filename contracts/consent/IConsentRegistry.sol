// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsentRecord, ConsentRules} from "../types/Consent.sol";
import {DatasetId, StudyId} from "../types/Identifiers.sol";

/// @title Participants' consent: given, limited and taken back, each in force for every request of a later block
/// @notice A participant is known by a salted handle, a row and a key of its own; nothing is stored for a participant until
/// it acts. The owner of the data attests which key speaks for which row, and records consents on paper. Nothing here is
/// ever stopped by {IEmergencyStop}.
interface IConsentRegistry {
    /// formHash: keccak256 of the form's bytes, which are kept elsewhere.
    struct Form {
        uint64 publishedAt;
        bytes32 formHash;
    }

    /// EIP-712 Enrolment(bytes32 datasetId,uint64 version,uint32 slot,bytes32 handle,address participant,uint256 nonce)
    /// signed by the owner's current key. slot: the participant's row in that version's segment; handle =
    /// keccak256(salt, participant's id), as the version's commitments bind it; participant: the key that speaks for the
    /// row; nonce: how many keys the row had before.
    struct Enrolment {
        DatasetId datasetId;
        uint64 version;
        uint32 slot;
        bytes32 handle;
        address participant;
        uint256 nonce;
    }

    /// EIP-712 Consent(bytes32 datasetId,uint64 version,uint32 slot,bytes32 handle,bool given,uint32 form,bytes32 formHash,bytes32[] purposes,bool futureUse,uint64 expiry,uint256 nonce,uint256 deadline)
    /// signed by the participant's key. given to expiry: as in {ConsentRecord}; formHash: of the form, 0 in a withdrawal;
    /// nonce: the key's next; deadline: last valid second.
    struct Consent {
        DatasetId datasetId;
        uint64 version;
        uint32 slot;
        bytes32 handle;
        bool given;
        uint32 form;
        bytes32 formHash;
        bytes32[] purposes;
        bool futureUse;
        uint64 expiry;
        uint256 nonce;
        uint256 deadline;
    }

    /// key: speaks for the row now; generation: how many keys the row has had; spoke: one of them did, at least once; handle:
    /// for good.
    struct Participant {
        address key;
        uint32 generation;
        bool spoke;
        bytes32 handle;
    }

    /// @notice The study's consent form has a new version: 1, 2, ...
    event ConsentFormPublished(StudyId indexed studyId, uint32 indexed form, bytes32 formHash);
    /// @notice The study's rules, of every later request.
    event ConsentRulesSet(StudyId indexed studyId, bool explicitOnly, uint32 leastForm);
    /// @notice From now on `participant` speaks for the row, and `replaced` no longer; zero: nobody did before.
    event ParticipantEnrolled(
        DatasetId indexed datasetId,
        uint64 version,
        uint32 slot,
        bytes32 handle,
        address indexed participant,
        address replaced
    );
    /// @notice Consent was given or taken back, by the participant's `own` signature or by the owner. head =
    /// keccak256(abi.encode(head before, own, record)), 0 before the dataset's first.
    event ConsentRecorded(DatasetId indexed datasetId, bool own, ConsentRecord record, bytes32 head);

    /// @notice Thrown when a form has no hash.
    error ConsentRegistryEmptyForm();
    /// @notice Thrown when the form is the newest version's.
    error ConsentRegistrySameForm(bytes32 formHash);
    /// @notice Thrown when the study has no such version of its form, also for 0.
    error ConsentRegistryUnknownForm(StudyId studyId, uint32 form);
    /// @notice Thrown when the rules are looser than those in force, or the same.
    error ConsentRegistryRulesNotStricter(bool explicitOnly, uint32 leastForm);
    /// @notice Thrown when the dataset has no such version.
    error ConsentRegistryUnknownVersion(DatasetId datasetId, uint64 version);
    /// @notice Thrown when a slot is not among the version's rows.
    error ConsentRegistrySlotOutOfRange(uint32 slot, uint64 rowCount);
    /// @notice Thrown when no slot is named, or more than `most`.
    error ConsentRegistrySlotCount(uint256 slots, uint256 most);
    /// @notice Thrown when the slot at `index` (0-based) does not come after the one before it.
    error ConsentRegistrySlotsNotAscending(uint256 index);
    /// @notice Thrown when an enrolment names no key or no handle.
    error ConsentRegistryMissingField(string field);
    /// @notice Thrown when an enrolment's nonce is not the number of keys that the row had: it was used, or is too new.
    error ConsentRegistryWrongEnrolment(uint256 nonce, uint256 expected);
    /// @notice Thrown when the handle is not the row's.
    error ConsentRegistryWrongHandle(bytes32 handle, bytes32 expected);
    /// @notice Thrown when the signature is not the owner's current key's (`expected`) over this Enrolment, this contract and
    /// this chain.
    error ConsentRegistryInvalidEnrolment(address recovered, address expected);
    /// @notice Thrown when nobody is enrolled for the row.
    error ConsentRegistryNotEnrolled(DatasetId datasetId, uint64 version, uint32 slot);
    /// @notice Thrown when a participant's signature arrives after its deadline (unix seconds, inclusive).
    error ConsentRegistryConsentExpired(uint256 deadline);
    /// @notice Thrown when the signature is not the participant's (`expected`) over this Consent, this contract and this
    /// chain.
    error ConsentRegistryInvalidConsent(address recovered, address expected);
    /// @notice Thrown when consent is given under an older form than the rules ask.
    error ConsentRegistryFormTooOld(uint32 form, uint32 leastForm);
    /// @notice Thrown when the form's hash is not the published one; in a withdrawal, not 0.
    error ConsentRegistryWrongForm(bytes32 formHash, bytes32 expected);
    /// @notice Thrown when a consent would have expired already.
    error ConsentRegistryInvalidExpiry(uint64 expiry);
    /// @notice Thrown when more than `most` purposes are named.
    error ConsentRegistryTooManyPurposes(uint256 purposes, uint256 most);
    /// @notice Thrown when a withdrawal has a form, purposes, future use or an expiry: it takes back everything.
    error ConsentRegistryWithdrawalWithScope();
    /// @notice Thrown when the sender is not the current key of the dataset's owner.
    error ConsentRegistryNotOwner(address account);
    /// @notice Thrown when an owner whose credential has ended enrols, or records a consent as given.
    error ConsentRegistryInactiveOwner(address owner);
    /// @notice Thrown when an owner records consent as given for a row whose participant has spoken by its own signature:
    /// only that can give it from then on.
    error ConsentRegistryParticipantSpoke(uint32 slot);

    /// @notice Publishes the next version of a study's consent form. Restricted to STEWARD_ROLE.
    function publishForm(StudyId studyId, bytes32 formHash) external returns (uint32 form);
    /// @notice Sets a study's rules, which only become stricter. Restricted to STEWARD_ROLE.
    /// @param explicitOnly once true, for good
    /// @param leastForm at most the newest form, and never less than before; 0 = any
    function setRules(StudyId studyId, bool explicitOnly, uint32 leastForm) external;
    /// @notice Anyone relays what the owner attested: which key speaks for a row. A later one, signed with the next nonce,
    /// replaces a key that was lost; the handle stays.
    /// @param ownerSignature 65 bytes by the current key of the dataset's active owner, domain {Opaline, 1, chain id, this contract}
    function enrol(Enrolment calldata enrolment, bytes calldata ownerSignature) external;
    /// @notice Anyone relays a participant's consent or withdrawal. Of two that are signed with one nonce the first relayed
    /// counts: a withdrawal thus also voids a consent that is signed and not yet relayed.
    /// @param given a form of the study at least the rules' leastForm, at most 16 purposes, an expiry not yet past
    /// @param signature 65 bytes by the participant's key, domain {Opaline, 1, chain id, this contract}
    function consent(Consent calldata given, bytes calldata signature) external;
    /// @notice The current key of the dataset's owner records consents or withdrawals on paper, of 1 to 256 rows at once; of an
    /// owner whose credential has ended withdrawals only. Never gives for a row whose participant has spoken by its own
    /// signature. O(slots), and of a withdrawal no storage for each.
    function record(DatasetId datasetId, ConsentRecord calldata entry) external;
    /// @notice What a request binds of its mask: 0 where rules are the default and no dataset has a record, so that every active
    /// row may be used; otherwise keccak256(abi.encode(keccak256("Opaline.ConsentMask.v1"), studyId, explicitOnly, leastForm,
    /// datasetIds, heads, uint64(block.timestamp))). O(datasets).
    function maskRoot(StudyId studyId, DatasetId[] calldata datasetIds) external view returns (bytes32);
    /// @notice The running hash of a dataset's records; 0 before the first.
    function head(DatasetId datasetId) external view returns (bytes32);
    /// @notice The rules in force; all zero where none were set.
    function rules(StudyId studyId) external view returns (ConsentRules memory);
    /// @notice How many versions the study's form has; the newest has this number.
    function formCount(StudyId studyId) external view returns (uint256);
    /// @notice A page of at most 100 forms; element i is version offset + i + 1.
    function forms(StudyId studyId, uint256 offset, uint256 limit) external view returns (Form[] memory);
    /// @notice Who speaks for a row; all zero where nobody is enrolled.
    function participant(DatasetId datasetId, uint64 version, uint32 slot) external view returns (Participant memory);
    /// @notice The nonce of the key's next Consent, of whichever row.
    function nonces(address key) external view returns (uint256);
}
