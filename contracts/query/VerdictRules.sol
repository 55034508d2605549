// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Outcome, ReleaseClass, Verdict} from "../types/Statement.sol";
import {IQuerySmartContract} from "./IQuerySmartContract.sol";

/// @title Which verdicts have a meaning, whoever signed them
library VerdictRules {
    /// @dev r, the order of the scalar field Fr of BN254. The literal of workers/field/bn254.ts, which a test recomputes.
    uint256 internal constant BN254_FR_MODULUS =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;

    /// @dev O(outputs).
    function check(Verdict calldata verdict, ReleaseClass releaseClass) internal pure {
        uint256[] calldata outputs = verdict.outputs;
        bool answered = verdict.outcome == Outcome.ANSWERED;
        bool hasKeys = answered && releaseClass == ReleaseClass.SEALED;
        bool wellFormed =
            verdict.outcome != Outcome.NONE &&
                answered == (outputs.length != 0) &&
                isBitmap(verdict.suppressedBitmap, outputs.length) &&
                hasKeys == (verdict.sealedHash != 0);
        if (!wellFormed) revert IQuerySmartContract.QuerySmartContractInvalidVerdict(verdict.outcome);
        for (uint256 i = 0; i < outputs.length; ++i) {
            if (outputs[i] >= BN254_FR_MODULUS) {
                revert IQuerySmartContract.QuerySmartContractOutputOutOfField(i);
            }
        }
    }

    /// @dev The form that {Verdict} describes; without outputs only the empty one. That hidden outputs are 0, or masks of a SEALED
    /// answer, is the signers' business: here they are public already. O(leading zero bytes).
    function isBitmap(bytes calldata bitmap, uint256 outputs) internal pure returns (bool) {
        if (bitmap.length == 0) return true;
        if (bitmap.length != (outputs + 7) / 8) return false;
        // At most 8 bits, shifted by at least 1: nothing is left of a byte whose every bit is an output's.
        uint256 stray = uint256(uint8(bitmap[bitmap.length - 1])) >> (outputs - 8 * (bitmap.length - 1));
        if (stray != 0) return false;
        for (uint256 i = 0; i < bitmap.length; ++i) {
            if (bitmap[i] != 0) return true;
        }
        return false;
    }
}
