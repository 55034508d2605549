// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VerdictHash} from "../trial/VerdictHash.sol";
import {BoardSignature, TrialVerdict} from "../types/Trial.sol";

/// @title Tests only: shows the hashes of what a board signs, so that TypeScript can be compared with them
contract VerdictHashHarness {
    function ofVerdict(TrialVerdict calldata verdict) external pure returns (bytes32) {
        return VerdictHash.ofVerdict(verdict);
    }

    function ofSignature(
        TrialVerdict calldata verdict,
        address member,
        BoardSignature calldata signed
    ) external pure returns (bytes32) {
        return VerdictHash.ofSignature(VerdictHash.ofVerdict(verdict), member, signed);
    }
}
