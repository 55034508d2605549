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
interface IResultVerifier {
    /// @param statement the hash the workers signed, see types/Statement.sol
    /// @param descriptor abi.encode(Descriptor)
    /// @param parameters abi.encode(int256[])
    /// @param datasetRoots one per dataset, in the request's order
    /// @param consentMaskRoot commitment to the rows that may be used; 0 = all active rows
    /// @param outputs canonical residues, row-major
    /// @param proof scheme-specific
    function verify(
        bytes32 statement,
        bytes calldata descriptor,
        bytes calldata parameters,
        bytes32[] calldata datasetRoots,
        bytes32 consentMaskRoot,
        uint256[] calldata outputs,
        bytes calldata proof
    ) external view returns (bool);
}
