// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDatasetRegistry} from "../study/IDatasetRegistry.sol";
import {DatasetId, StudyId} from "../types/Identifiers.sol";
import {IQuerySmartContract} from "./IQuerySmartContract.sol";

/// @title Which data a request is about
library DatasetChoice {
    /// @dev The roots a request fixes. Reverts unless the datasets are of this study and strictly ascending, so that no
    /// row is counted twice and one choice has one form. O(datasets), chosen and paid for by the querier.
    function rootsOf(
        IDatasetRegistry datasets,
        StudyId studyId,
        DatasetId[] calldata datasetIds
    ) internal view returns (bytes32[] memory roots) {
        if (datasetIds.length == 0) revert IQuerySmartContract.QuerySmartContractNoDatasets();
        roots = datasets.datasetRoots(studyId, datasetIds);
        for (uint256 i = 0; i < roots.length; ++i) {
            if (i != 0 && DatasetId.unwrap(datasetIds[i]) <= DatasetId.unwrap(datasetIds[i - 1])) {
                revert IQuerySmartContract.QuerySmartContractDatasetsNotAscending(i);
            }
            if (roots[i] == 0) revert IQuerySmartContract.QuerySmartContractDatasetOfOtherStudy(datasetIds[i]);
        }
    }
}
