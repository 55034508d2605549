// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BoardSignature, TrialVerdict} from "../types/Trial.sol";

/// @title EIP-712 hashes of what a board signs, as workers/messages/trialVerdict.ts computes them
library VerdictHash {
    bytes32 private constant VERDICT_TYPEHASH = keccak256(
        "TrialVerdict(bytes32 trialId,uint8 look,uint8 decision,bytes32 queryHash,bytes32 requestId,bytes32 outputsHash,uint32 responded,uint16[] posteriors,uint8[] states,uint16[] allocation,string reason,uint256 deadline)"
    );
    bytes32 private constant SIGNATURE_TYPEHASH = keccak256(
        "BoardSignature(TrialVerdict verdict,address member,string name,string meaning,uint64 signedAt)TrialVerdict(bytes32 trialId,uint8 look,uint8 decision,bytes32 queryHash,bytes32 requestId,bytes32 outputsHash,uint32 responded,uint16[] posteriors,uint8[] states,uint16[] allocation,string reason,uint256 deadline)"
    );

    /// @dev Elements of an array are whole words, also when they are packed. O(cells).
    function ofVerdict(TrialVerdict memory verdict) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    VERDICT_TYPEHASH,
                    verdict.trialId,
                    verdict.look,
                    verdict.decision,
                    verdict.queryHash,
                    verdict.requestId,
                    verdict.outputsHash,
                    verdict.responded,
                    keccak256(abi.encodePacked(verdict.posteriors)),
                    keccak256(abi.encodePacked(verdict.states)),
                    keccak256(abi.encodePacked(verdict.allocation)),
                    keccak256(bytes(verdict.reason)),
                    verdict.deadline
                )
            );
    }

    function ofSignature(
        bytes32 verdictHash,
        address member,
        BoardSignature calldata signed
    ) internal pure returns (bytes32) {
        bytes32 nameHash = keccak256(bytes(signed.name));
        bytes32 meaningHash = keccak256(bytes(signed.meaning));
        return keccak256(abi.encode(SIGNATURE_TYPEHASH, verdictHash, member, nameHash, meaningHash, signed.signedAt));
    }
}
