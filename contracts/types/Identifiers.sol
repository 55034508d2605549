// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev Distinct meanings get distinct types. Each is a keccak256 defined where the identifier is made. Owners and queriers
/// are members' names, not the keys that sign for them.

/// keccak256(abi.encode(chainId, studyRegistry, schemaHash, keccak256(name)))
type StudyId is bytes32;

/// keccak256(abi.encode(chainId, datasetRegistry, studyId, owner)): one dataset per owner and study, versions append
type DatasetId is bytes32;

/// keccak256(abi.encode(schemaHash, keccak(descriptor), keccak(sql), keccak(bounds), keccak(manifest), keccak(agreement)))
type QueryHash is bytes32;

/// keccak256(abi.encode(chainId, queryContract, querier, nonce, queryHash, keccak(parameters), datasetRoots, block.number))
type RequestId is bytes32;

/// keccak256(abi.encode(chainId, adaptiveTrial, studyId)): one trial per study
type TrialId is bytes32;
