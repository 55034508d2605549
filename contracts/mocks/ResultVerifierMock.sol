// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IResultVerifier} from "../result/IResultVerifier.sol";

/// @title Tests only: its proof of anything is the hash of it and of its own salt, so that one word changed is another proof
contract ResultVerifierMock is IResultVerifier {
    uint256 private immutable _salt;

    constructor(uint256 salt) {
        _salt = salt;
    }

    function verify(
        bytes32 statement,
        bytes calldata descriptor,
        bytes calldata parameters,
        bytes32[] calldata datasetRoots,
        bytes32 consentMaskRoot,
        uint256[] calldata outputs,
        bytes calldata proof
    ) external view returns (bool valid) {
        bytes memory all = abi.encode(_salt, statement, descriptor, parameters, datasetRoots, consentMaskRoot, outputs);
        return keccak256(proof) == keccak256(abi.encode(keccak256(all)));
    }
}
