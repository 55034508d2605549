// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Acts} from "../audit/Acts.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {DatasetId, StudyId} from "../types/Identifiers.sol";
import {ConsentForms} from "./ConsentForms.sol";
import {IConsentRegistry} from "./IConsentRegistry.sol";

/// @title A part of the consent registry: which key speaks for which row
abstract contract Enrolments is ConsentForms, EIP712 {
    bytes32 private constant ENROLMENT_TYPEHASH = keccak256(
        "Enrolment(bytes32 datasetId,uint64 version,uint32 slot,bytes32 handle,address participant,uint256 nonce)"
    );

    IMemberRegistry internal immutable _owners;

    mapping(DatasetId datasetId => mapping(uint64 version => mapping(uint32 slot => Participant))) internal _rows;

    constructor(IMemberRegistry owners) EIP712("Opaline", "1") {
        _owners = IMemberRegistry(Deployed.check(address(owners)));
    }

    /// @inheritdoc IConsentRegistry
    function enrol(Enrolment calldata enrolment, bytes calldata ownerSignature) external {
        DatasetId datasetId = enrolment.datasetId;
        (, address owner, uint64 rowCount) = _version(datasetId, enrolment.version);
        if (enrolment.slot >= rowCount) revert ConsentRegistrySlotOutOfRange(enrolment.slot, rowCount);
        Participant storage row = _rows[datasetId][enrolment.version][enrolment.slot];
        _checkEnrolment(enrolment, row);
        (address key, bool active) = _owners.signerOf(owner);
        if (!active) revert ConsentRegistryInactiveOwner(owner);
        bytes32 structHash = keccak256(abi.encode(ENROLMENT_TYPEHASH, enrolment));
        address recovered = ECDSA.recoverCalldata(_hashTypedDataV4(structHash), ownerSignature);
        if (recovered != key) revert ConsentRegistryInvalidEnrolment(recovered, key);
        address replaced = row.key;
        row.key = enrolment.participant;
        ++row.generation; // each costs a transaction: far below 2^32
        row.handle = enrolment.handle;
        _emitEnrolled(enrolment, replaced);
        bytes32 organisation = _owners.organisationOf(owner);
        bytes32 subject = DatasetId.unwrap(datasetId);
        _record(Acts.PARTICIPANT_ENROLLED, subject, owner, organisation, _subject(replaced), structHash);
    }

    /// @inheritdoc IConsentRegistry
    function participant(DatasetId datasetId, uint64 version, uint32 slot) external view returns (Participant memory) {
        return _rows[datasetId][version][slot];
    }

    /// @dev A version that exists: its study, its owner, and how many rows it has.
    function _version(
        DatasetId datasetId,
        uint64 version
    ) internal view returns (StudyId studyId, address owner, uint64 rowCount) {
        (studyId, owner, rowCount) = _datasets.rowsOf(datasetId, version);
        if (rowCount == 0) revert ConsentRegistryUnknownVersion(datasetId, version);
    }

    function _emitEnrolled(Enrolment calldata enrolment, address replaced) private {
        emit ParticipantEnrolled(
            enrolment.datasetId,
            enrolment.version,
            enrolment.slot,
            enrolment.handle,
            enrolment.participant,
            replaced
        );
    }

    function _checkEnrolment(Enrolment calldata enrolment, Participant storage row) private view {
        if (enrolment.participant == address(0)) revert ConsentRegistryMissingField("participant");
        if (enrolment.handle == 0) revert ConsentRegistryMissingField("handle");
        uint32 generation = row.generation;
        if (enrolment.nonce != generation) revert ConsentRegistryWrongEnrolment(enrolment.nonce, generation);
        if (generation != 0 && enrolment.handle != row.handle) {
            revert ConsentRegistryWrongHandle(enrolment.handle, row.handle);
        }
    }
}
