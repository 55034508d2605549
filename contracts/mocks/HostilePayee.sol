// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title Tests only: a payee that calls while it is being paid, refuses to be paid, or burns all gas it gets
contract HostilePayee {
    enum Conduct {
        REENTER,
        REVERT,
        BURN_GAS,
        ACCEPT,
        ACT
    }

    error HostilePayeeRefuses();

    address private immutable _payer;
    bytes private _withdrawal;
    Conduct private _conduct;
    bytes private _act;
    uint256 private _value;

    /// @param withdrawal the call of `payer` that pays the sender
    constructor(address payer, bytes memory withdrawal, Conduct conduct) {
        _payer = payer;
        _withdrawal = withdrawal;
        _conduct = conduct;
    }

    receive() external payable {
        if (_conduct == Conduct.REVERT) revert HostilePayeeRefuses();
        if (_conduct == Conduct.REENTER) Address.functionCall(_payer, _withdrawal);
        if (_conduct == Conduct.ACT) Address.functionCallWithValue(_payer, _act, _value);
        uint256 spun = 0;
        while (_conduct == Conduct.BURN_GAS) ++spun;
    }

    function setConduct(Conduct conduct) external {
        _conduct = conduct;
    }

    /// @dev From now on it makes this call of the payer, with this value, whenever it is paid.
    function prepare(bytes calldata act, uint256 value) external {
        (_conduct, _act, _value) = (Conduct.ACT, act, value);
    }

    function withdraw() external {
        Address.functionCall(_payer, _withdrawal);
    }

    /// @dev Any other call of the payer, with the value it is sent.
    function perform(bytes calldata data) external payable {
        Address.functionCallWithValue(_payer, data, msg.value);
    }
}
