// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DatasetId, QueryHash, StudyId} from "../types/Identifiers.sol";
import {IStudyStandings} from "./IStudyStandings.sol";

/// @title An owner's say over its own data: stricter terms than the study's, vetoes, and how often the data were opened
interface IOwnerTerms {
    /// k: smallest set of people that an answer over the data may disclose, 0 = the study's; openingsBudget: requests that
    /// may be made over the data, 0 = the study's; closed: no requests at all; purposes: codes that a querier must hold
    /// besides the study's. Of each the stricter counts, the study's or the owner's.
    struct Terms {
        uint16 k;
        uint32 openingsBudget;
        bool closed;
        bytes32[] purposes;
    }

    /// @notice The owner's terms for its data, of every later request.
    event TermsSet(DatasetId indexed datasetId, address indexed owner, Terms terms);
    /// @notice The owner takes its data out of this query's reach.
    event QueryVetoed(QueryHash indexed queryHash, DatasetId indexed datasetId, address indexed owner, string reason);
    /// @notice The owner takes its veto back.
    event VetoLifted(QueryHash indexed queryHash, DatasetId indexed datasetId, address indexed owner);
    /// @notice `queryContract` may open data for this query from now on.
    event DataUserAdded(QueryHash indexed queryHash, address indexed queryContract);

    /// @notice Thrown when a field of the terms is outside what has a meaning: k of 1 to 4 or above 1,000, more than 16
    /// purposes.
    error DatasetRegistryInvalidTerms(string field);
    /// @notice Thrown when the owner has vetoed the query for its data; also when it does so twice.
    error DatasetRegistryVetoed(DatasetId datasetId, QueryHash queryHash);
    /// @notice Thrown when a veto is lifted that was not made.
    error DatasetRegistryNotVetoed(DatasetId datasetId, QueryHash queryHash);
    /// @notice Thrown when the owner has closed its data to all requests.
    error DatasetRegistryClosed(DatasetId datasetId);
    /// @notice Thrown when the data were opened as often as the study or the owner allows.
    error DatasetRegistryBudgetSpent(DatasetId datasetId, uint32 budget);
    /// @notice Thrown when the querier lacks a purpose that the owner asks for.
    error DatasetRegistryMissingPurpose(DatasetId datasetId, bytes32 purpose);
    /// @notice Thrown when the sender may not open data for this query.
    error DatasetRegistryNotQueryContract(QueryHash queryHash, address account);
    /// @notice Thrown when the query takes no requests: it was revoked or superseded, or its vettings have lapsed.
    error DatasetRegistryInactiveQuery(QueryHash queryHash);
    /// @notice Thrown when the query has a contract that may open data for it.
    error DatasetRegistryAlreadyQueryContract(QueryHash queryHash, address queryContract);

    /// @notice The current key of an active owner sets its terms in a study, whether or not it has data there yet; that of one
    /// whose credential has ended may close its data. Requests made before keep theirs.
    /// @param terms k 0 or 5..1,000; at most 16 purposes
    function setTerms(StudyId studyId, Terms calldata terms) external;
    /// @notice The current key of an owner, active or not, vetoes a query for its data in a study; requests made before run on.
    /// @param reason free text, kept in the audit trail
    function veto(StudyId studyId, QueryHash queryHash, string calldata reason) external;
    /// @notice The current key of an active owner lifts its veto.
    function liftVeto(StudyId studyId, QueryHash queryHash) external;
    /// @notice Lets the contract of a query open data for it, for good. Restricted to the query catalogue.
    function addQueryContract(QueryHash queryHash, address queryContract) external;
    /// @notice Until when data may be opened for the query. Restricted to the query catalogue, whose own record says why.
    /// @param activeUntil last valid second; 0 = no longer
    function serveUntil(QueryHash queryHash, uint48 activeUntil) external;
    /// @notice A query contract asks for data: counts one opening of each dataset, or reverts. An opening is counted for good,
    /// also of a request that is refused or expires: a refusal says something, too. O(datasets + purposes).
    /// @param querier whose purposes are asked
    /// @param studyBudget openings that the study allows per dataset
    /// @param quota requests that the study allows the querier's organisation, 0 = any number; counted where there is one
    /// @return roots of the datasets, 0 where one is unknown or of another study; nothing is counted there
    /// @return k the strictest that an owner asks, 0 = none
    /// @return standing of the study
    function open(
        StudyId studyId,
        QueryHash queryHash,
        DatasetId[] calldata datasetIds,
        address querier,
        uint32 studyBudget,
        uint24 quota
    ) external returns (bytes32[] memory roots, uint16 k, IStudyStandings.Standing memory standing);
    /// @notice The owner's terms; all zero where it set none.
    function termsOf(DatasetId datasetId) external view returns (Terms memory);
    /// @notice Until when data may be opened for the query, 0 = not at all.
    function servedUntil(QueryHash queryHash) external view returns (uint48);
    /// @notice Whether the owner has vetoed the query for its data.
    function isVetoed(QueryHash queryHash, DatasetId datasetId) external view returns (bool);
}
