// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Acts} from "../audit/Acts.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {Deployed} from "../types/Deployed.sol";
import {IDeploymentRegistry} from "./IDeploymentRegistry.sol";

/// @title Announced deployments
contract DeploymentRegistry is IDeploymentRegistry, AccessManaged {
    /// @dev deployments[i] has number i + 1.
    Deployment[] private _deployments;

    constructor(address authority) AccessManaged(Deployed.check(authority)) {}

    /// @inheritdoc IDeploymentRegistry
    function announce(
        string calldata version,
        NamedContract[] calldata contracts
    ) external restricted returns (uint64 number) {
        _checkContracts(contracts);
        address access = _find(contracts, "ConsortiumAccess");
        address trail = _find(contracts, "AuditTrail");
        address trailAuthority = IAccessManaged(trail).authority();
        if (trailAuthority != access) revert DeploymentRegistryForeignTrail(trail, trailAuthority);
        bytes32 contractsHash = keccak256(abi.encode(contracts));
        Deployment memory previous = _latest();
        if (contractsHash == previous.contractsHash) revert DeploymentRegistryAlreadyCurrent(contractsHash);
        bool named = bytes(version).length != 0 && keccak256(bytes(version)) != keccak256(bytes(previous.version));
        if (!named) revert DeploymentRegistryInvalidVersion(version);
        number = previous.number + 1;
        _deployments.push(Deployment(number, uint64(block.timestamp), access, trail, contractsHash, version));
        if (access != authority()) _setAuthority(access);
        emit DeploymentAnnounced(number, access, contractsHash, version, contracts);
        _record(trail, Acts.DEPLOYMENT_ANNOUNCED, previous.contractsHash, contractsHash);
        if (previous.number == 0) return number;
        _record(previous.trail, Acts.DEPLOYMENT_SUPERSEDED, previous.contractsHash, contractsHash);
    }

    /// @inheritdoc IDeploymentRegistry
    function current() external view returns (Deployment memory latest) {
        latest = _latest();
        if (latest.number == 0) revert DeploymentRegistryUnknown(0);
    }

    /// @inheritdoc IDeploymentRegistry
    function deployment(uint64 number) external view returns (Deployment memory) {
        if (number == 0 || number > _deployments.length) revert DeploymentRegistryUnknown(number);
        return _deployments[number - 1];
    }

    /// @inheritdoc IDeploymentRegistry
    function count() external view returns (uint64) {
        return uint64(_deployments.length); // each costs a transaction: far below 2^64
    }

    function _record(address trail, bytes32 act, bytes32 oldHash, bytes32 newHash) private {
        bytes32 subject = bytes32(uint256(uint160(address(this))));
        IAuditTrail(trail).record(act, subject, msg.sender, 0, oldHash, newHash, "");
    }

    /// @dev All zero before the first.
    function _latest() private view returns (Deployment memory latest) {
        if (_deployments.length != 0) latest = _deployments[_deployments.length - 1];
    }

    /// @dev O(contracts), some twenty.
    function _checkContracts(NamedContract[] calldata contracts) private view {
        for (uint256 i = 0; i < contracts.length; ++i) {
            bool named = bytes(contracts[i].name).length != 0;
            bool ascending = i == 0 || _isBelow(bytes(contracts[i - 1].name), bytes(contracts[i].name));
            if (!named || !ascending || contracts[i].account.code.length == 0) {
                revert DeploymentRegistryInvalidContract(i);
            }
        }
    }

    /// @dev Byte by byte, a prefix first.
    function _isBelow(bytes calldata a, bytes calldata b) private pure returns (bool) {
        for (uint256 i = 0; i < a.length && i < b.length; ++i) {
            if (a[i] != b[i]) return a[i] < b[i];
        }
        return a.length < b.length;
    }

    function _find(NamedContract[] calldata contracts, string memory name) private pure returns (address) {
        bytes32 nameHash = keccak256(bytes(name));
        for (uint256 i = 0; i < contracts.length; ++i) {
            if (keccak256(bytes(contracts[i].name)) == nameHash) return contracts[i].account;
        }
        revert DeploymentRegistryMissingContract(name);
    }
}
