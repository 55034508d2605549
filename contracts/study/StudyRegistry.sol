// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {Division} from "../fees/Division.sol";
import {CodeStorage} from "../types/CodeStorage.sol";
import {Deployed} from "../types/Deployed.sol";
import {FieldRules} from "../types/FieldRules.sol";
import {StudyId} from "../types/Identifiers.sol";
import {Paging} from "../types/Paging.sol";
import {LEAST_K, LEAST_SEALED_K, MOST_K, MOST_VETTINGS, Policy} from "../types/Policy.sol";
import {IStudyRegistry} from "./IStudyRegistry.sol";
import {PolicyRules} from "./PolicyRules.sol";

/// @title Studies
contract StudyRegistry is IStudyRegistry, AccessManaged, Audited {
    /// @dev One organisation must not be able to approve its own wish.
    uint8 private constant LEAST_VETTING_ORGANISATIONS = 2;
    /// @dev n <= 7 and n >= 2t + 1.
    uint8 private constant MAX_THRESHOLD = 3;
    /// @dev Each costs a request one storage read.
    uint256 private constant MAX_PURPOSES = 16;
    /// @dev Money is locked no longer than this: 11 days at a block a second, 139 days at one in 12 s.
    uint64 private constant MAX_DEADLINE_BLOCKS = 1_000_000;
    /// @dev BN254 Fr has no subgroup of order 2^29.
    uint8 private constant MAX_LOG2N = 28;

    mapping(StudyId studyId => Study) private _studies;
    mapping(StudyId studyId => Policy) private _policies;
    /// @dev As code: only a publication reads them, and all of them.
    mapping(StudyId studyId => address) private _fieldRulesCode;
    StudyId[] private _studyIds;

    constructor(address authority, IAuditTrail trail) AccessManaged(Deployed.check(authority)) Audited(trail) {}

    /// @inheritdoc IStudyRegistry
    function register(
        string calldata name,
        string calldata schema,
        Policy calldata policy_,
        uint8 log2N,
        bytes32 srsHash,
        FieldRules calldata fieldRules_
    ) external restricted returns (StudyId studyId) {
        if (bytes(name).length == 0) revert StudyRegistryMissingField("name");
        if (bytes(schema).length == 0) revert StudyRegistryMissingField("schema");
        if (log2N == 0 || log2N > MAX_LOG2N) revert StudyRegistryInvalidLog2N(log2N);
        _checkPolicy(policy_);
        bytes32 fieldRulesHash = PolicyRules.hash(fieldRules_);
        if (policy_.fieldRulesHash != fieldRulesHash) revert StudyRegistryInvalidPolicy("fieldRulesHash");
        PolicyRules.check(fieldRules_);
        bytes32 schemaHash = keccak256(bytes(schema));
        studyId = StudyId.wrap(keccak256(abi.encode(block.chainid, address(this), schemaHash, keccak256(bytes(name)))));
        if (_studies[studyId].registeredAt != 0) revert StudyRegistryAlreadyRegistered(studyId);
        bytes32 policyHash = keccak256(abi.encode(policy_));
        _studies[studyId] = Study(schemaHash, policyHash, srsHash, log2N, uint64(block.timestamp), name);
        _policies[studyId] = policy_;
        _studyIds.push(studyId);
        if (fieldRulesHash != 0) {
            _fieldRulesCode[studyId] = CodeStorage.write(StudyId.unwrap(studyId), abi.encode(fieldRules_));
        }
        emit StudyRegistered(studyId, schemaHash, name, schema, policy_, fieldRules_);
        _record(Acts.STUDY_REGISTERED, StudyId.unwrap(studyId), msg.sender, 0, 0, policyHash);
    }

    /// @inheritdoc IStudyRegistry
    function study(StudyId studyId) external view returns (Study memory) {
        _requireKnown(studyId);
        return _studies[studyId];
    }

    /// @inheritdoc IStudyRegistry
    function policy(StudyId studyId) external view returns (Policy memory) {
        // vettings is at least 2 in every registered policy: one storage read less than asking for the study.
        Policy storage entry = _policies[studyId];
        if (entry.vettings == 0) revert StudyRegistryUnknown(studyId);
        return entry;
    }

    /// @inheritdoc IStudyRegistry
    function fieldRules(StudyId studyId) external view returns (FieldRules memory rules) {
        _requireKnown(studyId);
        address code = _fieldRulesCode[studyId];
        if (code != address(0)) rules = abi.decode(CodeStorage.read(code), (FieldRules));
    }

    /// @inheritdoc IStudyRegistry
    function count() external view returns (uint256) {
        return _studyIds.length;
    }

    /// @inheritdoc IStudyRegistry
    function studies(uint256 offset, uint256 limit) external view returns (StudyId[] memory page) {
        page = new StudyId[](Paging.size(_studyIds.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) page[i] = _studyIds[offset + i];
    }

    function _requireKnown(StudyId studyId) private view {
        if (_studies[studyId].registeredAt == 0) revert StudyRegistryUnknown(studyId);
    }

    function _checkPolicy(Policy calldata policy_) private pure {
        if (policy_.k < LEAST_K || policy_.k > MOST_K) revert StudyRegistryInvalidPolicy("k");
        bool isSealedK = policy_.sealedK >= LEAST_SEALED_K && policy_.sealedK <= policy_.k;
        if (policy_.sealedK != 0 && !isSealedK) revert StudyRegistryInvalidPolicy("sealedK");
        if (policy_.vettingOrganisations < LEAST_VETTING_ORGANISATIONS) {
            revert StudyRegistryInvalidPolicy("vettingOrganisations");
        }
        if (policy_.vettings < policy_.vettingOrganisations || policy_.vettings > MOST_VETTINGS) {
            revert StudyRegistryInvalidPolicy("vettings");
        }
        if (policy_.minimumThreshold == 0 || policy_.minimumThreshold > MAX_THRESHOLD) {
            revert StudyRegistryInvalidPolicy("minimumThreshold");
        }
        if (policy_.openingsBudget == 0) revert StudyRegistryInvalidPolicy("openingsBudget");
        // Of uint16: no sum overflows.
        uint256 shares = uint256(policy_.ownersShare) + policy_.workersShare + policy_.authorShare;
        if (shares != Division.BASIS_POINTS) revert StudyRegistryInvalidPolicy("shares");
        if (policy_.deadlineBlocks == 0 || policy_.deadlineBlocks > MAX_DEADLINE_BLOCKS) {
            revert StudyRegistryInvalidPolicy("deadlineBlocks");
        }
        if (policy_.purposes.length > MAX_PURPOSES) revert StudyRegistryInvalidPolicy("purposes");
    }
}
