// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title One switch for the whole deployment
/// @notice While it is stopped no query contract takes a request or an answer, and workers compute nothing. Everything that
/// gives something back goes on: requests expire and are refunded, payees withdraw, keys of sealed answers are published.
interface IEmergencyStop {
    /// @notice No requests and no answers from this block on.
    event Stopped(address indexed guardian, string reason);
    /// @notice Requests and answers are taken again. Requests whose deadline passed meanwhile are past it.
    event Resumed(address indexed steward, string reason);

    /// @notice Thrown when it is stopped already.
    error EmergencyStopAlreadyStopped();
    /// @notice Thrown when it is not stopped.
    error EmergencyStopNotStopped();

    /// @notice Stops requests and answers. Restricted to GUARDIAN_ROLE.
    /// @param reason free text, kept in the audit trail
    function stop(string calldata reason) external;
    /// @notice Ends the stop. Restricted to STEWARD_ROLE.
    /// @param reason free text, kept in the audit trail
    function resume(string calldata reason) external;
    /// @notice Whether requests and answers are stopped.
    function isStopped() external view returns (bool);
}
