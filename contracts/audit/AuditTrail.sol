// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Deployed} from "../types/Deployed.sol";
import {Acts} from "./Acts.sol";
import {IAuditTrail} from "./IAuditTrail.sol";

/// @title The trail every contract writes to
contract AuditTrail is IAuditTrail, AccessManaged {
    /// @dev One slot, which every act reads and writes: there the emergency stop's switch costs a request and an answer nothing.
    /// lengthAndStop: twice the length, and 1 more while stopped. Some acts are open to all, and a trail that is full would
    /// stop every contract: 2^39 acts of at least 17,000 gas fill every block of 30 million gas, one a second, for 9 years.
    struct Newest {
        bytes27 head;
        uint40 lengthAndStop;
    }

    bytes32 private constant NO_REASON = keccak256("");

    Newest private _newest;
    mapping(address account => bool) private _recorders;

    modifier onlyRecorder() {
        if (!_recorders[msg.sender]) revert AuditTrailNotRecorder(msg.sender);
        _;
    }

    constructor(address authority) AccessManaged(Deployed.check(authority)) {}

    /// @inheritdoc IAuditTrail
    function addRecorder(address recorder) external restricted {
        Deployed.check(recorder);
        if (_recorders[recorder]) revert AuditTrailAlreadyRecorder(recorder);
        _recorders[recorder] = true;
        emit RecorderAdded(recorder);
        bytes32 subject = bytes32(uint256(uint160(recorder)));
        _append(_newest, Acts.RECORDER_ADDED, subject, msg.sender, 0, 0, recorder.codehash, "", NO_REASON);
    }

    /// @inheritdoc IAuditTrail
    function setStopped(bool stopped) external restricted {
        uint40 twice = _newest.lengthAndStop & ~uint40(1);
        _newest.lengthAndStop = stopped ? twice + 1 : twice;
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
    ) external onlyRecorder {
        _append(_newest, act, subject, actor, organisation, oldHash, newHash, reason, keccak256(bytes(reason)));
    }

    /// @inheritdoc IAuditTrail
    function recordUnlessStopped(
        bytes32 act,
        bytes32 subject,
        address actor,
        bytes32 organisation,
        bytes32 oldHash,
        bytes32 newHash
    ) external onlyRecorder returns (bool recorded) {
        Newest memory before = _newest;
        if (_isStopped(before)) return false;
        _append(before, act, subject, actor, organisation, oldHash, newHash, "", NO_REASON);
        return true;
    }

    /// @inheritdoc IAuditTrail
    function head() external view returns (bytes27) {
        return _newest.head;
    }

    /// @inheritdoc IAuditTrail
    function length() external view returns (uint64) {
        return _newest.lengthAndStop >> 1;
    }

    /// @inheritdoc IAuditTrail
    function isRecorder(address account) external view returns (bool) {
        return _recorders[account];
    }

    /// @inheritdoc IAuditTrail
    function isStopped() external view returns (bool) {
        return _isStopped(_newest);
    }

    function _append(
        Newest memory before,
        bytes32 act,
        bytes32 subject,
        address actor,
        bytes32 organisation,
        bytes32 oldHash,
        bytes32 newHash,
        string memory reason,
        bytes32 reasonHash
    ) private {
        uint64 sequence = before.lengthAndStop >> 1;
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
        _newest = Newest(newHead, before.lengthAndStop + 2);
        emit Recorded(sequence, subject, actor, act, organisation, oldHash, newHash, reason, newHead);
    }

    function _isStopped(Newest memory newest) private pure returns (bool) {
        return newest.lengthAndStop & 1 != 0;
    }
}
