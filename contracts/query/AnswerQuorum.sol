// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ICommitteeRegistry} from "../study/ICommitteeRegistry.sol";
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
        uint8 needed = committees.quorum(context.studyId, context.committeeEpoch);
        if (signatures.length < needed) {
            revert IQuerySmartContract.QuerySmartContractQuorum(signatures.length, needed);
        }
        uint8 previous = 0;
        for (uint256 i = 0; i < signatures.length; ++i) {
            uint8 index = signatures[i].index;
            if (index <= previous) revert IQuerySmartContract.QuerySmartContractSignaturesNotAscending(i);
            previous = index;
            (, address key, bool active) = committees.signer(context.studyId, context.committeeEpoch, index);
            address recovered = ECDSA.recoverCalldata(digest, signatures[i].signature);
            if (!active || recovered != key) {
                revert IQuerySmartContract.QuerySmartContractInvalidSigner(index, recovered, key);
            }
        }
    }
}
