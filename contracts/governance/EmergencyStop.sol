// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {Deployed} from "../types/Deployed.sol";
import {IEmergencyStop} from "./IEmergencyStop.sol";

/// @title The switch
/// @dev Not OpenZeppelin's Pausable: that is a base of the contract it pauses, and query contracts are clones without number.
/// Whether it is on is kept in the trail, which what it stops must write to anyhow.
contract EmergencyStop is IEmergencyStop, AccessManaged, Audited {
    IAuditTrail private immutable _switch;

    constructor(address authority, IAuditTrail trail) AccessManaged(Deployed.check(authority)) Audited(trail) {
        _switch = trail;
    }

    /// @inheritdoc IEmergencyStop
    function stop(string calldata reason) external restricted {
        if (isStopped()) revert EmergencyStopAlreadyStopped();
        _switch.setStopped(true);
        emit Stopped(msg.sender, reason);
        _recordBecause(Acts.STOPPED, _subject(address(this)), 0, reason);
    }

    /// @inheritdoc IEmergencyStop
    function resume(string calldata reason) external restricted {
        if (!isStopped()) revert EmergencyStopNotStopped();
        _switch.setStopped(false);
        emit Resumed(msg.sender, reason);
        _recordBecause(Acts.RESUMED, _subject(address(this)), 0, reason);
    }

    /// @inheritdoc IEmergencyStop
    function isStopped() public view returns (bool) {
        return _switch.isStopped();
    }
}
