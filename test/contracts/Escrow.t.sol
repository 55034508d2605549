// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AuditTrail} from "../../contracts/audit/AuditTrail.sol";
import {Escrow} from "../../contracts/fees/Escrow.sol";
import {IEscrow} from "../../contracts/fees/IEscrow.sol";
import {ConsortiumAccess} from "../../contracts/governance/ConsortiumAccess.sol";
import {ICommitteeRegistry} from "../../contracts/study/ICommitteeRegistry.sol";
import {RequestId, StudyId} from "../../contracts/types/Identifiers.sol";

/// @dev The part of a committee registry that the escrow asks: five workers, always.
contract FixedCommittee {
    function committee(StudyId, uint64 epoch) external pure returns (ICommitteeRegistry.Committee memory) {
        address[] memory workers = new address[](5);
        for (uint256 i = 0; i < 5; ++i) workers[i] = address(uint160(0x1000 + i));
        return ICommitteeRegistry.Committee(epoch, 2, false, workers);
    }
}

/// @dev Every act in every order, as one of two query contracts would do it; what reverts changes nothing.
contract EscrowHandler {
    IEscrow private immutable _escrow;
    uint256 public paidIn;
    uint256 public paidOut;

    constructor(IEscrow escrow) {
        _escrow = escrow;
    }

    receive() external payable {
        paidOut += msg.value;
    }

    function hold(uint8 request, uint32 amount) external {
        paidIn += amount;
        _escrow.hold{value: amount}(id(request), 1, address(this));
    }

    function release(uint8 request) external {
        _escrow.release(id(request));
    }

    function refund(uint8 request) external {
        _escrow.refund(id(request));
    }

    function settle(uint8 request) external {
        _escrow.settle(id(request));
    }

    function withdraw() external {
        _escrow.withdraw();
    }

    function studyId() external pure returns (StudyId) {
        return StudyId.wrap(0);
    }

    /// @dev Eight requests, so that acts meet.
    function id(uint8 request) public pure returns (RequestId) {
        return RequestId.wrap(bytes32((uint256(request) % 8) + 1));
    }
}

/// @title Money is neither made nor lost, whatever is called in whatever order
contract EscrowInvariantTest {
    Escrow private _escrow;
    EscrowHandler private _handler;

    function setUp() public payable {
        ConsortiumAccess access = new ConsortiumAccess(address(this));
        AuditTrail trail = new AuditTrail(address(access));
        ICommitteeRegistry committees = ICommitteeRegistry(address(new FixedCommittee()));
        _escrow = new Escrow(address(access), trail, committees);
        trail.addRecorder(address(_escrow));
        _handler = new EscrowHandler(_escrow);
        _escrow.addQueryContract(address(_handler));
        (bool funded, ) = address(_handler).call{value: 1 ether}("");
        require(funded, "the handler needs money");
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function invariant_balanceIsCreditsPlusOpenPayments() public view {
        uint256 owed = _escrow.credit(address(_handler));
        for (uint160 i = 0; i < 5; ++i) owed += _escrow.credit(address(0x1000 + i));
        for (uint8 i = 0; i < 8; ++i) {
            IEscrow.Payment memory payment = _escrow.paymentOf(_handler.id(i));
            bool open = payment.state == IEscrow.PaymentState.HELD || payment.state == IEscrow.PaymentState.RELEASED;
            if (open) owed += payment.amount;
        }
        assert(address(_escrow).balance == owed);
    }

    function invariant_nothingIsPaidOutThatWasNotPaidIn() public view {
        // 1 ether reached the handler's receive() when it was funded.
        assert(_handler.paidOut() - 1 ether + address(_escrow).balance == _handler.paidIn());
    }
}
