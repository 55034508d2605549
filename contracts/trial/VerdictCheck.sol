// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ArmState, Decision, Look, TrialRules, TrialVerdict} from "../types/Trial.sol";
import {Allocations} from "./Allocations.sol";
import {IAdaptiveTrial} from "./IAdaptiveTrial.sol";

/// @title Which verdicts a trial's rules allow, whatever they cite and whoever signed them
library VerdictCheck {
    /// @dev Instead of a posterior probability: the board keeps it to itself.
    uint16 internal constant UNSTATED = type(uint16).max;

    /// @dev `states` and `bps` are in force until now. `look` has no thresholds for a STOP. O(cells).
    function check(
        TrialRules memory rules,
        Look memory look,
        TrialVerdict memory verdict,
        ArmState[] memory states,
        uint16[] memory bps
    ) internal pure {
        _requireCells("posteriors", verdict.posteriors.length, states.length);
        _requireCells("states", verdict.states.length, states.length);
        _requireCells("allocation", verdict.allocation.length, states.length);
        _checkPosteriors(verdict.posteriors, rules.arms.length);
        bool arms = _checkStates(rules, look, verdict, states);
        if (verdict.decision == Decision.STOP) {
            _checkStop(verdict, arms);
            return;
        }
        bool allocation = keccak256(abi.encode(verdict.allocation)) != keccak256(abi.encode(bps));
        if (verdict.decision != _decisionOf(arms, allocation)) {
            revert IAdaptiveTrial.AdaptiveTrialDecisionMismatch(verdict.decision);
        }
        Allocations.check(rules, verdict.states, verdict.allocation);
    }

    function _requireCells(string memory field, uint256 given, uint256 expected) private pure {
        if (given != expected) revert IAdaptiveTrial.AdaptiveTrialCellCount(field, given, expected);
    }

    function _checkPosteriors(uint16[] memory posteriors, uint256 arms) private pure {
        for (uint256 cell = 0; cell < posteriors.length; ++cell) {
            uint16 posterior = posteriors[cell];
            if (posterior > Allocations.WHOLE && posterior != UNSTATED) {
                revert IAdaptiveTrial.AdaptiveTrialInvalidPosterior(cell / arms, cell % arms, posterior);
            }
        }
    }

    /// @dev Whether any arm leaves a stratum.
    function _checkStates(
        TrialRules memory rules,
        Look memory look,
        TrialVerdict memory verdict,
        ArmState[] memory states
    ) private pure returns (bool changes) {
        uint256 arms = rules.arms.length;
        for (uint256 cell = 0; cell < states.length; ++cell) {
            ArmState next = verdict.states[cell];
            if (next == states[cell]) continue;
            (uint256 stratum, uint256 arm) = (cell / arms, cell % arms);
            if (arm == rules.control) revert IAdaptiveTrial.AdaptiveTrialControlMustStay(stratum);
            if (states[cell] != ArmState.ACTIVE) {
                revert IAdaptiveTrial.AdaptiveTrialArmClosed(stratum, arm, states[cell]);
            }
            _checkLeaving(look, stratum, arm, next, verdict.posteriors[cell]);
            if (next == ArmState.HALTED) _requireReason(verdict.reason);
            changes = true;
        }
    }

    function _checkLeaving(
        Look memory look,
        uint256 stratum,
        uint256 arm,
        ArmState next,
        uint16 posterior
    ) private pure {
        // Not stated is 65535, above every threshold: no arm is dropped on it, and none may graduate on it.
        if (next == ArmState.DROPPED && posterior >= look.futility) {
            revert IAdaptiveTrial.AdaptiveTrialNotFutile(stratum, arm, posterior, look.futility);
        }
        if (next != ArmState.GRADUATED) return;
        if (look.graduation == 0 || posterior < look.graduation || posterior == UNSTATED) {
            revert IAdaptiveTrial.AdaptiveTrialNotGraduated(stratum, arm, posterior, look.graduation);
        }
    }

    /// @dev The trial ends as it stands: arms keep their states, nobody is allocated.
    function _checkStop(TrialVerdict memory verdict, bool arms) private pure {
        bool allocates = false;
        for (uint256 cell = 0; cell < verdict.allocation.length; ++cell) {
            if (verdict.allocation[cell] != 0) allocates = true;
        }
        if (arms || allocates) revert IAdaptiveTrial.AdaptiveTrialDecisionMismatch(verdict.decision);
        _requireReason(verdict.reason);
    }

    function _requireReason(string memory reason) private pure {
        if (bytes(reason).length == 0) revert IAdaptiveTrial.AdaptiveTrialReasonMissing();
    }

    function _decisionOf(bool arms, bool allocation) private pure returns (Decision) {
        if (arms) return Decision.CHANGE_ARMS;
        return allocation ? Decision.CHANGE_ALLOCATION : Decision.CONTINUE;
    }
}
