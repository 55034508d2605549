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

    /// @notice The consortium vouches for `account` until `expiry` (unix seconds, inclusive); a renewal looks the same.
    event MemberAdmitted(address indexed account, bytes32 indexed organisation, uint64 expiry);
    /// @notice The consortium took the credential back, for good.
    event MemberRevoked(address indexed account, string reason);
    /// @notice The member moved its endpoint or its certificate; or the certificate it had declared was given to another
    /// member by the consortium, and its own is 0 until it declares one.
    event MemberEndpointChanged(address indexed account, string endpoint, bytes32 tlsFingerprint);

    /// @notice Thrown when an account whose credential is still valid is admitted without a later expiry, or for another
    /// organisation.
    error MemberRegistryAlreadyAdmitted(address account);
    /// @notice Thrown when the account was never admitted, or may not act as a member now (expired or revoked).
    error MemberRegistryNotMember(address account);
    /// @notice Thrown when a revoked account is revoked or admitted again: it needs a new key.
    error MemberRegistryAlreadyRevoked(address account);
    /// @notice Thrown when a credential would be expired already.
    error MemberRegistryInvalidExpiry(uint64 expiry);
    /// @notice Thrown when a field that this role needs is empty or not of its form.
    error MemberRegistryMissingField(string field);
    /// @notice Thrown when the certificate is another active member's; at an admission, only when the consortium gave it
    /// that certificate.
    error MemberRegistryFingerprintInUse(bytes32 tlsFingerprint);
    /// @notice Thrown when more purposes are given than a request can check cheaply.
    error MemberRegistryTooManyPurposes(uint256 purposes, uint256 maximum);

    /// @notice Admits an account or renews its credential: at any time to a later expiry for the same organisation, and
    /// without these conditions once it has expired. Everything else is as the new admission says. Takes the certificate
    /// from a member that had only declared it (see {setEndpoint}). Restricted to REGISTRAR_ROLE.
    /// @param account the member's key, not zero
    /// @param admission what the credential says; at most 32 purposes
    function admit(address account, Admission calldata admission) external;
    /// @notice Ends a credential for good. Restricted to GUARDIAN_ROLE.
    /// @param reason free text, kept in the audit trail
    function revoke(address account, string calldata reason) external;
    /// @notice A member moves its own endpoint or certificate. A certificate declared here is reserved while the member is
    /// active and shows it, but an admission by the consortium overrides it.
    /// @param endpoint host:port; empty where the role has none
    /// @param tlsFingerprint SHA-256 of the DER certificate; 0 where the role has none
    function setEndpoint(string calldata endpoint, bytes32 tlsFingerprint) external;
    /// @notice Admitted, not revoked, not past its expiry (the second `expiry` itself is valid).
    function isActive(address account) external view returns (bool);
    /// @notice Everything about a member, revoked ones included; reverts with MemberRegistryNotMember.
    function member(address account) external view returns (Member memory);
    /// @notice 0 for an account that was never admitted.
    function organisationOf(address account) external view returns (bytes32);
    /// @notice The first of `purposes` that the member does not hold; 0 when it holds them all.
    /// O(purposes held x purposes asked).
    function missingPurpose(address account, bytes32[] calldata purposes) external view returns (bytes32);
    /// @notice The active member whose current certificate has this fingerprint, or zero.
    function accountOf(bytes32 tlsFingerprint) external view returns (address);
    /// @notice How many accounts were ever admitted.
    function count() external view returns (uint256);
    /// @notice A page of at most 100 accounts, revoked ones included, in order of first admission.
    function accounts(uint256 offset, uint256 limit) external view returns (address[] memory);
}
