// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {QueryHash, StudyId} from "../types/Identifiers.sol";
import {Payee} from "../types/Payee.sol";
import {Policy} from "../types/Policy.sol";
import {IQueryCatalogue} from "./IQueryCatalogue.sol";

/// Which query a query contract serves, and what every call about a request needs of its study's policy. price in wei.
struct QueryOrigin {
    QueryHash queryHash;
    StudyId studyId;
    bytes32 agreementHash;
    IQueryCatalogue catalogue;
    uint64 deadlineBlocks;
    uint88 price;
    Payee author;
}

/// @title What the catalogue appends to a query contract's code when it makes it
/// @dev All of it is fixed for good: a study's policy never changes, nor do a vetted query's bounds. As code it costs 3 gas
/// a word, where the registries' storage costs 2,100.
library CloneArguments {
    function encode(
        QueryOrigin memory origin_,
        Policy memory policy,
        bytes memory bounds
    ) internal pure returns (bytes memory) {
        return abi.encode(origin_, policy, bounds);
    }

    /// @dev The first words alone: the origin is of fixed size, and so stands in place.
    function origin(address clone) internal view returns (QueryOrigin memory) {
        return abi.decode(Clones.fetchCloneArgs(clone), (QueryOrigin));
    }

    /// @dev The origin, the study's policy, and the bounds as abi.encode(ParameterBound[]).
    function all(
        address clone
    ) internal view returns (QueryOrigin memory origin_, Policy memory policy, bytes memory bounds) {
        return abi.decode(Clones.fetchCloneArgs(clone), (QueryOrigin, Policy, bytes));
    }
}
