// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {DatasetId, StudyId} from "../types/Identifiers.sol";
import {ICommitteeRegistry} from "./ICommitteeRegistry.sol";
import {IDatasetRegistry} from "./IDatasetRegistry.sol";

/// @title Whether every worker of a committee signed that it has its share file
library ShareReceipts {
    bytes32 private constant RECEIPT_TYPEHASH = keccak256("Receipt(bytes32 datasetId,address worker,bytes32 fileHash)");
    /// @dev EIP-5267: the domain has name, version, chainId and verifyingContract, and no salt.
    bytes1 private constant DOMAIN_FIELDS = hex"0f";

    /// @dev Reverts with an error of {IDatasetRegistry} unless receipts[j] is of worker j+1 of `epoch`, active now, over
    /// fileHashes[j]. The domain is the dataset registry's, whichever contract asks: a worker signs one kind of receipt. O(workers).
    function check(
        ICommitteeRegistry committees,
        address registry,
        StudyId studyId,
        uint64 epoch,
        DatasetId datasetId,
        bytes32[] calldata fileHashes,
        bytes[] calldata receipts
    ) internal view {
        uint256 n = committees.committee(studyId, epoch).workers.length;
        if (fileHashes.length != n) revert IDatasetRegistry.DatasetRegistryReceiptCount(fileHashes.length, n);
        if (receipts.length != n) revert IDatasetRegistry.DatasetRegistryReceiptCount(receipts.length, n);
        bytes32 separator = _separator(registry);
        for (uint256 i = 0; i < n; ++i) {
            (address worker, address key, bool active) = committees.signer(studyId, epoch, uint8(i + 1)); // n <= 7
            if (!active) revert IDatasetRegistry.DatasetRegistryInactiveWorker(worker);
            bytes32 structHash = keccak256(abi.encode(RECEIPT_TYPEHASH, datasetId, worker, fileHashes[i]));
            bytes32 digest = MessageHashUtils.toTypedDataHash(separator, structHash);
            address recovered = ECDSA.recoverCalldata(digest, receipts[i]);
            if (recovered != key) revert IDatasetRegistry.DatasetRegistryInvalidReceipt(i, recovered, key);
        }
    }

    function _separator(address registry) private view returns (bytes32) {
        return
            MessageHashUtils.toDomainSeparator(
                DOMAIN_FIELDS,
                keccak256("Opaline"),
                keccak256("1"),
                block.chainid,
                registry,
                0
            );
    }
}
