// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ArmState, TrialRules, TrialState, TrialVerdict} from "../types/Trial.sol";

/// @title Which rules a trial may register, and which verdicts registered rules allow
/// @notice Pure: it looks at nothing but its arguments, so anyone can try rules and verdicts on it before they are
/// registered or signed. Errors are {IAdaptiveTrial}'s.
interface ITrialRulebook {
    /// @notice Reverts unless the rules are as {IAdaptiveTrial-register} says, accounts and queries apart.
    function checkRules(TrialRules calldata rules) external pure;
    /// @notice Reverts unless the rules allow this verdict after `looksTaken` others, while `states` and `bps` are in force.
    /// Nothing is said of what it cites, nor of who signed it.
    /// @return state the trial's once the verdict is in force
    function checkVerdict(
        TrialRules calldata rules,
        TrialVerdict calldata verdict,
        uint256 looksTaken,
        ArmState[] calldata states,
        uint16[] calldata bps
    ) external pure returns (TrialState state);
}
