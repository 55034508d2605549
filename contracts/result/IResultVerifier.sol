// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// How far an answer can be trusted. NONE: nothing stored; QUORUM: enough workers signed; LINEAR_PROOF, FULL_PROOF: proven
/// from the committed columns even if every worker lies.
enum Assurance {
    NONE,
    QUORUM,
    LINEAR_PROOF,
    FULL_PROOF
}

/// @title Checks a proof that outputs are the vetted query's answer on the committed datasets
/// @notice A verifier holds nothing of a request: all it judges is in its arguments, and the caller answers for their
/// belonging together (that `statement` was made from them, and that the descriptor is the vetted one). It changes nothing
/// and calls nobody who could: two calls with the same arguments give the same result.
interface IResultVerifier {
    /// @notice Whether the proof shows that `outputs` is what the query gives on the rows committed to.
    /// @dev A proof that does not hold, in whichever way (too short, of another scheme, not a point of the curve), gives
    /// false and never a revert; only running out of gas reverts. O(proof + outputs + datasetRoots), not O(rows).
    /// @param statement the hash the workers signed, see types/Statement.sol; a proof for it must not pass for another
    /// @param descriptor abi.encode(Descriptor) of types/Descriptor.sol, exactly as published
    /// @param parameters abi.encode(int256[]), scaled integers in the order of the query's bounds; no element where the
    /// query has no parameters
    /// @param datasetRoots keccak256(abi.encode(datasetId, version, segments)) of each dataset in the request's order; at
    /// least one, none 0
    /// @param consentMaskRoot commitment to the rows that may be used; 0 = all active rows
    /// @param outputs canonical residues of BN254 Fr, below r, row-major as in Verdict; at least one
    /// @param proof scheme-specific bytes
    /// @return valid true only for a proof that holds for exactly these arguments
    function verify(
        bytes32 statement,
        bytes calldata descriptor,
        bytes calldata parameters,
        bytes32[] calldata datasetRoots,
        bytes32 consentMaskRoot,
        uint256[] calldata outputs,
        bytes calldata proof
    ) external view returns (bool valid);
}
