// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The one word that a query contract keeps of a request's words, see {IQuerySmartContract-Request}
library RequestCommitment {
    /// @param contextHash keccak256(abi.encode(RequestContext))
    /// @param outputsHash keccak256(abi.encode(outputs)), 0 unless answered
    function hash(bytes32 contextHash, address querier, bytes32 outputsHash) internal pure returns (bytes28) {
        return bytes28(keccak256(abi.encode(contextHash, querier, outputsHash)));
    }
}
