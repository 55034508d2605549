// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {CommitteeCode} from "../study/CommitteeCode.sol";
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
        IMemberRegistry workers,
        RequestContext calldata context,
        bytes32 digest,
        WorkerSignature[] calldata signatures
    ) internal view {
        (StudyId studyId, uint64 epoch) = (context.studyId, context.committeeEpoch);
        (uint8 threshold, , address[] memory seated) = CommitteeCode.read(address(committees), studyId, epoch);
        if (seated.length == 0) revert ICommitteeRegistry.CommitteeRegistryUnknown(studyId, epoch);
        uint256 needed = CommitteeCode.quorum(threshold, seated.length);
        if (signatures.length < needed) revert IQuerySmartContract.QuerySmartContractQuorum(signatures.length, needed);
        address[] memory keys = workers.activeKeysOf(_signers(seated, signatures));
        uint8 previous = 0;
        for (uint256 i = 0; i < signatures.length; ++i) {
            WorkerSignature calldata given = signatures[i];
            uint8 index = given.index;
            if (index <= previous) revert IQuerySmartContract.QuerySmartContractSignaturesNotAscending(i);
            previous = index;
            address recovered = ECDSA.recoverCalldata(digest, given.signature);
            if (recovered != keys[i]) {
                (, address key, ) = committees.signer(studyId, epoch, index);
                revert IQuerySmartContract.QuerySmartContractInvalidSigner(index, recovered, key);
            }
        }
    }

    /// @dev The workers at the points that signed; zero, whom no registry admits, where there is no such point.
    function _signers(
        address[] memory seated,
        WorkerSignature[] calldata signatures
    ) private pure returns (address[] memory signers) {
        signers = new address[](signatures.length);
        for (uint256 i = 0; i < signers.length; ++i) {
            uint256 index = signatures[i].index;
            if (index != 0 && index <= seated.length) signers[i] = seated[index - 1];
        }
    }
}
