// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDatasetRegistry} from "../study/IDatasetRegistry.sol";
import {IStudyStandings} from "../study/IStudyStandings.sol";
import {DatasetId} from "../types/Identifiers.sol";
import {QueryOrigin} from "./CloneArguments.sol";
import {IQuerySmartContract} from "./IQuerySmartContract.sol";

/// @title Which data a request is about
library DatasetChoice {
    /// @dev Opens the data and returns the roots that a request fixes, the strictest k of their owners, and how the study
    /// stands. Reverts
    /// unless the datasets are of this study and strictly ascending, so that no row is counted twice and one choice has
    /// one form. O(datasets), chosen and paid for by the querier.
    function open(
        IDatasetRegistry datasets,
        QueryOrigin memory origin,
        DatasetId[] calldata datasetIds,
        address querier
    ) internal returns (bytes32[] memory roots, uint16 k, uint64 committeeEpoch, bool consentsRestricted) {
        if (datasetIds.length == 0) revert IQuerySmartContract.QuerySmartContractNoDatasets();
        IStudyStandings.Standing memory standing;
        (roots, k, standing) = datasets.open(
            origin.studyId,
            origin.queryHash,
            datasetIds,
            querier,
            origin.openingsBudget,
            origin.organisationQuota
        );
        for (uint256 i = 0; i < roots.length; ++i) {
            if (i != 0 && DatasetId.unwrap(datasetIds[i]) <= DatasetId.unwrap(datasetIds[i - 1])) {
                revert IQuerySmartContract.QuerySmartContractDatasetsNotAscending(i);
            }
            if (roots[i] == 0) revert IQuerySmartContract.QuerySmartContractDatasetOfOtherStudy(datasetIds[i]);
        }
        return (roots, k, standing.committeeEpoch, standing.consentsRestricted);
    }
}
