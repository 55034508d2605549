// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A study's disclosure and service policy; policyHash = keccak256(abi.encode(Policy)).
/// k: smallest set that may be disclosed; vettings, vettingOrganisations: how many experts, of how many organisations,
/// must approve a query; minimumThreshold: least degree t of a production committee; demonstration: a committee below
/// it may serve, and every answer says so; ownersShare, workersShare, authorShare: what the data owners, the committee's
/// workers and the query's author get of each price, in basis points that sum to 10,000 (see {Division}); price of a
/// request, in wei; storageFeePerRow: wei that an owner pays the committee for each row it activates; leastDeposit: wei
/// that each worker of a committee must have deposited for it (see {IWorkerDeposits}); purposes: DUO-style codes a querier
/// must hold (all of them).
/// @dev In this order all but the purposes take two storage slots, of which a request reads the second only, see {Terms}.
struct Policy {
    uint16 k;
    uint8 vettings;
    uint8 vettingOrganisations;
    uint8 minimumThreshold;
    bool demonstration;
    uint32 openingsBudget;
    uint16 ownersShare;
    uint16 workersShare;
    uint16 authorShare;
    uint64 storageFeePerRow;
    uint64 deadlineBlocks;
    uint96 price;
    uint96 leastDeposit;
    bytes32[] purposes;
}

/// What a request asks of its study's policy, and the hash of all of it.
struct Terms {
    bytes32 policyHash;
    uint64 deadlineBlocks;
    uint96 price;
    bytes32[] purposes;
}
