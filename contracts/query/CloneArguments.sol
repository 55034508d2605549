// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {QueryHash, StudyId} from "../types/Identifiers.sol";
import {Capacity} from "../types/Payee.sol";
import {Policy} from "../types/Policy.sol";
import {IQueryCatalogue} from "./IQueryCatalogue.sol";

/// Which query a query contract serves, and what calls about a request need of its study's policy. price in wei; policyHash:
/// of the study's policy as it is, before any owner's k; the fields after it are the policy's own.
/// @dev Values only, a word each, so that it is in memory as it is encoded: reading it is a copy and no more.
struct QueryOrigin {
    QueryHash queryHash;
    StudyId studyId;
    bytes32 agreementHash;
    IQueryCatalogue catalogue;
    uint64 deadlineBlocks;
    uint88 price;
    Capacity authorCapacity;
    address author;
    bytes32 policyHash;
    uint16 k;
    uint16 sealedK;
    uint32 openingsBudget;
    uint24 organisationQuota;
}

/// @title What the catalogue appends to a query contract's code when it makes it
/// @dev All of it is fixed for good: a study's policy never changes, nor do a vetted query's bounds. As code it costs 3 gas
/// a word, where the registries' storage costs 2,100. It is the origin's words, then bounds and policy, which few calls decode.
library CloneArguments {
    /// @dev Where OpenZeppelin's clones have their arguments, after the code that delegates.
    uint256 private constant START = 45;
    uint256 private constant ORIGIN_BYTES = 13 * 32;
    uint256 private constant DEADLINE_BLOCKS = 4 * 32;

    function encode(
        QueryOrigin memory origin_,
        bytes memory bounds_,
        Policy memory policy_
    ) internal pure returns (bytes memory) {
        return abi.encode(origin_, bounds_, policy_);
    }

    function all(address clone) internal view returns (bytes memory) {
        return Clones.fetchCloneArgs(clone);
    }

    /// @dev Of `arguments` as {all} returns them; points into them.
    function origin(bytes memory arguments) internal pure returns (QueryOrigin memory origin_) {
        assembly ("memory-safe") {
            origin_ := add(arguments, 32)
        }
    }

    /// @dev abi.encode(ParameterBound[]); points into `arguments`, where the word after the origin says they are.
    function bounds(bytes memory arguments) internal pure returns (bytes memory bounds_) {
        uint256 place = ORIGIN_BYTES;
        assembly ("memory-safe") {
            let start := add(arguments, 32)
            bounds_ := add(start, mload(add(start, place)))
        }
    }

    function policy(bytes memory arguments) internal pure returns (Policy memory policy_) {
        (, , policy_) = abi.decode(arguments, (QueryOrigin, bytes, Policy));
    }

    /// @dev The one word that an answer needs, without copying the rest.
    function deadlineBlocks(address clone) internal view returns (uint64 blocks) {
        uint256 place = START + DEADLINE_BLOCKS;
        // Scratch space: the first 64 bytes are free between statements. The word was encoded of a uint64.
        assembly ("memory-safe") {
            extcodecopy(clone, 0, place, 32)
            blocks := mload(0)
        }
    }
}
