// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Arm, ArmState, TrialRules} from "../types/Trial.sol";
import {IAdaptiveTrial} from "./IAdaptiveTrial.sol";

/// @title Which allocations a trial's rules allow while its arms are in these states
library Allocations {
    /// @dev Basis points of the whole.
    uint16 internal constant WHOLE = 10_000;

    /// @dev Reverts unless, in each stratum: with an experimental arm, every active arm is within its floor and cap, the others
    /// are 0 and the sum is 10,000; without one, all are 0. O(cells).
    function check(TrialRules memory rules, ArmState[] memory states, uint16[] memory bps) internal pure {
        uint256 arms = rules.arms.length;
        for (uint256 stratum = 0; stratum < rules.strata.length; ++stratum) {
            bool open = isOpen(rules, states, stratum);
            uint256 sum = 0;
            for (uint256 arm = 0; arm < arms; ++arm) {
                uint256 cell = stratum * arms + arm;
                Arm memory bounds = rules.arms[arm];
                bool enrols = open && states[cell] == ArmState.ACTIVE;
                (uint16 floor, uint16 cap) = enrols ? (bounds.floor, bounds.cap) : (0, 0);
                if (bps[cell] < floor || bps[cell] > cap) {
                    revert IAdaptiveTrial.AdaptiveTrialAllocationOutOfBounds(stratum, arm, bps[cell], floor, cap);
                }
                sum += bps[cell];
            }
            if (open && sum != WHOLE) revert IAdaptiveTrial.AdaptiveTrialAllocationSum(stratum, sum);
        }
    }

    /// @dev Whether patients of the stratum are still allocated: without an experimental arm there is nothing to compare.
    function isOpen(TrialRules memory rules, ArmState[] memory states, uint256 stratum) internal pure returns (bool) {
        uint256 arms = rules.arms.length;
        for (uint256 arm = 0; arm < arms; ++arm) {
            if (arm != rules.control && states[stratum * arms + arm] == ArmState.ACTIVE) return true;
        }
        return false;
    }

    function isAnyOpen(TrialRules memory rules, ArmState[] memory states) internal pure returns (bool) {
        for (uint256 stratum = 0; stratum < rules.strata.length; ++stratum) {
            if (isOpen(rules, states, stratum)) return true;
        }
        return false;
    }
}
