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
contract EmergencyStop is IEmergencyStop, AccessManaged, Audited {
    bool private _stopped;

    constructor(address authority, IAuditTrail trail) AccessManaged(Deployed.check(authority)) Audited(trail) {}

    /// @inheritdoc IEmergencyStop
    function stop(string calldata reason) external restricted {
        if (_stopped) revert EmergencyStopAlreadyStopped();
        _stopped = true;
        emit Stopped(msg.sender, reason);
        _recordBecause(Acts.STOPPED, _subject(address(this)), 0, reason);
    }

    /// @inheritdoc IEmergencyStop
    function resume(string calldata reason) external restricted {
        if (!_stopped) revert EmergencyStopNotStopped();
        _stopped = false;
        emit Resumed(msg.sender, reason);
        _recordBecause(Acts.RESUMED, _subject(address(this)), 0, reason);
    }

    /// @inheritdoc IEmergencyStop
    function isStopped() external view returns (bool) {
        return _stopped;
    }
}
