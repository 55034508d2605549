// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {Capacity, Payee} from "../types/Payee.sol";
import {ICredits} from "./ICredits.sol";

/// @title The purse
/// @dev Under no authority: a role that could close it would hold everybody's money. By capacity, as one account may be the
/// name of several members, each with a key of its own: who took one of the keys must not reach what the others earned.
contract Credits is ICredits, Audited, ReentrancyGuard {
    IMemberRegistry private immutable _owners;
    IMemberRegistry private immutable _queriers;
    IMemberRegistry private immutable _workers;
    IMemberRegistry private immutable _vetters;

    mapping(Capacity capacity => mapping(address account => uint256)) private _credits;

    constructor(
        IAuditTrail trail,
        IMemberRegistry owners,
        IMemberRegistry queriers,
        IMemberRegistry workers,
        IMemberRegistry vetters
    ) Audited(trail) {
        _owners = IMemberRegistry(Deployed.check(address(owners)));
        _queriers = IMemberRegistry(Deployed.check(address(queriers)));
        _workers = IMemberRegistry(Deployed.check(address(workers)));
        _vetters = IMemberRegistry(Deployed.check(address(vetters)));
    }

    /// @inheritdoc ICredits
    function pay(Payee[] calldata payees, uint256[] calldata amounts) external payable {
        if (payees.length != amounts.length) revert CreditsLengthMismatch(payees.length, amounts.length);
        uint256 sum = 0;
        for (uint256 i = 0; i < payees.length; ++i) {
            uint256 amount = amounts[i];
            if (amount == 0) continue;
            (Capacity capacity, address account) = (payees[i].capacity, payees[i].account);
            if (account == address(0)) revert CreditsNoPayee(i);
            sum += amount;
            _credits[capacity][account] += amount;
            emit Credited(capacity, account, msg.sender, amount);
        }
        if (sum != msg.value || sum == 0) revert CreditsWrongSum(sum, msg.value);
        bytes32 hash = keccak256(abi.encode(payees, amounts));
        _record(Acts.CREDITED, _subject(msg.sender), msg.sender, 0, bytes32(sum), hash);
    }

    /// @inheritdoc ICredits
    function withdraw(Capacity capacity) external nonReentrant {
        (address account, bytes32 organisation) = _payee(capacity);
        uint256 amount = _credits[capacity][account];
        if (amount == 0) revert CreditsNothingToWithdraw(capacity, account);
        _credits[capacity][account] = 0;
        emit Withdrawn(capacity, account, msg.sender, amount);
        _record(Acts.WITHDRAWN, _subject(account), account, organisation, bytes32(amount), 0);
        Address.sendValue(payable(msg.sender), amount);
    }

    /// @inheritdoc ICredits
    function credit(Capacity capacity, address account) external view returns (uint256) {
        return _credits[capacity][account];
    }

    function _payee(Capacity capacity) private view returns (address account, bytes32 organisation) {
        if (capacity == Capacity.ACCOUNT) return (msg.sender, 0);
        IMemberRegistry registry = _registryOf(capacity);
        account = registry.memberOf(msg.sender);
        if (account == address(0)) revert CreditsNotMember(capacity, msg.sender);
        organisation = registry.organisationOf(account);
    }

    function _registryOf(Capacity capacity) private view returns (IMemberRegistry) {
        if (capacity == Capacity.DATA_OWNER) return _owners;
        if (capacity == Capacity.QUERIER) return _queriers;
        return capacity == Capacity.WORKER ? _workers : _vetters;
    }
}
