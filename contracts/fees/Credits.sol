// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {ICredits} from "./ICredits.sol";

/// @title The purse
/// @dev Under no authority: a role that could close it would hold everybody's money.
contract Credits is ICredits, Audited, ReentrancyGuard {
    mapping(address payee => uint256) private _credits;

    constructor(IAuditTrail trail) Audited(trail) {}

    /// @inheritdoc ICredits
    function pay(address[] calldata payees, uint256[] calldata amounts) external payable {
        if (payees.length != amounts.length) revert CreditsLengthMismatch(payees.length, amounts.length);
        uint256 sum = 0;
        for (uint256 i = 0; i < payees.length; ++i) {
            uint256 amount = amounts[i];
            if (amount == 0) continue;
            if (payees[i] == address(0)) revert CreditsNoPayee(i);
            sum += amount;
            _credits[payees[i]] += amount;
            emit Credited(payees[i], msg.sender, amount);
        }
        if (sum != msg.value || sum == 0) revert CreditsWrongSum(sum, msg.value);
        bytes32 hash = keccak256(abi.encode(payees, amounts));
        _record(Acts.CREDITED, _subject(msg.sender), msg.sender, 0, bytes32(sum), hash);
    }

    /// @inheritdoc ICredits
    function withdraw() external nonReentrant {
        uint256 amount = _credits[msg.sender];
        if (amount == 0) revert CreditsNothingToWithdraw(msg.sender);
        _credits[msg.sender] = 0;
        emit Withdrawn(msg.sender, amount);
        _record(Acts.WITHDRAWN, _subject(msg.sender), msg.sender, 0, bytes32(amount), 0);
        Address.sendValue(payable(msg.sender), amount);
    }

    /// @inheritdoc ICredits
    function credit(address payee) external view returns (uint256) {
        return _credits[payee];
    }
}
