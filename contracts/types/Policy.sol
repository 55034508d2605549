// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev The most vettings that a policy can ask, and the most approvals of a query that are counted: they are compared
/// pairwise.
uint8 constant MOST_VETTINGS = 64;
/// @dev Below 5 a PUBLIC answer is about people one can name.
uint16 constant LEAST_K = 5;
/// @dev The workers' tests of an answer grow with k: an owner must not be able to ask more than they can do.
uint16 constant MOST_K = 1_000;

/// A study's disclosure and service policy; policyHash = keccak256(abi.encode(Policy)).
/// k: smallest set that may be disclosed; openingsBudget: requests that may be made over one dataset, for good;
/// vettings, vettingOrganisations: how many experts, of how many organisations, must approve a query; minimumThreshold:
/// least degree t of a production committee; demonstration: a committee below it may serve, and every answer says so;
/// ownersShare, workersShare, authorShare: what the data owners, the committee's workers and the query's author get of
/// each price, in basis points that sum to 10,000 (see {Division}); storageFeePerRow: wei that an owner pays the
/// committee for each row it activates; price of a request, in wei; leastDeposit: wei that each worker of a committee must
/// have deposited for it (see {IWorkerDeposits}); purposes: DUO-style codes a querier must hold (all of them).
/// @dev In this order all but the purposes take two storage slots: a request reads the whole policy.
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
    uint88 price;
    uint96 leastDeposit;
    bytes32[] purposes;
}
