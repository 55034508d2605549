// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuditTrail} from "../../contracts/audit/AuditTrail.sol";
import {ConsortiumAccess} from "../../contracts/governance/ConsortiumAccess.sol";
import {EmergencyStop} from "../../contracts/governance/EmergencyStop.sol";

/// @dev The cheat codes of Hardhat's Solidity tests that are needed here.
interface Vm {
    function warp(uint256 timestamp) external;
}

/// @dev Somebody with one role: does what it is told, in its own name.
contract RoleHolder {
    function send(address target, bytes calldata data) external {
        (bool done, bytes memory reason) = target.call(data);
        if (done) return;
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}

/// @dev A guardian who stops at once and cancels, a steward who must announce what ends a stop two days before, and time.
/// It remembers when the act was announced, and whether it ever happened sooner, or after it was cancelled.
contract GovernanceHandler {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant DELAY = 2 days;

    ConsortiumAccess private immutable _access;
    EmergencyStop private immutable _emergencyStop;
    RoleHolder public immutable guardian;
    RoleHolder public immutable steward;
    /// 0: nothing is announced.
    uint256 public announcedAt;
    bool public wasTooSoon;
    bool public stoppedByAnother;

    constructor(ConsortiumAccess access, EmergencyStop emergencyStop) {
        _access = access;
        _emergencyStop = emergencyStop;
        guardian = new RoleHolder();
        steward = new RoleHolder();
    }

    function pass(uint32 time) external {
        VM.warp(block.timestamp + (time % 3 days));
    }

    function stop(bool byGuardian) external {
        RoleHolder by = byGuardian ? guardian : steward;
        by.send(address(_emergencyStop), abi.encodeCall(EmergencyStop.stop, ("")));
        if (!byGuardian) stoppedByAnother = true;
    }

    function announceResume() external {
        steward.send(address(_access), abi.encodeCall(_access.schedule, (address(_emergencyStop), _resume(), 0)));
        announcedAt = block.timestamp;
    }

    function cancelResume() external {
        bytes memory call = abi.encodeCall(_access.cancel, (address(steward), address(_emergencyStop), _resume()));
        guardian.send(address(_access), call);
        announcedAt = 0;
    }

    function resume(bool throughManager) external {
        if (throughManager) {
            steward.send(address(_access), abi.encodeCall(_access.execute, (address(_emergencyStop), _resume())));
        } else {
            steward.send(address(_emergencyStop), _resume());
        }
        if (announcedAt == 0 || block.timestamp < announcedAt + DELAY) wasTooSoon = true;
        announcedAt = 0;
    }

    function resumeByGuardian() external {
        guardian.send(address(_emergencyStop), _resume());
        wasTooSoon = true;
    }

    function _resume() private pure returns (bytes memory) {
        return abi.encodeCall(EmergencyStop.resume, (""));
    }
}

/// @title What permits something waits for its delay, in public; what stops something does not
contract GovernanceInvariantTest {
    GovernanceHandler private _handler;
    AuditTrail private _trail;
    uint64 private _lengthBefore;

    function setUp() public {
        ConsortiumAccess access = new ConsortiumAccess(address(this));
        _trail = new AuditTrail(address(access));
        EmergencyStop emergencyStop = new EmergencyStop(address(access), _trail);
        _trail.addRecorder(address(access));
        _trail.addRecorder(address(emergencyStop));
        access.setAuditTrail(_trail);
        _handler = new GovernanceHandler(access, emergencyStop);
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = EmergencyStop.stop.selector;
        access.setTargetFunctionRole(address(emergencyStop), selectors, access.GUARDIAN_ROLE());
        selectors[0] = EmergencyStop.resume.selector;
        access.setTargetFunctionRole(address(emergencyStop), selectors, access.STEWARD_ROLE());
        selectors[0] = AuditTrail.setStopped.selector;
        access.setTargetFunctionRole(address(_trail), selectors, access.SWITCH_ROLE());
        access.grantRole(access.SWITCH_ROLE(), address(emergencyStop), 0);
        access.setRoleGuardian(access.STEWARD_ROLE(), access.GUARDIAN_ROLE());
        access.grantRole(access.GUARDIAN_ROLE(), address(_handler.guardian()), 0);
        access.grantRole(access.STEWARD_ROLE(), address(_handler.steward()), 2 days);
        _lengthBefore = _trail.length();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function invariant_nothingIsPermittedBeforeItsDelay() public view {
        assert(!_handler.wasTooSoon());
    }

    function invariant_onlyAGuardianStops() public view {
        assert(!_handler.stoppedByAnother());
    }

    function invariant_theTrailOnlyGrows() public {
        uint64 length = _trail.length();
        assert(length >= _lengthBefore);
        _lengthBefore = length;
    }
}
