// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {QueryHash, RequestId, StudyId} from "./Identifiers.sol";

enum ReleaseClass {
    PUBLIC,
    SEALED
}

/// What the workers found. NONE is never signed.
enum Outcome {
    NONE,
    ANSWERED,
    REFUSED_EMPTY_SET,
    REFUSED_DISCLOSURE,
    FAILED_UNAVAILABLE
}

/// What a request fixed when it was made; its hash is stored, its words travel in the event and in calldata.
struct RequestContext {
    StudyId studyId;
    RequestId requestId;
    QueryHash queryHash;
    bytes32 parametersHash;
    bytes32 policyHash;
    bytes32[] datasetRoots;
    uint64 committeeEpoch;
    uint64 requestBlock;
    bytes32 consentMaskRoot;
    ReleaseClass releaseClass;
    bytes32 recipientsHash;
}

/// What the workers add. outputs are canonical residues of BN254 Fr, row-major, hidden ones 0; of a SEALED answer each, also a
/// hidden one, with its mask added; empty unless outcome is ANSWERED. sealedHash binds the mask's keys, 0 unless SEALED. suppressedBitmap says which are hidden: empty when none is, otherwise exactly ceil(outputs / 8) bytes, where
/// output i is bit (i mod 8), least significant first, of byte floor(i / 8); unused bits are 0, at least one bit is 1.
struct Verdict {
    uint64 attempt;
    Outcome outcome;
    bytes suppressedBitmap;
    uint256[] outputs;
    bytes32 sealedHash;
}

/// A worker's EIP-712 signature over Answer(bytes32 statement); index is the worker's point (1..n) in the committee.
struct WorkerSignature {
    uint8 index;
    bytes signature;
}

/// @notice keccak256(abi.encode(DOMAIN, chainId, contract, ...)) exactly as the workers compute it.
library Statement {
    bytes32 internal constant DOMAIN = keccak256("Opaline.Statement.v1");

    /// @dev In a query contract, of its own requests.
    function hash(RequestContext calldata context, Verdict calldata verdict) internal view returns (bytes32) {
        return hash(address(this), context, verdict);
    }

    /// @dev As `queryContract` computes it.
    function hash(
        address queryContract,
        RequestContext calldata context,
        Verdict calldata verdict
    ) internal view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    DOMAIN,
                    block.chainid,
                    queryContract,
                    context.studyId,
                    context.requestId,
                    verdict.attempt,
                    context.queryHash,
                    context.parametersHash,
                    context.policyHash,
                    context.datasetRoots,
                    context.committeeEpoch,
                    context.requestBlock,
                    context.consentMaskRoot,
                    context.releaseClass,
                    context.recipientsHash,
                    verdict.outcome,
                    keccak256(abi.encode(verdict.suppressedBitmap, verdict.outputs, verdict.sealedHash))
                )
            );
    }
}
