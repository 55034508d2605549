// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../fees/IEscrow.sol";

/// @title Tests only: a payee that withdraws again while it is being paid, or refuses to be paid
contract HostilePayee {
    enum Conduct {
        REENTER,
        REVERT,
        ACCEPT
    }

    error HostilePayeeRefuses();

    IEscrow private immutable _escrow;
    Conduct private _conduct;

    constructor(IEscrow escrow, Conduct conduct) {
        _escrow = escrow;
        _conduct = conduct;
    }

    receive() external payable {
        if (_conduct == Conduct.REVERT) revert HostilePayeeRefuses();
        if (_conduct == Conduct.REENTER) _escrow.withdraw();
    }

    function setConduct(Conduct conduct) external {
        _conduct = conduct;
    }

    function withdraw() external {
        _escrow.withdraw();
    }
}
