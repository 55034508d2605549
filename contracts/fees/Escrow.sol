// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IQuerySmartContract} from "../query/IQuerySmartContract.sol";
import {ICommitteeRegistry} from "../study/ICommitteeRegistry.sol";
import {IDatasetRegistry} from "../study/IDatasetRegistry.sol";
import {IStudyRegistry} from "../study/IStudyRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {RequestId} from "../types/Identifiers.sol";
import {Capacity, Payee} from "../types/Payee.sol";
import {RequestContext} from "../types/Statement.sol";
import {Division} from "./Division.sol";
import {ICredits} from "./ICredits.sol";
import {IEscrow} from "./IEscrow.sol";

/// @title Escrow
contract Escrow is IEscrow, AccessManaged, Audited {
    IStudyRegistry private immutable _studies;
    ICommitteeRegistry private immutable _committees;
    IDatasetRegistry private immutable _datasets;
    ICredits private immutable _credits;

    /// @dev Account zero: no query contract.
    mapping(address queryContract => Payee) private _authors;
    mapping(RequestId requestId => Payment) private _payments;

    constructor(
        address authority,
        IAuditTrail trail,
        IStudyRegistry studies,
        ICommitteeRegistry committees,
        IDatasetRegistry datasets,
        ICredits credits
    ) AccessManaged(Deployed.check(authority)) Audited(trail) {
        _studies = IStudyRegistry(Deployed.check(address(studies)));
        _committees = ICommitteeRegistry(Deployed.check(address(committees)));
        _datasets = IDatasetRegistry(Deployed.check(address(datasets)));
        _credits = ICredits(Deployed.check(address(credits)));
    }

    /// @inheritdoc IEscrow
    function addQueryContract(address queryContract, Payee calldata author) external restricted {
        Deployed.check(queryContract);
        if (_authors[queryContract].account != address(0)) revert EscrowAlreadyQueryContract(queryContract);
        if (author.account == address(0)) revert EscrowNoAuthor(queryContract);
        _authors[queryContract] = author;
        emit QueryContractAdded(queryContract, author.capacity, author.account);
        _record(Acts.QUERY_CONTRACT_ADDED, _subject(queryContract), msg.sender, 0, 0, queryContract.codehash);
    }

    /// @inheritdoc IEscrow
    function hold(RequestId requestId, address payer) external payable {
        if (_authors[msg.sender].account == address(0)) revert EscrowNotQueryContract(msg.sender);
        if (msg.value == 0 || payer == address(0)) revert EscrowInvalidPayment(payer, msg.value);
        if (_payments[requestId].state != PaymentState.NONE) revert EscrowAlreadyHeld(requestId);
        _payments[requestId] = Payment(msg.sender, PaymentState.HELD, SafeCast.toUint88(msg.value));
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
    function refund(RequestId requestId, address payer) external {
        uint256 amount = _end(requestId, PaymentState.REFUNDED);
        emit PaymentRefunded(requestId, payer, amount);
        _record(Acts.PAYMENT_REFUNDED, RequestId.unwrap(requestId), msg.sender, 0, bytes32(amount), 0);
        (Payee[] memory payees, uint256[] memory amounts) = (new Payee[](1), new uint256[](1));
        (payees[0], amounts[0]) = (Payee(Capacity.QUERIER, payer), amount);
        _credits.pay{value: amount}(payees, amounts);
    }

    /// @inheritdoc IEscrow
    function settle(RequestContext calldata context) external {
        RequestId requestId = context.requestId;
        Payment storage payment = _payments[requestId];
        if (payment.state != PaymentState.RELEASED) revert EscrowNotReleased(requestId);
        _checkContext(context, payment.queryContract);
        payment.state = PaymentState.SETTLED;
        uint256 amount = payment.amount;
        (Payee[] memory payees, uint256[] memory amounts) = _divide(context, amount, _authors[payment.queryContract]);
        emit PaymentSettled(requestId, amount, payees, amounts);
        bytes32 hash = keccak256(abi.encode(payees, amounts));
        _record(Acts.PAYMENT_SETTLED, RequestId.unwrap(requestId), msg.sender, 0, bytes32(amount), hash);
        _credits.pay{value: amount}(payees, amounts);
    }

    /// @inheritdoc IEscrow
    function paymentOf(RequestId requestId) external view returns (Payment memory) {
        return _payments[requestId];
    }

    /// @inheritdoc IEscrow
    function authorOf(address queryContract) external view returns (Payee memory) {
        return _authors[queryContract];
    }

    /// @inheritdoc IEscrow
    function isQueryContract(address account) external view returns (bool) {
        return _authors[account].account != address(0);
    }

    /// @dev HELD is left once, and only by the contract that paid in, which was a query contract then and is for ever.
    function _end(RequestId requestId, PaymentState state) private returns (uint256 amount) {
        Payment storage payment = _payments[requestId];
        if (payment.state != PaymentState.HELD) revert EscrowNotHeld(requestId);
        if (payment.queryContract != msg.sender) revert EscrowNotQueryContract(msg.sender);
        payment.state = state;
        amount = payment.amount;
    }

    /// @dev What the request fixed says who is paid; the query contract has its hash.
    function _checkContext(RequestContext calldata context, address queryContract) private view {
        bytes32 contextHash = keccak256(abi.encode(context));
        bytes32 expected = IQuerySmartContract(queryContract).requestOf(context.requestId).contextHash;
        if (contextHash != expected) revert EscrowContextMismatch(contextHash, expected);
    }

    /// @dev O(datasets + workers) of this request.
    function _divide(
        RequestContext calldata context,
        uint256 amount,
        Payee memory author
    ) private view returns (Payee[] memory payees, uint256[] memory amounts) {
        return
            Division.ofPrice(
                amount,
                _studies.policy(context.studyId),
                _datasets.contributions(context.datasetRoots),
                _committees.committee(context.studyId, context.committeeEpoch).workers,
                author
            );
    }
}
