// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {AnswerSignature} from "../types/AnswerSignature.sol";
import {RequestId} from "../types/Identifiers.sol";
import {Statement} from "../types/Statement.sol";
import {IWorkerDeposits} from "./IWorkerDeposits.sol";

/// @title What proves an equivocation
/// @dev The query contract is asked nothing, and could answer what it liked: an honest worker signs one statement per
/// contract, request and attempt, whatever the contract is, and persists it before it signs.
library EquivocationEvidence {
    /// @dev Reverts unless `worker` signed two different statements of one attempt, each with a key it has or had: a member
    /// that changes its key stays who it is, and liable.
    function check(
        IWorkerDeposits.Equivocation calldata evidence,
        IMemberRegistry workers,
        address worker
    ) internal view {
        (uint64 attempt, uint64 other) = (evidence.first.attempt, evidence.second.attempt);
        if (attempt != other) revert IWorkerDeposits.WorkerDepositsDifferentAttempts(attempt, other);
        address queryContract = evidence.queryContract;
        bytes32 first = Statement.hash(queryContract, evidence.context, evidence.first);
        bytes32 second = Statement.hash(queryContract, evidence.context, evidence.second);
        if (first == second) revert IWorkerDeposits.WorkerDepositsSameStatement(first);
        bytes32 digest = AnswerSignature.digest(queryContract, first);
        _checkSigner(digest, evidence.firstSignature, workers, worker);
        digest = AnswerSignature.digest(queryContract, second);
        _checkSigner(digest, evidence.secondSignature, workers, worker);
    }

    /// @dev Of the signatures alone: whoever has not seen both can neither make it nor recognise it.
    function commitment(
        address reporter,
        IWorkerDeposits.Equivocation calldata evidence
    ) internal pure returns (bytes32) {
        bytes32 first = keccak256(evidence.firstSignature);
        return keccak256(abi.encode(reporter, first, keccak256(evidence.secondSignature)));
    }

    /// @dev What is punished once.
    function offence(
        address worker,
        address queryContract,
        RequestId requestId,
        uint64 attempt
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(worker, queryContract, requestId, attempt));
    }

    function _checkSigner(
        bytes32 digest,
        bytes calldata signature,
        IMemberRegistry workers,
        address worker
    ) private view {
        address recovered = ECDSA.recoverCalldata(digest, signature);
        // Of an account that is no worker's, and of no such point, both are zero.
        if (worker == address(0) || workers.everMemberOf(recovered) != worker) {
            revert IWorkerDeposits.WorkerDepositsInvalidSigner(recovered, worker);
        }
    }
}
