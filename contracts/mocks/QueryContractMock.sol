// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../fees/IEscrow.sol";
import {IQuerySmartContract} from "../query/IQuerySmartContract.sol";
import {RequestId} from "../types/Identifiers.sol";
import {RequestContext} from "../types/Statement.sol";

/// @title Tests only: drives the escrow as a query contract would, in any order
contract QueryContractMock {
    IEscrow private immutable _escrow;

    mapping(RequestId requestId => bytes32) private _contextHashes;

    constructor(IEscrow escrow) {
        _escrow = escrow;
    }

    /// @dev What the request is said to have fixed.
    function fix(RequestContext calldata context) external {
        _contextHashes[context.requestId] = keccak256(abi.encode(context));
    }

    function hold(RequestId requestId, address payer) external payable {
        _escrow.hold{value: msg.value}(requestId, payer);
    }

    function release(RequestId requestId) external {
        _escrow.release(requestId);
    }

    function refund(RequestId requestId, address payer) external {
        _escrow.refund(requestId, payer);
    }

    function requestOf(RequestId requestId) external view returns (IQuerySmartContract.Request memory request) {
        request.contextHash = _contextHashes[requestId];
    }
}
