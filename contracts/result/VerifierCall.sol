// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IResultVerifier} from "./IResultVerifier.sol";

/// @title Asking a verifier without trusting it to behave
library VerifierCall {
    /// @dev A proof of 100 columns is estimated at less than 1,000,000 gas; a verifier that burns gas burns no more than this
    /// of its caller's. With less gas left than that, an honest verifier can run out: then nothing happens, and the caller
    /// sends more.
    uint256 internal constant MAX_GAS = 5_000_000;

    /// @dev A static call: it changes nothing and cannot re-enter anything that does. One word of what it returns is copied,
    /// however much there is.
    /// @param arguments the call data of IResultVerifier.verify
    /// @return behaved it returned, and exactly one word, 0 or 1
    /// @return valid that word
    function ask(IResultVerifier verifier, bytes memory arguments) internal view returns (bool behaved, bool valid) {
        uint256 word;
        uint256 size;
        // Memory-safe: writes to the scratch space only.
        assembly ("memory-safe") {
            mstore(0, 2)
            behaved := staticcall(MAX_GAS, verifier, add(arguments, 32), mload(arguments), 0, 32)
            word := mload(0)
            size := returndatasize()
        }
        behaved = behaved && size == 32 && word < 2;
        valid = behaved && word == 1;
    }
}
