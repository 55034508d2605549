// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Acts} from "../audit/Acts.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {IDatasetRegistry} from "../study/IDatasetRegistry.sol";
import {IStudyRegistry} from "../study/IStudyRegistry.sol";
import {ConsentHash, ConsentRecord} from "../types/Consent.sol";
import {DatasetId, StudyId} from "../types/Identifiers.sol";
import {ConsentForms} from "./ConsentForms.sol";
import {Enrolments} from "./Enrolments.sol";
import {IConsentRegistry} from "./IConsentRegistry.sol";

/// @title Consents
/// @dev Kept of a dataset's consents is one hash: what they say is in the events, and its mask is derived off chain.
contract ConsentRegistry is Enrolments, Nonces {
    bytes32 private constant CONSENT_TYPEHASH = keccak256(
        "Consent(bytes32 datasetId,uint64 version,uint32 slot,bytes32 handle,bool given,uint32 form,bytes32 formHash,bytes32[] purposes,bool futureUse,uint64 expiry,uint256 nonce,uint256 deadline)"
    );
    /// @dev Each slot of a consent costs one storage read: 256 stay far below any block's gas.
    uint256 private constant MAX_SLOTS = 256;
    /// @dev As many as a study's policy can name.
    uint256 private constant MAX_PURPOSES = 16;

    mapping(DatasetId datasetId => bytes32) private _heads;

    constructor(
        address authority,
        IAuditTrail trail,
        IMemberRegistry owners,
        IStudyRegistry studies,
        IDatasetRegistry datasets
    ) ConsentForms(authority, trail, studies, datasets) Enrolments(owners) {}

    /// @inheritdoc IConsentRegistry
    function consent(Consent calldata given, bytes calldata signature) external {
        DatasetId datasetId = given.datasetId;
        Participant storage row = _rows[datasetId][given.version][given.slot];
        address key = row.key;
        if (key == address(0)) revert ConsentRegistryNotEnrolled(datasetId, given.version, given.slot);
        if (given.handle != row.handle) revert ConsentRegistryWrongHandle(given.handle, row.handle);
        if (block.timestamp > given.deadline) revert ConsentRegistryConsentExpired(given.deadline);
        ConsentRecord memory entry = _recordOf(given);
        (StudyId studyId, , ) = _version(datasetId, given.version);
        bytes32 formHash = _checkScope(studyId, entry);
        if (given.formHash != formHash) revert ConsentRegistryWrongForm(given.formHash, formHash);
        _useCheckedNonce(key, given.nonce);
        address recovered = ECDSA.recoverCalldata(_hashTypedDataV4(_hash(given)), signature);
        if (recovered != key) revert ConsentRegistryInvalidConsent(recovered, key);
        row.spoke = true;
        _append(studyId, datasetId, true, entry, key, 0);
    }

    /// @inheritdoc IConsentRegistry
    function record(DatasetId datasetId, ConsentRecord calldata entry) external {
        (StudyId studyId, address owner, uint64 rowCount) = _version(datasetId, entry.version);
        if (_owners.keyOf(owner) != msg.sender) revert ConsentRegistryNotOwner(msg.sender);
        if (entry.given && !_owners.isActive(owner)) revert ConsentRegistryInactiveOwner(owner);
        _checkSlots(entry.slots, rowCount);
        _checkScope(studyId, entry);
        if (entry.given) _checkSilent(datasetId, entry);
        _append(studyId, datasetId, false, entry, owner, _owners.organisationOf(owner));
    }

    /// @inheritdoc IConsentRegistry
    function maskRoot(StudyId studyId, DatasetId[] calldata datasetIds) external view returns (bytes32) {
        if (!_isRestricted(studyId)) return 0;
        bytes32[] memory heads = new bytes32[](datasetIds.length);
        for (uint256 i = 0; i < heads.length; ++i) heads[i] = _heads[datasetIds[i]];
        return ConsentHash.maskRoot(studyId, rules(studyId), datasetIds, heads, uint64(block.timestamp));
    }

    /// @inheritdoc IConsentRegistry
    function head(DatasetId datasetId) external view returns (bytes32) {
        return _heads[datasetId];
    }

    /// @inheritdoc IConsentRegistry
    function nonces(address key) public view override(IConsentRegistry, Nonces) returns (uint256) {
        return super.nonces(key);
    }

    function _append(
        StudyId studyId,
        DatasetId datasetId,
        bool own,
        ConsentRecord memory entry,
        address actor,
        bytes32 organisation
    ) private {
        bytes32 oldHead = _heads[datasetId];
        bytes32 newHead = ConsentHash.nextHead(oldHead, own, entry);
        _heads[datasetId] = newHead;
        _noteRecord(studyId);
        emit ConsentRecorded(datasetId, own, entry, newHead);
        bytes32 act = entry.given ? Acts.CONSENT_GIVEN : Acts.CONSENT_WITHDRAWN;
        _record(act, DatasetId.unwrap(datasetId), actor, organisation, oldHead, newHead);
    }

    /// @dev An owner gives for rows whose participants have never spoken for themselves.
    function _checkSilent(DatasetId datasetId, ConsentRecord calldata entry) private view {
        for (uint256 i = 0; i < entry.slots.length; ++i) {
            uint32 slot = entry.slots[i];
            if (_rows[datasetId][entry.version][slot].spoke) revert ConsentRegistryParticipantSpoke(slot);
        }
    }

    /// @return the hash of the form it is given under, 0 of a withdrawal
    function _checkScope(StudyId studyId, ConsentRecord memory entry) private view returns (bytes32) {
        if (!entry.given) {
            bool hasScope = entry.form != 0 || entry.purposes.length != 0 || entry.futureUse || entry.expiry != 0;
            if (hasScope) revert ConsentRegistryWithdrawalWithScope();
            return 0;
        }
        if (entry.purposes.length > MAX_PURPOSES) {
            revert ConsentRegistryTooManyPurposes(entry.purposes.length, MAX_PURPOSES);
        }
        if (entry.expiry != 0 && entry.expiry < block.timestamp) revert ConsentRegistryInvalidExpiry(entry.expiry);
        return _usableForm(studyId, entry.form);
    }

    function _checkSlots(uint32[] calldata slots, uint64 rowCount) private pure {
        uint256 length = slots.length;
        if (length == 0 || length > MAX_SLOTS) revert ConsentRegistrySlotCount(length, MAX_SLOTS);
        for (uint256 i = 1; i < length; ++i) {
            if (slots[i] <= slots[i - 1]) revert ConsentRegistrySlotsNotAscending(i);
        }
        uint32 last = slots[length - 1];
        if (last >= rowCount) revert ConsentRegistrySlotOutOfRange(last, rowCount);
    }

    /// @dev The one row that a participant speaks for; it was in range when the participant was enrolled.
    function _recordOf(Consent calldata given) private pure returns (ConsentRecord memory entry) {
        entry.version = given.version;
        entry.slots = new uint32[](1);
        entry.slots[0] = given.slot;
        entry.given = given.given;
        entry.form = given.form;
        entry.purposes = given.purposes;
        entry.futureUse = given.futureUse;
        entry.expiry = given.expiry;
    }

    function _hash(Consent calldata given) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    CONSENT_TYPEHASH,
                    given.datasetId,
                    given.version,
                    given.slot,
                    given.handle,
                    given.given,
                    given.form,
                    given.formHash,
                    keccak256(abi.encodePacked(given.purposes)),
                    given.futureUse,
                    given.expiry,
                    given.nonce,
                    given.deadline
                )
            );
    }
}
