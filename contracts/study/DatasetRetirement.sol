// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Acts} from "../audit/Acts.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {DatasetId, StudyId} from "../types/Identifiers.sol";
import {ICommitteeRegistry} from "./ICommitteeRegistry.sol";
import {IDatasetRegistry} from "./IDatasetRegistry.sol";
import {IDatasetRetirement} from "./IDatasetRetirement.sol";
import {OwnerTerms} from "./OwnerTerms.sol";

/// @title Part of the dataset registry: how data are retired, and who has confirmed that they are erased
abstract contract DatasetRetirement is OwnerTerms, EIP712 {
    bytes32 private constant ERASURE_TYPEHASH = keccak256("Erasure(bytes32 datasetId,address worker,uint64 version)");

    ICommitteeRegistry internal immutable _committees;

    /// @dev Bit index-1 of the worker at point index, of at most 7, in the committee that held the shares when they were retired.
    mapping(DatasetId datasetId => uint8) private _confirmed;
    /// @dev That committee's epoch. One that was followed before, or is proposed and was given shares already, is not asked:
    /// see docs/governance.md.
    mapping(DatasetId datasetId => uint64) private _retiredUnder;

    constructor(
        address authority,
        IAuditTrail trail,
        IMemberRegistry owners,
        IMemberRegistry queriers,
        ICommitteeRegistry committees
    ) OwnerTerms(authority, trail, owners, queriers) EIP712("Opaline", "1") {
        _committees = ICommitteeRegistry(Deployed.check(address(committees)));
    }

    /// @inheritdoc IDatasetRetirement
    function retire(StudyId studyId, string calldata reason) external {
        (address owner, bytes32 organisation, DatasetId datasetId) = _ownDataset(studyId, false);
        // A revoked key may be a thief's, and what is erased does not come back: the consortium retires for a revoked owner.
        if (_owners.member(owner).revoked) revert DatasetRegistryInactiveOwner(msg.sender);
        bytes32 root = _retire(datasetId, reason);
        bytes32 subject = DatasetId.unwrap(datasetId);
        _recordBecause(Acts.DATASET_RETIRED, subject, owner, organisation, root, reason);
    }

    /// @inheritdoc IDatasetRetirement
    function retireFor(DatasetId datasetId, string calldata reason) external restricted {
        _requireNotRetired(datasetId);
        bytes32 root = _retire(datasetId, reason);
        _recordBecause(Acts.DATASET_RETIRED, DatasetId.unwrap(datasetId), 0, root, reason);
    }

    /// @inheritdoc IDatasetRetirement
    function confirmErasure(DatasetId datasetId, uint8 index, bytes calldata signature) external {
        if (_holdings[datasetId].availability != Availability.RETIRED) revert DatasetRegistryNotRetired(datasetId);
        (address worker, address key, uint8 all) = _workerAt(datasetId, index);
        uint8 before = _confirmed[datasetId];
        uint8 bit = uint8(1 << (index - 1)); // index <= n <= 7
        if (before & bit != 0) revert DatasetRegistryErasureAlreadyConfirmed(datasetId, worker);
        uint64 version_ = version(datasetId);
        bytes32 structHash = keccak256(abi.encode(ERASURE_TYPEHASH, datasetId, worker, version_));
        address recovered = ECDSA.recoverCalldata(_hashTypedDataV4(structHash), signature);
        if (recovered != key) revert DatasetRegistryInvalidErasure(recovered, key);
        _confirmed[datasetId] = before | bit;
        emit ErasureConfirmed(datasetId, worker, index, version_);
        bytes32 subject = DatasetId.unwrap(datasetId);
        _record(Acts.ERASURE_CONFIRMED, subject, worker, 0, bytes32(uint256(before)), bytes32(uint256(before | bit)));
        if (before | bit == all) emit DatasetErased(datasetId);
    }

    /// @inheritdoc IDatasetRetirement
    function retiredUnder(DatasetId datasetId) external view returns (uint64) {
        return _retiredUnder[datasetId];
    }

    /// @inheritdoc IDatasetRetirement
    function erasures(DatasetId datasetId) external view returns (bool retired, uint8 confirmed, uint8 outstanding) {
        if (_holdings[datasetId].availability != Availability.RETIRED) return (false, 0, 0);
        confirmed = _confirmed[datasetId];
        (, uint8 all) = _committeeOf(datasetId);
        return (true, confirmed, all & ~confirmed);
    }

    /// @inheritdoc IDatasetRegistry
    function version(DatasetId datasetId) public view virtual returns (uint64);

    /// @dev Zero for an unknown dataset.
    function _studyOf(DatasetId datasetId) internal view virtual returns (StudyId);

    /// @dev Returns the root of what is retired.
    function _retire(DatasetId datasetId, string calldata reason) private returns (bytes32 root) {
        Holding storage holding = _holdings[datasetId];
        if (holding.owner == address(0)) revert DatasetRegistryUnknown(datasetId);
        StudyId studyId = _studyOf(datasetId);
        holding.availability = Availability.RETIRED;
        _retiredUnder[datasetId] = _committees.currentEpoch(studyId);
        emit DatasetRetired(datasetId, studyId, holding.owner, reason);
        return _rootOf(studyId, datasetId);
    }

    /// @dev The worker at a point, the key that signs for it now, and the bits of all workers.
    function _workerAt(DatasetId datasetId, uint8 index) private view returns (address worker, address key, uint8 all) {
        uint64 epoch;
        (epoch, all) = _committeeOf(datasetId);
        (worker, key, ) = _committees.signer(_studyOf(datasetId), epoch, index);
        if (worker == address(0)) revert DatasetRegistryNoSuchWorker(datasetId, index);
    }

    function _committeeOf(DatasetId datasetId) private view returns (uint64 epoch, uint8 all) {
        epoch = _retiredUnder[datasetId];
        all = uint8((1 << _committees.committee(_studyOf(datasetId), epoch).workers.length) - 1); // of at most 7
    }
}
