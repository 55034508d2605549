// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title Who may call the `restricted` functions of every other contract
/// @notice OpenZeppelin's AccessManager, named for what it is here. ADMIN_ROLE (0) is the consortium: it admits and revokes
/// members, registers studies, appoints committees and revokes queries; in production it is a multi-signature wallet.
/// CATALOGUE_ROLE is held by the query catalogue alone, DATASETS_ROLE by the dataset registry alone; the deployment grants
/// both. Role changes are in this contract's own events, not in the audit trail.
contract ConsortiumAccess is AccessManager {
    /// @notice May add each new query contract to the audit trail and to the escrow.
    uint64 public constant CATALOGUE_ROLE = 1;
    /// @notice May freeze a study's committee when its first dataset is activated.
    uint64 public constant DATASETS_ROLE = 2;

    constructor(address consortium) AccessManager(consortium) {}
}
