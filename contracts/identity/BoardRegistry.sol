// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {MemberRegistry} from "./MemberRegistry.sol";

/// @title Members of data and safety monitoring boards: who may read sealed interim answers and sign a trial's verdicts
/// @notice One credential per person. The encryption key is required: sealed answers are encrypted to it.
contract BoardRegistry is MemberRegistry {
    constructor(address authority, IAuditTrail trail) MemberRegistry(authority, trail) {}

    /// @inheritdoc MemberRegistry
    function _requireFields(string calldata, bytes32, bytes memory encryptionKey) internal pure override {
        _requireEncryptionKey(encryptionKey);
    }
}
