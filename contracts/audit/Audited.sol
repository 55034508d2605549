// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Deployed} from "../types/Deployed.sol";
import {IAuditTrail} from "./IAuditTrail.sol";

/// @title Base of every contract whose acts are recorded
abstract contract Audited {
    IAuditTrail private immutable _trail;

    constructor(IAuditTrail trail) {
        _trail = IAuditTrail(Deployed.check(address(trail)));
    }

    /// @notice The trail this contract writes to.
    function auditTrail() external view returns (IAuditTrail) {
        return _trail;
    }

    /// @dev Call right after the state change. The parameters are those of {IAuditTrail-Recorded}.
    function _record(
        bytes32 act,
        bytes32 subject,
        address actor,
        bytes32 organisation,
        bytes32 oldHash,
        bytes32 newHash
    ) internal {
        _trail.record(act, subject, actor, organisation, oldHash, newHash, "");
    }

    /// @dev The same for an act that an emergency stops; false while it does, and then it must be undone.
    function _recordUnlessStopped(
        bytes32 act,
        bytes32 subject,
        address actor,
        bytes32 organisation,
        bytes32 oldHash,
        bytes32 newHash
    ) internal returns (bool) {
        return _trail.recordUnlessStopped(act, subject, actor, organisation, oldHash, newHash);
    }

    /// @dev The same for an act that states its reason.
    function _recordBecause(bytes32 act, bytes32 subject, bytes32 oldHash, string calldata reason) internal {
        _recordBecause(act, subject, oldHash, 0, reason);
    }

    /// @dev The same where something takes the place of what was.
    function _recordBecause(
        bytes32 act,
        bytes32 subject,
        bytes32 oldHash,
        bytes32 newHash,
        string calldata reason
    ) internal {
        _trail.record(act, subject, msg.sender, 0, oldHash, newHash, reason);
    }

    /// @dev The same for an act of a member.
    function _recordBecause(
        bytes32 act,
        bytes32 subject,
        address actor,
        bytes32 organisation,
        bytes32 newHash,
        string calldata reason
    ) internal {
        _trail.record(act, subject, actor, organisation, 0, newHash, reason);
    }

    /// @dev An account as the subject of an act.
    function _subject(address account) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }
}
