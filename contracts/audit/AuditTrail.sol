// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Deployed} from "../types/Deployed.sol";
import {Acts} from "./Acts.sol";
import {IAuditTrail} from "./IAuditTrail.sol";

/// @title The trail every contract writes to
contract AuditTrail is IAuditTrail, AccessManaged {
    /// @dev One slot. Some acts are open to all, and a trail that is full would stop every contract: 2^40 acts of at least
    /// 17,000 gas fill every block of 30 million gas, one a second, for 19 years.
    struct Newest {
        bytes27 head;
        uint40 length;
    }

    Newest private _newest;
    mapping(address account => bool) private _recorders;

    constructor(address authority) AccessManaged(Deployed.check(authority)) {}

    /// @inheritdoc IAuditTrail
    function addRecorder(address recorder) external restricted {
        Deployed.check(recorder);
        if (_recorders[recorder]) revert AuditTrailAlreadyRecorder(recorder);
        _recorders[recorder] = true;
        emit RecorderAdded(recorder);
        bytes32 subject = bytes32(uint256(uint160(recorder)));
        _append(Acts.RECORDER_ADDED, subject, msg.sender, 0, 0, recorder.codehash, "");
    }

    /// @inheritdoc IAuditTrail
    function record(
        bytes32 act,
        bytes32 subject,
        address actor,
        bytes32 organisation,
        bytes32 oldHash,
        bytes32 newHash,
        string calldata reason
    ) external {
        if (!_recorders[msg.sender]) revert AuditTrailNotRecorder(msg.sender);
        _append(act, subject, actor, organisation, oldHash, newHash, reason);
    }

    /// @inheritdoc IAuditTrail
    function head() external view returns (bytes27) {
        return _newest.head;
    }

    /// @inheritdoc IAuditTrail
    function length() external view returns (uint64) {
        return _newest.length;
    }

    /// @inheritdoc IAuditTrail
    function isRecorder(address account) external view returns (bool) {
        return _recorders[account];
    }

    function _append(
        bytes32 act,
        bytes32 subject,
        address actor,
        bytes32 organisation,
        bytes32 oldHash,
        bytes32 newHash,
        string memory reason
    ) private {
        Newest memory before = _newest;
        uint64 sequence = before.length;
        bytes32 reasonHash = keccak256(bytes(reason));
        bytes27 newHead = bytes27(
            keccak256(
                abi.encode(
                    before.head,
                    sequence,
                    act,
                    subject,
                    actor,
                    organisation,
                    oldHash,
                    newHash,
                    reasonHash,
                    block.number
                )
            )
        );
        _newest = Newest(newHead, before.length + 1);
        emit Recorded(sequence, subject, actor, act, organisation, oldHash, newHash, reason, newHead);
    }
}
