// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDatasetRegistry} from "../study/IDatasetRegistry.sol";
import {DatasetId} from "../types/Identifiers.sol";
import {Policy} from "../types/Policy.sol";
import {QueryOrigin} from "./CloneArguments.sol";
import {IQuerySmartContract} from "./IQuerySmartContract.sol";

/// @title Which data a request is about
library DatasetChoice {
    /// @dev Opens the data and returns the roots that a request fixes, and the strictest k of their owners. Reverts
    /// unless the datasets are of this study and strictly ascending, so that no row is counted twice and one choice has
    /// one form. O(datasets), chosen and paid for by the querier.
    function open(
        IDatasetRegistry datasets,
        QueryOrigin memory origin,
        DatasetId[] calldata datasetIds,
        address querier,
        Policy memory policy
    ) internal returns (bytes32[] memory roots, uint16 k) {
        if (datasetIds.length == 0) revert IQuerySmartContract.QuerySmartContractNoDatasets();
        (roots, k) = datasets.open(
            origin.studyId,
            origin.queryHash,
            datasetIds,
            querier,
            policy.openingsBudget,
            policy.organisationQuota
        );
        for (uint256 i = 0; i < roots.length; ++i) {
            if (i != 0 && DatasetId.unwrap(datasetIds[i]) <= DatasetId.unwrap(datasetIds[i - 1])) {
                revert IQuerySmartContract.QuerySmartContractDatasetsNotAscending(i);
            }
            if (roots[i] == 0) revert IQuerySmartContract.QuerySmartContractDatasetOfOtherStudy(datasetIds[i]);
        }
    }
}
