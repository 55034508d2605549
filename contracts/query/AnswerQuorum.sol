// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ICommitteeRegistry} from "../study/ICommitteeRegistry.sol";
import {StudyId} from "../types/Identifiers.sol";
import {RequestContext, WorkerSignature} from "../types/Statement.sol";
import {IQuerySmartContract} from "./IQuerySmartContract.sol";

/// @title Whether enough of a committee signed
library AnswerQuorum {
    /// @dev Reverts unless at least min(n - t, 2t + 1) workers of the request's epoch, active now, signed `digest`, each
    /// with the key it has now. Ascending indices, and one worker per index, make the signers distinct. O(signatures), at
    /// most 7 that can pass.
    function check(
        ICommitteeRegistry committees,
        RequestContext calldata context,
        bytes32 digest,
        WorkerSignature[] calldata signatures
    ) internal view {
        uint8[] memory indices = new uint8[](signatures.length);
        for (uint256 i = 0; i < indices.length; ++i) indices[i] = signatures[i].index;
        (StudyId studyId, uint64 epoch) = (context.studyId, context.committeeEpoch);
        (uint8 needed, address[] memory keys) = committees.signers(studyId, epoch, indices);
        if (signatures.length < needed) {
            revert IQuerySmartContract.QuerySmartContractQuorum(signatures.length, needed);
        }
        uint8 previous = 0;
        for (uint256 i = 0; i < indices.length; ++i) {
            uint8 index = indices[i];
            if (index <= previous) revert IQuerySmartContract.QuerySmartContractSignaturesNotAscending(i);
            previous = index;
            address recovered = ECDSA.recoverCalldata(digest, signatures[i].signature);
            if (recovered != keys[i]) {
                (, address key, ) = committees.signer(studyId, epoch, index);
                revert IQuerySmartContract.QuerySmartContractInvalidSigner(index, recovered, key);
            }
        }
    }
}
