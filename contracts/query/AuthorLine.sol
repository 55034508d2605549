// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IQueryCatalogue} from "./IQueryCatalogue.sol";

/// @title A query names its author
/// @dev The hash that vetters sign binds the agreement's text, and so whom it names. Without that, whoever saw a publication
/// before it was mined could be mined first with the same text, and be the author of what the vetters had been asked to sign.
library AuthorLine {
    uint256 private constant DIGITS = 40;

    /// @dev Reverts unless the text ends with the author's account: 40 hexadecimal digits, letters small.
    function check(string calldata agreement, address author) internal pure {
        bytes calldata text = bytes(agreement);
        bool named = text.length >= DIGITS;
        // From the last digit to the first.
        for (uint256 i = 0; named && i < DIGITS; ++i) {
            uint256 digit = (uint256(uint160(author)) >> (4 * i)) & 15;
            uint256 letter = digit + (digit < 10 ? 48 : 87); // "0" and, less 10, "a"
            named = uint8(text[text.length - 1 - i]) == letter;
        }
        if (!named) revert IQueryCatalogue.QueryCatalogueAuthorNotNamed(author);
    }
}
