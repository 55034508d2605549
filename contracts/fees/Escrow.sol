// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IQuerySmartContract} from "../query/IQuerySmartContract.sol";
import {ICommitteeRegistry} from "../study/ICommitteeRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {RequestId} from "../types/Identifiers.sol";
import {IEscrow} from "./IEscrow.sol";

/// @title Escrow
contract Escrow is IEscrow, AccessManaged, Audited, ReentrancyGuard {
    ICommitteeRegistry private immutable _committees;

    mapping(address account => bool) private _queryContracts;
    mapping(RequestId requestId => Payment) private _payments;
    mapping(address payee => uint256) private _credits;

    constructor(
        address authority,
        IAuditTrail trail,
        ICommitteeRegistry committees
    ) AccessManaged(Deployed.check(authority)) Audited(trail) {
        _committees = ICommitteeRegistry(Deployed.check(address(committees)));
    }

    /// @inheritdoc IEscrow
    function addQueryContract(address queryContract) external restricted {
        Deployed.check(queryContract);
        if (_queryContracts[queryContract]) revert EscrowAlreadyQueryContract(queryContract);
        _queryContracts[queryContract] = true;
        emit QueryContractAdded(queryContract);
        _record(Acts.QUERY_CONTRACT_ADDED, _subject(queryContract), msg.sender, 0, 0, queryContract.codehash);
    }

    /// @inheritdoc IEscrow
    function hold(RequestId requestId, uint64 committeeEpoch, address payer) external payable {
        if (!_queryContracts[msg.sender]) revert EscrowNotQueryContract(msg.sender);
        if (msg.value == 0 || payer == address(0)) revert EscrowInvalidPayment(payer, msg.value);
        if (_payments[requestId].state != PaymentState.NONE) revert EscrowAlreadyHeld(requestId);
        uint96 amount = SafeCast.toUint96(msg.value);
        _payments[requestId] = Payment(payer, committeeEpoch, PaymentState.HELD, msg.sender, amount);
        emit PaymentHeld(requestId, payer, msg.value);
        _record(Acts.PAYMENT_HELD, RequestId.unwrap(requestId), payer, 0, 0, bytes32(msg.value));
    }

    /// @inheritdoc IEscrow
    function release(RequestId requestId) external {
        uint256 amount = _end(requestId, PaymentState.RELEASED);
        emit PaymentReleased(requestId, amount);
        _record(Acts.PAYMENT_RELEASED, RequestId.unwrap(requestId), msg.sender, 0, bytes32(amount), bytes32(amount));
    }

    /// @inheritdoc IEscrow
    function refund(RequestId requestId) external {
        uint256 amount = _end(requestId, PaymentState.REFUNDED);
        address payer = _payments[requestId].payer;
        _credits[payer] += amount;
        emit PaymentRefunded(requestId, payer, amount);
        _record(Acts.PAYMENT_REFUNDED, RequestId.unwrap(requestId), msg.sender, 0, bytes32(amount), 0);
    }

    /// @inheritdoc IEscrow
    function settle(RequestId requestId) external {
        Payment storage payment = _payments[requestId];
        if (payment.state != PaymentState.RELEASED) revert EscrowNotReleased(requestId);
        payment.state = PaymentState.SETTLED;
        uint256 amount = payment.amount;
        address[] memory payees = _committees.keys(
            IQuerySmartContract(payment.queryContract).studyId(),
            payment.committeeEpoch
        );
        uint256 share = amount / payees.length;
        for (uint256 i = 0; i < payees.length; ++i) _credits[payees[i]] += share;
        _credits[payees[0]] += amount - share * payees.length;
        emit PaymentSettled(requestId, amount, payees.length);
        _record(Acts.PAYMENT_SETTLED, RequestId.unwrap(requestId), msg.sender, 0, bytes32(amount), 0);
    }

    /// @inheritdoc IEscrow
    function withdraw() external nonReentrant {
        uint256 amount = _credits[msg.sender];
        if (amount == 0) revert EscrowNothingToWithdraw(msg.sender);
        _credits[msg.sender] = 0;
        emit Withdrawn(msg.sender, amount);
        _record(Acts.WITHDRAWN, _subject(msg.sender), msg.sender, 0, bytes32(amount), 0);
        Address.sendValue(payable(msg.sender), amount);
    }

    /// @inheritdoc IEscrow
    function credit(address payee) external view returns (uint256) {
        return _credits[payee];
    }

    /// @inheritdoc IEscrow
    function paymentOf(RequestId requestId) external view returns (Payment memory) {
        return _payments[requestId];
    }

    /// @inheritdoc IEscrow
    function isQueryContract(address account) external view returns (bool) {
        return _queryContracts[account];
    }

    /// @dev HELD is left once, and only by the contract that paid in.
    function _end(RequestId requestId, PaymentState state) private returns (uint256 amount) {
        Payment storage payment = _payments[requestId];
        if (!_queryContracts[msg.sender]) revert EscrowNotQueryContract(msg.sender);
        if (payment.state != PaymentState.HELD) revert EscrowNotHeld(requestId);
        if (payment.queryContract != msg.sender) revert EscrowNotQueryContract(msg.sender);
        payment.state = state;
        amount = payment.amount;
    }
}
