// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Contribution} from "../types/Dataset.sol";
import {Capacity, Payee} from "../types/Payee.sol";
import {Policy} from "../types/Policy.sol";

/// @title Who gets how much: of a request's price, and of what a committee earns together
/// @dev Every division rounds down. What is left goes to the workers, and of theirs to the first: fewer than
/// datasets + n + 2 wei of a price. Sums are exactly what was divided.
library Division {
    /// @dev The shares of a policy sum to this.
    uint256 internal constant BASIS_POINTS = 10_000;

    /// @param price in wei; of a Policy only the shares are read
    /// @dev The owners by rows, the author its share, the workers all the rest: owners first, then workers, then the author.
    /// A dataset without rows gets nothing; where none has any, the owners' share goes to the workers. No product
    /// overflows: price < 2^96, rows < 2^64. O(contributions + workers).
    function ofPrice(
        uint256 price,
        Policy memory policy,
        Contribution[] memory contributions,
        address[] memory workers,
        Payee memory author
    ) internal pure returns (Payee[] memory payees, uint256[] memory amounts) {
        uint256 owners = contributions.length;
        payees = new Payee[](owners + workers.length + 1);
        amounts = new uint256[](payees.length);
        uint256 ownersPart = (price * policy.ownersShare) / BASIS_POINTS;
        uint256 authorPart = (price * policy.authorShare) / BASIS_POINTS;
        uint256 left = price - authorPart;
        uint256 rows = 0;
        for (uint256 i = 0; i < owners; ++i) rows += contributions[i].rowCount;
        for (uint256 i = 0; i < owners && rows != 0; ++i) {
            payees[i] = Payee(Capacity.DATA_OWNER, contributions[i].owner);
            amounts[i] = (ownersPart * contributions[i].rowCount) / rows;
            left -= amounts[i];
        }
        payees[payees.length - 1] = author;
        amounts[payees.length - 1] = authorPart;
        uint256[] memory parts = equally(left, workers.length);
        for (uint256 i = 0; i < workers.length; ++i) {
            payees[owners + i] = Payee(Capacity.WORKER, workers[i]);
            amounts[owners + i] = parts[i];
        }
    }

    /// @dev The workers of a committee as payees.
    function asPayees(address[] memory workers) internal pure returns (Payee[] memory payees) {
        payees = new Payee[](workers.length);
        for (uint256 i = 0; i < payees.length; ++i) payees[i] = Payee(Capacity.WORKER, workers[i]);
    }

    /// @dev The first gets the remainder.
    function equally(uint256 amount, uint256 parts) internal pure returns (uint256[] memory amounts) {
        amounts = new uint256[](parts);
        for (uint256 i = 0; i < parts; ++i) amounts[i] = amount / parts;
        amounts[0] += amount % parts;
    }
}
