// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {MemberRegistry} from "./MemberRegistry.sol";

/// @title Expert vetters: who may approve a query
/// @notice A vetter signs, and talks to nobody: no field beyond the common ones is required.
contract VetterRegistry is MemberRegistry {
    constructor(address authority, IAuditTrail trail) MemberRegistry(authority, trail) {}
}
