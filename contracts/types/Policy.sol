// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev The most vettings that a policy can ask, and the most approvals of a query that are counted: they are compared
/// pairwise.
uint8 constant MOST_VETTINGS = 64;
/// @dev Below 5 a PUBLIC answer is about people one can name.
uint16 constant LEAST_K = 5;
/// @dev Of two patients, one who is or knows the one reads the other's value from their sum. A SEALED answer has few readers,
/// each named and bound by an agreement, but no agreement takes that subtraction away.
uint16 constant LEAST_SEALED_K = 3;
/// @dev The workers' tests of an answer grow with k: an owner must not be able to ask more than they can do.
uint16 constant MOST_K = 1_000;

/// A study's disclosure and service policy; policyHash = keccak256(abi.encode(Policy)).
/// k: smallest set that may be disclosed (see sealedK); openingsBudget: requests that may be made over one dataset, for good;
/// vettings, vettingOrganisations: how many experts, of how many organisations, must approve a query; minimumThreshold:
/// least degree t of a production committee; demonstration: a committee below it may serve, and every answer says so;
/// ownersShare, workersShare, authorShare: what the data owners, the committee's workers and the query's author get of
/// each price, in basis points that sum to 10,000 (see {Division}); storageFeePerRow: wei that an owner pays the
/// committee for each row it activates; price of a request, in wei; leastDeposit: wei that each worker of a committee must
/// have deposited for it (see {IWorkerDeposits}); sealedK: k of SEALED answers, 0 = that of PUBLIC ones (see {PolicyRules});
/// closedSite: no query may use the field that says a row's site: its index + 1, 0 = each may; organisationQuota: requests
/// that one organisation's queriers may make over the study, for good, 0 = no limit; historyCap: the most sets disclosed
/// earlier that a request is tested against, more refuse it, 0 = no limit; fieldRulesHash: keccak256(abi.encode(FieldRules)),
/// which fields queries may use, and where they may cut them, 0 = all and anywhere; purposes: DUO-style codes a querier must
/// hold (all of them).
/// @dev In this order all but the rules' hash and the purposes take two storage slots: a request reads the whole policy.
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
    uint16 sealedK;
    uint16 closedSite;
    uint24 organisationQuota;
    uint16 historyCap;
    bytes32 fieldRulesHash;
    bytes32[] purposes;
}
