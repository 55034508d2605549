// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title One vocabulary for every act, and a running hash that shows gaps
interface IAuditTrail {
    /// head = keccak256(abi.encode(previousHead, sequence, act, subject, actor, organisation, oldHash, newHash, keccak256(bytes(reason)), blockNumber))
    event Recorded(
        uint64 indexed sequence,
        bytes32 indexed subject,
        address indexed actor,
        bytes32 act,
        bytes32 organisation,
        bytes32 oldHash,
        bytes32 newHash,
        string reason,
        bytes32 head
    );
    event RecorderAdded(address indexed recorder);

    error AuditTrailNotRecorder(address account);

    function addRecorder(address recorder) external;
    /// @param act keccak256 of the act's name, see audit/Acts.sol
    /// @param subject what it was done to: an account, study, dataset, query or request id
    /// @param organisation of the actor; 0 for the consortium
    function record(
        bytes32 act,
        bytes32 subject,
        address actor,
        bytes32 organisation,
        bytes32 oldHash,
        bytes32 newHash,
        string calldata reason
    ) external;
    function head() external view returns (bytes32);
    function length() external view returns (uint64);
}
