// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {MemberRegistry} from "./MemberRegistry.sol";

/// @title Researchers, regulators and sponsors: who may ask
/// @notice A querier needs purposes that cover the study's; they are checked at each request, not here.
contract QuerierRegistry is MemberRegistry {
    constructor(address authority, IAuditTrail trail) MemberRegistry(authority, trail) {}
}
