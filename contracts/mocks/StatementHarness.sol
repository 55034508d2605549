// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RequestContext, Statement, Verdict} from "../types/Statement.sol";

/// @title Tests only: shows the statement hash and the context hash, so that TypeScript can be compared with them
contract StatementHarness {
    function statementOf(RequestContext calldata context, Verdict calldata verdict) external view returns (bytes32) {
        return Statement.hash(context, verdict);
    }

    function contextHashOf(RequestContext calldata context) external pure returns (bytes32) {
        return keccak256(abi.encode(context));
    }
}
