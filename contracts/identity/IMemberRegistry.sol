// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Members of one role: who they are, who vouched for them, until when, and how to reach them
interface IMemberRegistry {
    /// organisation = keccak256(bytes(organisationName)); expiry: last valid second; tlsFingerprint: SHA-256 of the DER
    /// certificate, 0 where the role has no endpoint; encryptionKey: compressed secp256k1 point, empty where unused.
    struct Member {
        bytes32 organisation;
        address issuer;
        uint64 admittedAt;
        uint64 expiry;
        bool revoked;
        bytes32 tlsFingerprint;
        string organisationName;
        string endpoint;
        bytes encryptionKey;
        bytes32[] purposes;
    }

    struct Admission {
        string organisationName;
        uint64 expiry;
        bytes32 tlsFingerprint;
        string endpoint;
        bytes encryptionKey;
        bytes32[] purposes;
    }

    event MemberAdmitted(address indexed account, bytes32 indexed organisation, uint64 expiry);
    event MemberRevoked(address indexed account, string reason);
    event MemberEndpointChanged(address indexed account, string endpoint, bytes32 tlsFingerprint);

    error MemberRegistryAlreadyAdmitted(address account);
    error MemberRegistryNotMember(address account);
    error MemberRegistryAlreadyRevoked(address account);
    error MemberRegistryInvalidExpiry(uint64 expiry);
    error MemberRegistryMissingField(string field);
    error MemberRegistryFingerprintInUse(bytes32 tlsFingerprint);

    function admit(address account, Admission calldata admission) external;
    function revoke(address account, string calldata reason) external;
    /// @notice A member moves its own endpoint or certificate.
    function setEndpoint(string calldata endpoint, bytes32 tlsFingerprint) external;
    function isActive(address account) external view returns (bool);
    function member(address account) external view returns (Member memory);
    function organisationOf(address account) external view returns (bytes32);
    /// @notice The member whose certificate has this fingerprint, or zero.
    function accountOf(bytes32 tlsFingerprint) external view returns (address);
    function count() external view returns (uint256);
    /// @notice A page of at most 100 accounts, revoked ones included.
    function accounts(uint256 offset, uint256 limit) external view returns (address[] memory);
}
