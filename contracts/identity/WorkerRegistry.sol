// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {MemberRegistry} from "./MemberRegistry.sol";

/// @title Workers: who may hold shares and compute
/// @notice Peers need all three: where it listens, which certificate it shows, and the key that sealed shares are encrypted to.
contract WorkerRegistry is MemberRegistry {
    constructor(address authority, IAuditTrail trail) MemberRegistry(authority, trail) {}

    /// @inheritdoc MemberRegistry
    function _requireFields(
        string calldata endpoint,
        bytes32 tlsFingerprint,
        bytes memory encryptionKey
    ) internal pure override {
        if (bytes(endpoint).length == 0) revert MemberRegistryMissingField("endpoint");
        if (tlsFingerprint == 0) revert MemberRegistryMissingField("tlsFingerprint");
        _requireEncryptionKey(encryptionKey);
    }
}
