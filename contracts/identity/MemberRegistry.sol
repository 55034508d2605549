// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acts} from "../audit/Acts.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {Paging} from "../types/Paging.sol";
import {IMemberRegistry} from "./IMemberRegistry.sol";
import {MemberKeys} from "./MemberKeys.sol";

/// @title What all roles share; a role says in one hook which fields it needs
abstract contract MemberRegistry is MemberKeys {
    /// @dev vouched: the consortium admitted the account with this certificate; otherwise the member only says it is its own.
    struct Claim {
        address account;
        bool vouched;
    }

    /// @dev A request checks the study's purposes against these: 32 cost it at most about 70,000 gas.
    uint256 private constant MAX_PURPOSES = 32;

    mapping(bytes32 tlsFingerprint => Claim) private _claims;
    address[] private _accounts;

    constructor(address authority, IAuditTrail trail) MemberKeys(authority, trail) {}

    /// @inheritdoc IMemberRegistry
    function admit(address account, Admission calldata admission) external restricted {
        Member storage entry = _members[account];
        _checkAdmissible(account, entry, admission);
        if (entry.expiry == 0) {
            entry.key = account;
            _accounts.push(account);
        }
        _vouch(account, entry, admission.tlsFingerprint);
        bytes32 organisation = keccak256(bytes(admission.organisationName));
        bytes32 oldHash = entry.organisation;
        entry.organisation = organisation;
        entry.issuer = msg.sender;
        entry.admittedAt = uint64(block.timestamp); // fits for 5 x 10^11 years
        entry.expiry = admission.expiry;
        ++entry.admissions; // by the consortium, a transaction each: far below 2^24
        entry.organisationName = admission.organisationName;
        entry.endpoint = admission.endpoint;
        entry.encryptionKey = admission.encryptionKey;
        entry.purposes = admission.purposes;
        emit MemberAdmitted(account, organisation, admission.expiry);
        _record(Acts.MEMBER_ADMITTED, _subject(account), msg.sender, 0, oldHash, keccak256(abi.encode(admission)));
    }

    /// @inheritdoc IMemberRegistry
    function revoke(address account, string calldata reason) external restricted {
        Member storage entry = _members[account];
        if (entry.expiry == 0) revert MemberRegistryNotMember(account);
        if (entry.revoked) revert MemberRegistryAlreadyRevoked(account);
        entry.revoked = true;
        emit MemberRevoked(account, reason);
        _recordBecause(Acts.MEMBER_REVOKED, _subject(account), entry.organisation, reason);
    }

    /// @inheritdoc IMemberRegistry
    function setEndpoint(string calldata endpoint, bytes32 tlsFingerprint) external {
        address account = memberOf(msg.sender);
        if (!isActive(account)) revert MemberRegistryNotMember(msg.sender);
        Member storage entry = _members[account];
        _requireFields(endpoint, tlsFingerprint, entry.encryptionKey);
        bytes32 oldHash = keccak256(abi.encode(entry.endpoint, entry.tlsFingerprint));
        _declare(account, entry, tlsFingerprint);
        entry.endpoint = endpoint;
        emit MemberEndpointChanged(account, endpoint, tlsFingerprint);
        bytes32 newHash = keccak256(abi.encode(endpoint, tlsFingerprint));
        bytes32 subject = _subject(account);
        _record(Acts.MEMBER_ENDPOINT_CHANGED, subject, account, entry.organisation, oldHash, newHash);
    }

    /// @inheritdoc IMemberRegistry
    function member(address account) external view returns (Member memory) {
        if (_members[account].expiry == 0) revert MemberRegistryNotMember(account);
        return _members[account];
    }

    /// @inheritdoc IMemberRegistry
    function organisationOf(address account) external view returns (bytes32) {
        return _members[account].organisation;
    }

    /// @inheritdoc IMemberRegistry
    function missingPurpose(address account, bytes32[] calldata purposes) external view returns (bytes32) {
        bytes32[] memory held = _members[account].purposes;
        for (uint256 i = 0; i < purposes.length; ++i) {
            bool found = false;
            for (uint256 j = 0; j < held.length && !found; ++j) found = held[j] == purposes[i];
            if (!found) return purposes[i];
        }
        return 0;
    }

    /// @inheritdoc IMemberRegistry
    function accountOf(bytes32 tlsFingerprint) external view returns (address) {
        return _holderOf(tlsFingerprint);
    }

    /// @inheritdoc IMemberRegistry
    function count() external view returns (uint256) {
        return _accounts.length;
    }

    /// @inheritdoc IMemberRegistry
    function accounts(uint256 offset, uint256 limit) external view returns (address[] memory page) {
        page = new address[](Paging.size(_accounts.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) page[i] = _accounts[offset + i];
    }

    /// @dev The one hook: reverts with MemberRegistryMissingField when this role needs more than it is given. Here: a role
    /// that signs and reads, and talks to nobody, needs nothing more.
    function _requireFields(
        string calldata endpoint,
        bytes32 tlsFingerprint,
        bytes memory encryptionKey
        // solhint-disable-next-line no-empty-blocks
    ) internal view virtual {}

    /// @dev The consortium's word beats a member's own: otherwise any member could keep another out by naming its
    /// certificate first.
    function _vouch(address account, Member storage entry, bytes32 tlsFingerprint) private {
        entry.tlsFingerprint = tlsFingerprint;
        if (tlsFingerprint == 0) return;
        address holder = _holderOf(tlsFingerprint);
        bool taken = holder != address(0) && holder != account;
        if (taken && _claims[tlsFingerprint].vouched) revert MemberRegistryFingerprintInUse(tlsFingerprint);
        _claims[tlsFingerprint] = Claim(account, true);
        if (taken) _clearFingerprint(holder, tlsFingerprint);
    }

    function _clearFingerprint(address holder, bytes32 tlsFingerprint) private {
        Member storage entry = _members[holder];
        entry.tlsFingerprint = 0;
        emit MemberEndpointChanged(holder, entry.endpoint, 0);
        bytes32 oldHash = keccak256(abi.encode(entry.endpoint, tlsFingerprint));
        bytes32 newHash = keccak256(abi.encode(entry.endpoint, bytes32(0)));
        _record(Acts.MEMBER_ENDPOINT_CHANGED, _subject(holder), msg.sender, 0, oldHash, newHash);
    }

    function _declare(address account, Member storage entry, bytes32 tlsFingerprint) private {
        if (tlsFingerprint == entry.tlsFingerprint) return;
        if (tlsFingerprint != 0) {
            if (_holderOf(tlsFingerprint) != address(0)) revert MemberRegistryFingerprintInUse(tlsFingerprint);
            _claims[tlsFingerprint] = Claim(account, false);
        }
        entry.tlsFingerprint = tlsFingerprint;
    }

    /// @dev A claim lapses when its account shows another certificate, expires or is revoked.
    function _holderOf(bytes32 tlsFingerprint) private view returns (address) {
        address account = _claims[tlsFingerprint].account;
        bool holds = _members[account].tlsFingerprint == tlsFingerprint && isActive(account);
        return holds ? account : address(0);
    }

    function _checkAdmissible(address account, Member storage entry, Admission calldata admission) private view {
        if (account == address(0)) revert MemberRegistryMissingField("account");
        if (entry.revoked) revert MemberRegistryAlreadyRevoked(account);
        _requireNoKey(account);
        if (isActive(account)) _checkRenewal(account, entry, admission);
        if (admission.expiry < block.timestamp) revert MemberRegistryInvalidExpiry(admission.expiry);
        if (bytes(admission.organisationName).length == 0) revert MemberRegistryMissingField("organisationName");
        if (admission.purposes.length > MAX_PURPOSES) {
            revert MemberRegistryTooManyPurposes(admission.purposes.length, MAX_PURPOSES);
        }
        _requireFields(admission.endpoint, admission.tlsFingerprint, admission.encryptionKey);
    }

    /// @dev A credential that is still valid can be prolonged; to say anything else it must have ended.
    function _checkRenewal(address account, Member storage entry, Admission calldata admission) private view {
        bool prolonged = admission.expiry > entry.expiry;
        bool sameOrganisation = keccak256(bytes(admission.organisationName)) == entry.organisation;
        if (!prolonged || !sameOrganisation) revert MemberRegistryAlreadyAdmitted(account);
    }
}
