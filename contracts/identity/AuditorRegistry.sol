// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {MemberRegistry} from "./MemberRegistry.sol";

/// @title Auditors and regulators: who looks
/// @notice The trail is public; a credential says on whose behalf somebody reads it.
contract AuditorRegistry is MemberRegistry {
    constructor(address authority, IAuditTrail trail) MemberRegistry(authority, trail) {}
}
