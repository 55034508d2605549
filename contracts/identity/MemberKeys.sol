// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {Deployed} from "../types/Deployed.sol";
import {IMemberRegistry} from "./IMemberRegistry.sol";

/// @title Half of a registry: which key acts for which member now
abstract contract MemberKeys is IMemberRegistry, AccessManaged, EIP712, Audited {
    bytes32 private constant ROTATION_TYPEHASH = keccak256(
        "KeyRotation(address member,address oldKey,address newKey,bytes encryptionKey,uint256 deadline)"
    );

    /// @dev A key that was never rotated is the member's name, and is found here alone: most members cost a request no more
    /// than if keys could not change.
    mapping(address account => Member) internal _members;
    /// @dev Of every account that became a key by a rotation, for ever.
    mapping(address key => address account) private _rotatedTo;

    constructor(
        address authority,
        IAuditTrail trail
    ) AccessManaged(Deployed.check(authority)) EIP712("Opaline", "1") Audited(trail) {}

    /// @inheritdoc IMemberRegistry
    function rotateKey(KeyRotation calldata rotation, bytes calldata signature) external {
        address account = rotation.member;
        Member storage entry = _members[account];
        if (!isActive(account)) revert MemberRegistryNotMember(account);
        if (msg.sender != entry.key) revert MemberRegistryNotCurrentKey(msg.sender, entry.key);
        if (rotation.oldKey != entry.key) revert MemberRegistryNotCurrentKey(rotation.oldKey, entry.key);
        (bytes32 oldHash, bytes32 newHash) = _rotate(entry, rotation, signature);
        _record(Acts.MEMBER_KEY_ROTATED, _subject(account), account, entry.organisation, oldHash, newHash);
    }

    /// @inheritdoc IMemberRegistry
    function replaceKey(
        KeyRotation calldata rotation,
        bytes calldata signature,
        string calldata reason
    ) external restricted {
        Member storage entry = _members[rotation.member];
        if (entry.expiry == 0) revert MemberRegistryNotMember(rotation.member);
        if (entry.revoked) revert MemberRegistryAlreadyRevoked(rotation.member);
        (bytes32 oldHash, bytes32 newHash) = _rotate(entry, rotation, signature);
        _recordBecause(Acts.MEMBER_KEY_REPLACED, _subject(rotation.member), oldHash, newHash, reason);
    }

    /// @inheritdoc IMemberRegistry
    function keyOf(address account) external view returns (address) {
        return _members[account].key;
    }

    /// @inheritdoc IMemberRegistry
    function signerOf(address account) external view returns (address key, bool active) {
        Member storage entry = _members[account];
        return (entry.key, _isActive(entry));
    }

    /// @inheritdoc IMemberRegistry
    function activeKeysOf(address[] calldata accounts) external view returns (address[] memory keys) {
        keys = new address[](accounts.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            Member storage entry = _members[accounts[i]];
            if (_isActive(entry)) keys[i] = entry.key;
        }
    }

    /// @inheritdoc IMemberRegistry
    function activeMemberOf(address key) external view returns (address account, bytes32 organisation) {
        (account, organisation, ) = credentialOf(key);
    }

    /// @inheritdoc IMemberRegistry
    function everMemberOf(address key) external view returns (address) {
        return _members[key].expiry == 0 ? _rotatedTo[key] : key;
    }

    /// @inheritdoc IMemberRegistry
    function credentialOf(address key) public view returns (address account, bytes32 organisation, uint24 admissions) {
        account = memberOf(key);
        Member storage entry = _members[account];
        if (!_isActive(entry)) return (address(0), 0, 0);
        return (account, entry.organisation, entry.admissions);
    }

    /// @inheritdoc IMemberRegistry
    function memberOf(address key) public view returns (address account) {
        account = _members[key].key == key ? key : _rotatedTo[key];
        if (_members[account].key != key) return address(0);
    }

    /// @inheritdoc IMemberRegistry
    function isActive(address account) public view returns (bool) {
        return _isActive(_members[account]);
    }

    /// @dev A name that is admitted must be no member's key, nor have been.
    function _requireNoKey(address account) internal view {
        if (_rotatedTo[account] != address(0)) revert MemberRegistryAccountUsed(account);
    }

    /// @dev SEC 1 compressed form: 02 or 03, then x.
    function _requireEncryptionKey(bytes memory encryptionKey) internal pure {
        bool compressed = encryptionKey.length == 33 && (encryptionKey[0] == 0x02 || encryptionKey[0] == 0x03);
        if (!compressed) revert MemberRegistryMissingField("encryptionKey");
    }

    /// @dev A role that needs an encryption key has one of every member, and so keeps it; the other fields do not change.
    function _rotate(
        Member storage entry,
        KeyRotation calldata rotation,
        bytes calldata signature
    ) private returns (bytes32 oldHash, bytes32 newHash) {
        address oldKey = entry.key;
        address newKey = rotation.newKey;
        if (block.timestamp > rotation.deadline) revert MemberRegistryRotationExpired(rotation.deadline);
        if (_members[newKey].expiry != 0) revert MemberRegistryAccountUsed(newKey);
        _requireNoKey(newKey);
        bool needed = entry.encryptionKey.length != 0 || rotation.encryptionKey.length != 0;
        if (needed) _requireEncryptionKey(rotation.encryptionKey);
        address recovered = ECDSA.recoverCalldata(_hashTypedDataV4(_hash(rotation)), signature);
        if (recovered != newKey) revert MemberRegistryInvalidRotation(recovered, newKey);
        entry.key = newKey;
        entry.encryptionKey = rotation.encryptionKey;
        _rotatedTo[newKey] = rotation.member;
        emit MemberKeyRotated(rotation.member, oldKey, newKey);
        return (_subject(oldKey), _subject(newKey));
    }

    /// @dev Of an account that was never admitted: false, as its expiry is 0.
    function _isActive(Member storage entry) private view returns (bool) {
        return !entry.revoked && block.timestamp <= entry.expiry;
    }

    function _hash(KeyRotation calldata rotation) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    ROTATION_TYPEHASH,
                    rotation.member,
                    rotation.oldKey,
                    rotation.newKey,
                    keccak256(rotation.encryptionKey),
                    rotation.deadline
                )
            );
    }
}
