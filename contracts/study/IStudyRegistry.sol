// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FieldRules} from "../types/FieldRules.sol";
import {StudyId} from "../types/Identifiers.sol";
import {Policy} from "../types/Policy.sol";

/// @title Studies: one schema, one policy, one row per subject
interface IStudyRegistry {
    /// schemaHash = keccak256 of the schema's exact JSON text; policyHash = keccak256(abi.encode(Policy)); srsHash: the
    /// proof system's reference string, 0 = no proofs; 2^log2N rows at most; registeredAt: block timestamp.
    struct Study {
        bytes32 schemaHash;
        bytes32 policyHash;
        bytes32 srsHash;
        uint8 log2N;
        uint64 registeredAt;
        string name;
    }

    /// @notice schema is the exact JSON text whose keccak256 is schemaHash.
    event StudyRegistered(
        StudyId indexed studyId,
        bytes32 indexed schemaHash,
        string name,
        string schema,
        Policy policy,
        FieldRules fieldRules
    );

    /// @notice Thrown when a study of this name and schema exists.
    error StudyRegistryAlreadyRegistered(StudyId studyId);
    /// @notice Thrown when no study has this id.
    error StudyRegistryUnknown(StudyId studyId);
    /// @notice Thrown when the name or the schema is empty.
    error StudyRegistryMissingField(string field);
    /// @notice Thrown when a field of the policy is outside what is safe; see {register}.
    error StudyRegistryInvalidPolicy(string field);
    /// @notice Thrown when the rules of this field have an unknown use, or cuts that do not ascend, or come before those of a
    /// smaller field, or are of no use: the field may not be split, or be cut anywhere.
    error StudyRegistryInvalidFieldRule(uint256 field);
    /// @notice Thrown when log2N is 0 or more than 28, the two-adicity of the field.
    error StudyRegistryInvalidLog2N(uint8 log2N);

    /// @notice Registers a study, for good: a new policy is a new study. Restricted to STEWARD_ROLE.
    /// @param name unique together with the schema
    /// @param schema the JSON text
    /// @param policy k 5..1,000; 64 >= vettings >= vettingOrganisations >= 2; minimumThreshold 1..3; openingsBudget at
    /// least 1; the three shares sum to 10,000; deadlineBlocks 1..1,000,000; at most 16 purposes; price, storageFeePerRow,
    /// leastDeposit: 0 = none; sealedK 0 or 3..k; fieldRulesHash that of fieldRules
    /// @param log2N 1..28: room for 2^log2N rows in each dataset
    /// @param srsHash of the proof system's reference string; 0 = no proofs
    /// @param fieldRules what queries may do with each field, at most 24,575 bytes of abi.encode(FieldRules); none permit
    /// everything, and have the hash 0. O(fields + edges)
    /// @return studyId keccak256(abi.encode(chainId, this registry, schemaHash, keccak256(bytes(name))))
    function register(
        string calldata name,
        string calldata schema,
        Policy calldata policy,
        uint8 log2N,
        bytes32 srsHash,
        FieldRules calldata fieldRules
    ) external returns (StudyId studyId);
    /// @notice Reverts with StudyRegistryUnknown.
    function study(StudyId studyId) external view returns (Study memory);
    /// @notice Reverts with StudyRegistryUnknown. O(purposes).
    function policy(StudyId studyId) external view returns (Policy memory);
    /// @notice What the study's policy lets queries do with each field; without any uses it permits everything. Reverts with
    /// StudyRegistryUnknown. O(fields + edges).
    function fieldRules(StudyId studyId) external view returns (FieldRules memory);
    /// @notice How many studies are registered.
    function count() external view returns (uint256);
    /// @notice A page of at most 100 studies, in order of registration.
    function studies(uint256 offset, uint256 limit) external view returns (StudyId[] memory);
}
