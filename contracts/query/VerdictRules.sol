// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Outcome, Verdict} from "../types/Statement.sol";
import {IQuerySmartContract} from "./IQuerySmartContract.sol";

/// @title Which verdicts have a meaning, whoever signed them
library VerdictRules {
    /// @dev r, the order of the scalar field Fr of BN254. The literal of workers/field/bn254.ts, which a test recomputes.
    uint256 internal constant BN254_FR_MODULUS =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;

    /// @dev For PUBLIC requests. O(outputs).
    function check(Verdict calldata verdict) internal pure {
        bool answered = verdict.outcome == Outcome.ANSWERED;
        bool wellFormed =
            verdict.outcome != Outcome.NONE &&
                answered == (verdict.outputs.length != 0) &&
                (answered || verdict.suppressedBitmap.length == 0) &&
                verdict.sealedHash == 0;
        if (!wellFormed) revert IQuerySmartContract.QuerySmartContractInvalidVerdict(verdict.outcome);
        for (uint256 i = 0; i < verdict.outputs.length; ++i) {
            if (verdict.outputs[i] >= BN254_FR_MODULUS) {
                revert IQuerySmartContract.QuerySmartContractOutputOutOfField(i);
            }
        }
    }
}
