// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title What a worker signs of a statement: EIP-712 Answer(bytes32 statement), domain {Opaline, 1, chain id, query contract}
library AnswerSignature {
    bytes32 internal constant TYPEHASH = keccak256("Answer(bytes32 statement)");
    /// @dev EIP-5267: the domain has name, version, chainId and verifyingContract, and no salt.
    bytes1 private constant DOMAIN_FIELDS = hex"0f";

    function structHash(bytes32 statement) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPEHASH, statement));
    }

    /// @dev The digest in any query contract's domain; the contract itself has OpenZeppelin's EIP712 for its own.
    function digest(address queryContract, bytes32 statement) internal view returns (bytes32) {
        bytes32 domain = MessageHashUtils.toDomainSeparator(
            DOMAIN_FIELDS,
            keccak256("Opaline"),
            keccak256("1"),
            block.chainid,
            queryContract,
            0
        );
        return MessageHashUtils.toTypedDataHash(domain, structHash(statement));
    }
}
