// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title One vocabulary for every act, and a running hash that shows gaps
/// @notice An auditor who holds all Recorded events recomputes every head from the first (head before it: 0) to the last
/// and compares with `head()`: an event left out, added or altered does not fit.
interface IAuditTrail {
    /// @notice An act, right after the state change it reports.
    /// @param sequence 0 for the first record, then one more each time
    /// @param subject what it was done to: an account (as uint160), study, dataset, query or request id
    /// @param actor who did it; for a relayed signature, who signed. A member by its name, whatever its key is then; whoever
    /// pays, is paid or relays, by the account
    /// @param act keccak256 of the act's name, see audit/Acts.sol
    /// @param organisation of the actor; 0 for the consortium, a contract, or whoever posts what others signed
    /// @param oldHash what the subject was before; 0 = nothing
    /// @param newHash what it is now; 0 = nothing, or nothing that has a hash
    /// @param reason free text of the actor, empty for most acts
    /// @param head the first 27 bytes of keccak256(abi.encode(previousHead, sequence, act, subject, actor, organisation, oldHash, newHash, keccak256(bytes(reason)), blockNumber)), previousHead a bytes27. That takes some 2^108
    /// hashes to find two of, and shares a slot with the length: every act of the network pays for one slot, not two
    event Recorded(
        uint64 indexed sequence,
        bytes32 indexed subject,
        address indexed actor,
        bytes32 act,
        bytes32 organisation,
        bytes32 oldHash,
        bytes32 newHash,
        string reason,
        bytes27 head
    );
    /// @notice `recorder` may write to the trail from now on, for ever.
    event RecorderAdded(address indexed recorder);

    /// @notice Thrown when an account that is not a recorder writes to the trail.
    error AuditTrailNotRecorder(address account);
    /// @notice Thrown when the account is a recorder already.
    error AuditTrailAlreadyRecorder(address recorder);

    /// @notice Lets a contract write. Restricted: the deployment, then only the query catalogue for each query contract
    /// it makes.
    /// @param recorder the contract; it must have code
    function addRecorder(address recorder) external;
    /// @notice Appends one act. Recorders only; the parameters are those of `Recorded`.
    function record(
        bytes32 act,
        bytes32 subject,
        address actor,
        bytes32 organisation,
        bytes32 oldHash,
        bytes32 newHash,
        string calldata reason
    ) external;
    /// @notice Appends one act that states no reason, unless the deployment is stopped. Recorders only; the parameters are
    /// those of `Recorded`. What an emergency stops asks here, as it records: the word that says so is the trail's own.
    /// @return recorded false while stopped; nothing is appended then
    function recordUnlessStopped(
        bytes32 act,
        bytes32 subject,
        address actor,
        bytes32 organisation,
        bytes32 oldHash,
        bytes32 newHash
    ) external returns (bool recorded);
    /// @notice Turns the switch of {IEmergencyStop}, which records it. Restricted to that contract.
    function setStopped(bool stopped) external;
    /// @notice Whether the switch is on.
    function isStopped() external view returns (bool);
    /// @notice The head of the newest record; 0 before the first.
    function head() external view returns (bytes27);
    /// @notice How many acts are recorded, which is the next sequence.
    function length() external view returns (uint64);
    /// @notice Whether the account may write.
    function isRecorder(address account) external view returns (bool);
}
