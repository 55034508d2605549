// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Members of one role: who they are, who vouched for them, until when, and how to reach them
/// @notice A member is named, for ever, by the account that was first admitted. What sends and signs for it is its key: at
/// first the same account, later whichever it was last replaced by. Of one registry an account is at most once the name or
/// the key of a member, ever: a key that was replaced is nobody's any more.
interface IMemberRegistry {
    /// organisation = keccak256(bytes(organisationName)); expiry: last valid second; key: the account that sends and signs
    /// for the member now; admissions: how often the account was admitted, the first time counted: what the credential says
    /// changes only then; tlsFingerprint: SHA-256 of the DER certificate, 0 where the role has no endpoint; encryptionKey:
    /// compressed secp256k1 point, empty where unused.
    struct Member {
        bytes32 organisation;
        address issuer;
        uint64 admittedAt;
        uint64 expiry;
        bool revoked;
        address key;
        uint24 admissions;
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

    /// EIP-712 KeyRotation(address member,address oldKey,address newKey,bytes encryptionKey,uint256 deadline), signed by the
    /// new key. oldKey: the member's key until then; {replaceKey} does not ask, as a thief may have rotated it
    /// meanwhile. encryptionKey: the member's from then on; not empty where it had one. deadline: last valid second. No
    /// nonce: an account becomes a key once, so that a signature is used once at most; and as no key comes back, oldKey
    /// binds it to one moment of the member's history.
    struct KeyRotation {
        address member;
        address oldKey;
        address newKey;
        bytes encryptionKey;
        uint256 deadline;
    }

    /// @notice The consortium vouches for `account` until `expiry` (unix seconds, inclusive); a renewal looks the same.
    event MemberAdmitted(address indexed account, bytes32 indexed organisation, uint64 expiry);
    /// @notice The consortium took the credential back, for good.
    event MemberRevoked(address indexed account, string reason);
    /// @notice The member moved its endpoint or its certificate; or the certificate it had declared was given to another
    /// member by the consortium, and its own is 0 until it declares one.
    event MemberEndpointChanged(address indexed account, string endpoint, bytes32 tlsFingerprint);
    /// @notice From now on `newKey` sends and signs for the member, and `oldKey` for nobody. The trail says who decided it.
    event MemberKeyRotated(address indexed member, address oldKey, address indexed newKey);

    /// @notice Thrown when an account whose credential is still valid is admitted without a later expiry, or for another
    /// organisation.
    error MemberRegistryAlreadyAdmitted(address account);
    /// @notice Thrown when the account was never admitted, or may not act as a member now (expired or revoked).
    error MemberRegistryNotMember(address account);
    /// @notice Thrown when a revoked member is revoked, admitted or given a key again: it needs a new account.
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
    /// @notice Thrown when an account is admitted that is or was a member's key, or becomes a key that is or was a member's
    /// name or key.
    error MemberRegistryAccountUsed(address account);
    /// @notice Thrown when a key is replaced that is not, or no longer, the member's; `current` is.
    error MemberRegistryNotCurrentKey(address key, address current);
    /// @notice Thrown when a rotation arrives after its deadline (unix seconds, inclusive).
    error MemberRegistryRotationExpired(uint256 deadline);
    /// @notice Thrown when the signature is not the new key's over this KeyRotation, this registry and this chain.
    error MemberRegistryInvalidRotation(address recovered, address newKey);

    /// @notice Admits an account or renews its credential: at any time to a later expiry for the same organisation, and
    /// without these conditions once it has expired. Everything else is as the new admission says. Takes the certificate
    /// from a member that had only declared it (see {setEndpoint}). Restricted to REGISTRAR_ROLE.
    /// @param account the member's name, and its key until that is rotated; not zero
    /// @param admission what the credential says; at most 32 purposes
    function admit(address account, Admission calldata admission) external;
    /// @notice Ends a credential for good. Restricted to GUARDIAN_ROLE.
    /// @param reason free text, kept in the audit trail
    function revoke(address account, string calldata reason) external;
    /// @notice The current key of an active member hands over to a new one, which takes nothing else with it: name, committee
    /// seats, datasets, acceptances, nonces, credits and deposits are the member's.
    /// @param signature the new key's, 65 bytes, domain {Opaline, 1, chain id, this registry}: nobody can be made a key that
    /// does not hold it
    function rotateKey(KeyRotation calldata rotation, bytes calldata signature) external;
    /// @notice The same for a key that is lost or stolen, of any member that is not revoked. Restricted to REGISTRAR_ROLE.
    /// @param reason free text, kept in the audit trail
    function replaceKey(KeyRotation calldata rotation, bytes calldata signature, string calldata reason) external;
    /// @notice The current key of a member moves the member's endpoint or certificate. A certificate declared here is
    /// reserved while the member is active and shows it, but an admission by the consortium overrides it.
    /// @param endpoint host:port; empty where the role has none
    /// @param tlsFingerprint SHA-256 of the DER certificate; 0 where the role has none
    function setEndpoint(string calldata endpoint, bytes32 tlsFingerprint) external;
    /// @notice Whether this is the name of a member: admitted, not revoked, not past its expiry (the second `expiry` itself is
    /// valid).
    function isActive(address account) external view returns (bool);
    /// @notice The member's current key, active or not; zero for an account that was never admitted.
    function keyOf(address account) external view returns (address);
    /// @notice The member's current key, and whether the member may act now; zero and false if it was never admitted.
    function signerOf(address account) external view returns (address key, bool active);
    /// @notice The current keys of several members, zero for one that may not act now. O(accounts).
    function activeKeysOf(address[] calldata accounts) external view returns (address[] memory keys);
    /// @notice The member, active or not, whose current key this is; zero for any other account.
    function memberOf(address key) external view returns (address);
    /// @notice The active member whose current key this is, and its organisation; zeros for any other account.
    function activeMemberOf(address key) external view returns (address account, bytes32 organisation);
    /// @notice The same, and how often the member was admitted: as long as that is the same, so are its purposes.
    function credentialOf(address key) external view returns (address account, bytes32 organisation, uint24 admissions);
    /// @notice The member whose name, or present or former key, this is; zero for an account that is free.
    function everMemberOf(address key) external view returns (address);
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
