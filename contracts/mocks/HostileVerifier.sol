// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Tests only: does anything but verify
contract HostileVerifier {
    enum Conduct {
        REVERT,
        REVERT_WITH_TRUE,
        BURN,
        NOTHING,
        SHORT,
        LONG,
        BOMB,
        TWO,
        WRITE,
        LIE
    }

    Conduct private immutable _conduct;
    uint256 private _written;

    constructor(Conduct conduct) {
        _conduct = conduct;
    }

    // solhint-disable-next-line payable-fallback
    fallback() external {
        Conduct conduct = _conduct;
        if (conduct == Conduct.WRITE) _written = 1;
        uint256 word = conduct == Conduct.TWO ? 2 : 1;
        while (conduct == Conduct.BURN) word ^= 2;
        uint256 size = 32;
        if (conduct == Conduct.REVERT || conduct == Conduct.NOTHING) size = 0;
        if (conduct == Conduct.SHORT) size = 31;
        if (conduct == Conduct.LONG) size = 64;
        if (conduct == Conduct.BOMB) size = 1_000_000;
        bool reverts = conduct == Conduct.REVERT || conduct == Conduct.REVERT_WITH_TRUE;
        assembly {
            mstore(0, word)
            if reverts {
                revert(0, size)
            }
            return(0, size)
        }
    }
}
