// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {MemberRegistry} from "./MemberRegistry.sol";

/// @title Hospitals: who may contribute data
/// @notice A certificate is required: it is how workers know whose upload they receive. Owners call workers, so no endpoint.
contract DataOwnerRegistry is MemberRegistry {
    constructor(address authority, IAuditTrail trail) MemberRegistry(authority, trail) {}

    /// @inheritdoc MemberRegistry
    function _requireFields(string calldata, bytes32 tlsFingerprint, bytes memory) internal pure override {
        if (tlsFingerprint == 0) revert MemberRegistryMissingField("tlsFingerprint");
    }
}
