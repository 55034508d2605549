// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Which deployment is current: there are no proxies, so a new version is new contracts at new addresses
/// @notice The one address a consortium publishes. The registry outlives deployments: announcing one hands the registry over
/// to that deployment's consortium, and ends the announced time of the one before.
interface IDeploymentRegistry {
    struct NamedContract {
        string name;
        address account;
    }

    /// number: 1, 2, ...; contractsHash = keccak256(abi.encode(NamedContract[])), as {DeploymentAnnounced} has them.
    struct Deployment {
        uint64 number;
        uint64 announcedAt;
        address access;
        address trail;
        bytes32 contractsHash;
        string version;
    }

    /// @notice The deployment that is current from this block on.
    event DeploymentAnnounced(
        uint64 indexed number,
        address indexed access,
        bytes32 contractsHash,
        string version,
        NamedContract[] contracts
    );

    /// @notice Thrown when the version is empty, or that of the current deployment.
    error DeploymentRegistryInvalidVersion(string version);
    /// @notice Thrown when contract `index` (0-based) has no code, no name, or a name not above the one before it.
    error DeploymentRegistryInvalidContract(uint256 index);
    /// @notice Thrown when a needed contract is not among the announced ones.
    error DeploymentRegistryMissingContract(string name);
    /// @notice Thrown when the trail's authority is not the access manager announced with it.
    error DeploymentRegistryForeignTrail(address trail, address authority);
    /// @notice Thrown when the announced contracts are those of the current deployment.
    error DeploymentRegistryAlreadyCurrent(bytes32 contractsHash);
    /// @notice Thrown when no deployment has this number.
    error DeploymentRegistryUnknown(uint64 number);

    /// @notice Makes a deployment the current one and hands this registry over to its ConsortiumAccess. Recorded in its
    /// audit trail and in that of the deployment before, of both of which this registry must be a recorder. Restricted to
    /// ADMIN_ROLE of the current deployment.
    /// @param version a label for people, not the current one's
    /// @param contracts all of them, strictly ascending by name (bytes); ConsortiumAccess and AuditTrail among them
    function announce(string calldata version, NamedContract[] calldata contracts) external returns (uint64 number);
    /// @notice The deployment that is current. Reverts with DeploymentRegistryUnknown(0) before the first.
    function current() external view returns (Deployment memory);
    /// @notice Reverts with DeploymentRegistryUnknown.
    function deployment(uint64 number) external view returns (Deployment memory);
    /// @notice How many were announced, which is the current one's number.
    function count() external view returns (uint64);
}
