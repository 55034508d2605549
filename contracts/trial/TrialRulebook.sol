// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ArmState, Decision, Look, TrialRules, TrialState, TrialVerdict} from "../types/Trial.sol";
import {Allocations} from "./Allocations.sol";
import {IAdaptiveTrial} from "./IAdaptiveTrial.sol";
import {ITrialRulebook} from "./ITrialRulebook.sol";
import {RulesCheck} from "./RulesCheck.sol";
import {VerdictCheck} from "./VerdictCheck.sol";

/// @title The rules' own contract: without state, apart from {AdaptiveTrial} so that both stay below the limit of code size
contract TrialRulebook is ITrialRulebook {
    /// @inheritdoc ITrialRulebook
    function checkRules(TrialRules calldata rules) external pure {
        RulesCheck.check(rules);
    }

    /// @inheritdoc ITrialRulebook
    function checkVerdict(
        TrialRules calldata rules,
        TrialVerdict calldata verdict,
        uint256 looksTaken,
        ArmState[] calldata states,
        uint16[] calldata bps
    ) external pure returns (TrialState state) {
        if (verdict.look != looksTaken + 1) revert IAdaptiveTrial.AdaptiveTrialWrongLook(verdict.look, looksTaken + 1);
        bool stop = verdict.decision == Decision.STOP;
        Look memory look; // a STOP has no thresholds
        if (!stop) {
            if (looksTaken >= rules.looks.length) revert IAdaptiveTrial.AdaptiveTrialNoMoreLooks(rules.looks.length);
            look = rules.looks[looksTaken];
        }
        VerdictCheck.check(rules, look, verdict, states, bps);
        if (stop) return TrialState.STOPPED;
        return Allocations.isAnyOpen(rules, verdict.states) ? TrialState.RUNNING : TrialState.CONCLUDED;
    }
}
