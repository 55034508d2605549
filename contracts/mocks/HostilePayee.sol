// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title Tests only: a payee that calls again while it is being paid, refuses to be paid, or burns all gas it gets
contract HostilePayee {
    enum Conduct {
        REENTER,
        REVERT,
        BURN_GAS,
        ACCEPT
    }

    error HostilePayeeRefuses();

    address private immutable _payer;
    bytes private _withdrawal;
    Conduct private _conduct;

    /// @param withdrawal the call of `payer` that pays the sender
    constructor(address payer, bytes memory withdrawal, Conduct conduct) {
        _payer = payer;
        _withdrawal = withdrawal;
        _conduct = conduct;
    }

    receive() external payable {
        if (_conduct == Conduct.REVERT) revert HostilePayeeRefuses();
        if (_conduct == Conduct.REENTER) Address.functionCall(_payer, _withdrawal);
        uint256 spun = 0;
        while (_conduct == Conduct.BURN_GAS) ++spun;
    }

    function setConduct(Conduct conduct) external {
        _conduct = conduct;
    }

    function withdraw() external {
        Address.functionCall(_payer, _withdrawal);
    }

    /// @dev Any other call of the payer, with the value it is sent.
    function perform(bytes calldata data) external payable {
        Address.functionCallWithValue(_payer, data, msg.value);
    }
}
