// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The size of one page of a list view
library Paging {
    /// @dev 100 words are 3.2 KiB of return data: no node refuses it. More would only save round trips.
    uint256 internal constant MAX_PAGE = 100;

    /// @dev min(limit, MAX_PAGE, what is left from offset on); 0 when offset is past the end.
    function size(uint256 length, uint256 offset, uint256 limit) internal pure returns (uint256) {
        return Math.min(Math.min(limit, MAX_PAGE), Math.saturatingSub(length, offset));
    }
}
