// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StudyId} from "../types/Identifiers.sol";
import {Policy} from "../types/Policy.sol";

/// @title Studies: one schema, one policy, one row per subject
interface IStudyRegistry {
    struct Study {
        bytes32 schemaHash;
        bytes32 policyHash;
        bytes32 srsHash;
        uint8 log2N;
        uint64 registeredAt;
        string name;
    }

    /// @notice schema is the exact JSON text whose keccak256 is schemaHash.
    event StudyRegistered(StudyId indexed studyId, bytes32 indexed schemaHash, string name, string schema, Policy policy);

    error StudyRegistryAlreadyRegistered(StudyId studyId);
    error StudyRegistryUnknown(StudyId studyId);
    error StudyRegistryInvalidPolicy(string field);
    error StudyRegistryInvalidLog2N(uint8 log2N);

    function register(
        string calldata name,
        string calldata schema,
        Policy calldata policy,
        uint8 log2N,
        bytes32 srsHash
    ) external returns (StudyId studyId);
    function study(StudyId studyId) external view returns (Study memory);
    function policy(StudyId studyId) external view returns (Policy memory);
    function count() external view returns (uint256);
    function studies(uint256 offset, uint256 limit) external view returns (StudyId[] memory);
}
