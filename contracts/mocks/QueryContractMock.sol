// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../fees/IEscrow.sol";
import {RequestId, StudyId} from "../types/Identifiers.sol";

/// @title Tests only: drives the escrow as a query contract would, in any order
contract QueryContractMock {
    IEscrow private immutable _escrow;
    StudyId private immutable _studyId;

    constructor(IEscrow escrow, StudyId studyId_) {
        _escrow = escrow;
        _studyId = studyId_;
    }

    function hold(RequestId requestId, uint64 committeeEpoch, address payer) external payable {
        _escrow.hold{value: msg.value}(requestId, committeeEpoch, payer);
    }

    function release(RequestId requestId) external {
        _escrow.release(requestId);
    }

    function refund(RequestId requestId) external {
        _escrow.refund(requestId);
    }

    function studyId() external view returns (StudyId) {
        return _studyId;
    }
}
