// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Acts} from "../audit/Acts.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {Deployed} from "../types/Deployed.sol";

/// @title Who may call the `restricted` functions of every other contract
/// @notice OpenZeppelin's AccessManager, which also writes what it does into the audit trail. Its rule: what stops something
/// takes effect at once, what permits something may have to wait. A role is granted with a delay: its holder schedules an
/// act, everybody can read it, and a guardian can cancel it before it may be done.
///
/// ADMIN_ROLE (0), the consortium: grants roles and announces deployments; in production a multi-signature wallet.
/// REGISTRAR_ROLE admits members and replaces their keys. STEWARD_ROLE registers studies, trials and verifiers, publishes
/// agreements, appoints committees, declares a query's successor and ends a stop. GUARDIAN_ROLE, best held without delay:
/// stops, revokes members and queries, retires verifiers, cancels what registrars and stewards have scheduled.
/// CATALOGUE_ROLE is held by the query catalogue alone, DATASETS_ROLE by the dataset registry, CHANGES_ROLE by the
/// contract of committee changes, SWITCH_ROLE by the emergency stop, CONSENTS_ROLE by the consent registry.
contract ConsortiumAccess is AccessManager {
    /// @notice May add each new query contract to the audit trail and to the dataset registry, and say until when it serves.
    uint64 public constant CATALOGUE_ROLE = 1;
    /// @notice May freeze a study's committee when its first dataset is activated.
    uint64 public constant DATASETS_ROLE = 2;
    /// @notice May admit members and replace their keys.
    uint64 public constant REGISTRAR_ROLE = 3;
    /// @notice May register studies, trials and verifiers, publish agreements, appoint committees and end a stop.
    uint64 public constant STEWARD_ROLE = 4;
    /// @notice May stop, revoke, and cancel scheduled acts.
    uint64 public constant GUARDIAN_ROLE = 5;
    /// @notice May install a proposed committee, and the shares that owners made for it.
    uint64 public constant CHANGES_ROLE = 6;
    /// @notice May turn the switch that the audit trail keeps.
    uint64 public constant SWITCH_ROLE = 7;
    /// @notice May tell the dataset registry that a study has rules or records of consent.
    uint64 public constant CONSENTS_ROLE = 8;

    IAuditTrail private _trail;

    /// @notice From now on this contract's acts are recorded in `trail`.
    event AuditTrailSet(IAuditTrail trail);

    /// @notice Thrown when the trail was set before.
    error ConsortiumAccessTrailAlreadySet(IAuditTrail trail);

    constructor(address consortium) AccessManager(consortium) {}

    /// @notice Names the trail, once: it cannot be a constructor's argument, as the trail needs this contract. What was
    /// done before is in this contract's events only. Restricted to ADMIN_ROLE.
    /// @param trail the deployment's; this contract must be one of its recorders, or every later act reverts
    function setAuditTrail(IAuditTrail trail) external onlyAuthorized {
        if (address(_trail) != address(0)) revert ConsortiumAccessTrailAlreadySet(_trail);
        _trail = IAuditTrail(Deployed.check(address(trail)));
        emit AuditTrailSet(trail);
        _record(Acts.AUDIT_TRAIL_SET, _subject(address(trail)), 0); // reverts where this contract is no recorder
    }

    /// @notice Where acts are recorded; zero before {setAuditTrail}.
    function auditTrail() external view returns (IAuditTrail) {
        return _trail;
    }

    /// @inheritdoc AccessManager
    function schedule(
        address target,
        bytes calldata data,
        uint48 when
    ) public override returns (bytes32 operationId, uint32 nonce) {
        (operationId, nonce) = super.schedule(target, data, when);
        _record(Acts.OPERATION_SCHEDULED, operationId, keccak256(abi.encode(nonce, getSchedule(operationId))));
    }

    /// @inheritdoc AccessManager
    function cancel(address caller, address target, bytes calldata data) public override returns (uint32 nonce) {
        nonce = super.cancel(caller, target, data);
        _record(Acts.OPERATION_CANCELED, hashOperation(caller, target, data), 0);
    }

    /// @inheritdoc AccessManager
    /// @dev Recorded first, and with who calls: for the target the caller is this contract.
    function execute(address target, bytes calldata data) public payable override returns (uint32 nonce) {
        _record(Acts.OPERATION_EXECUTED, hashOperation(msg.sender, target, data), keccak256(data));
        nonce = super.execute(target, data);
    }

    /// @inheritdoc AccessManager
    function updateAuthority(address target, address newAuthority) public override {
        super.updateAuthority(target, newAuthority);
        _record(Acts.AUTHORITY_UPDATED, _subject(target), _subject(newAuthority));
    }

    /// @inheritdoc AccessManager
    function _grantRole(
        uint64 roleId,
        address account,
        uint32 grantDelay,
        uint32 executionDelay
    ) internal override returns (bool isNew) {
        isNew = super._grantRole(roleId, account, grantDelay, executionDelay);
        _record(Acts.ROLE_GRANTED, _subject(account), keccak256(abi.encode(roleId, grantDelay, executionDelay)));
    }

    /// @inheritdoc AccessManager
    function _revokeRole(uint64 roleId, address account) internal override returns (bool wasHeld) {
        wasHeld = super._revokeRole(roleId, account);
        if (wasHeld) _record(Acts.ROLE_REVOKED, _subject(account), keccak256(abi.encode(roleId)));
    }

    /// @inheritdoc AccessManager
    function _setRoleAdmin(uint64 roleId, uint64 admin) internal override {
        super._setRoleAdmin(roleId, admin);
        _record(Acts.ROLE_ADMIN_CHANGED, bytes32(uint256(roleId)), keccak256(abi.encode(admin)));
    }

    /// @inheritdoc AccessManager
    function _setRoleGuardian(uint64 roleId, uint64 guardian) internal override {
        super._setRoleGuardian(roleId, guardian);
        _record(Acts.ROLE_GUARDIAN_CHANGED, bytes32(uint256(roleId)), keccak256(abi.encode(guardian)));
    }

    /// @inheritdoc AccessManager
    function _setGrantDelay(uint64 roleId, uint32 newDelay) internal override {
        super._setGrantDelay(roleId, newDelay);
        _record(Acts.ROLE_GRANT_DELAY_CHANGED, bytes32(uint256(roleId)), keccak256(abi.encode(newDelay)));
    }

    /// @inheritdoc AccessManager
    function _setTargetFunctionRole(address target, bytes4 selector, uint64 roleId) internal override {
        super._setTargetFunctionRole(target, selector, roleId);
        _record(Acts.TARGET_FUNCTION_ROLE_UPDATED, _subject(target), keccak256(abi.encode(selector, roleId)));
    }

    /// @inheritdoc AccessManager
    function _setTargetAdminDelay(address target, uint32 newDelay) internal override {
        super._setTargetAdminDelay(target, newDelay);
        _record(Acts.TARGET_ADMIN_DELAY_UPDATED, _subject(target), keccak256(abi.encode(newDelay)));
    }

    /// @inheritdoc AccessManager
    function _setTargetClosed(address target, bool closed) internal override {
        super._setTargetClosed(target, closed);
        _record(Acts.TARGET_CLOSED, _subject(target), keccak256(abi.encode(closed)));
    }

    function _record(bytes32 act, bytes32 subject, bytes32 newHash) private {
        if (address(_trail) != address(0)) _trail.record(act, subject, msg.sender, 0, 0, newHash, "");
    }

    function _subject(address account) private pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }
}
