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

/// @title Part of the dataset registry: which committees hold shares, when these are to be erased, and who has confirmed it
abstract contract DatasetRetirement is OwnerTerms, EIP712 {
    /// @dev One slot. versions: 0 = given none; confirmed: bit index-1 of the worker at point index, of at most 7; erased: all of
    /// them.
    struct Shares {
        uint64 versions;
        uint8 confirmed;
        bool erased;
    }

    bytes32 private constant ERASURE_TYPEHASH = keccak256(
        "Erasure(bytes32 datasetId,uint64 epoch,address worker,uint64 version)"
    );

    ICommitteeRegistry internal immutable _committees;

    mapping(DatasetId datasetId => mapping(uint64 epoch => Shares)) private _shares;
    /// @dev Those of which there are shares.
    mapping(DatasetId datasetId => uint64[]) private _epochs;

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
    function noteShares(DatasetId datasetId, uint64 epoch, uint64 version_) external restricted {
        _noteShares(datasetId, epoch, version_);
    }

    /// @inheritdoc IDatasetRetirement
    function confirmErasure(DatasetId datasetId, uint64 epoch, uint8 index, bytes calldata signature) external {
        Shares storage shares = _shares[datasetId][epoch];
        uint64 versions = shares.versions;
        if (versions == 0) revert DatasetRegistryNoShares(datasetId, epoch);
        if (!_isDue(datasetId, epoch)) revert DatasetRegistryErasureNotDue(datasetId, epoch);
        (address worker, address key, ) = _committees.signer(_studyOf(datasetId), epoch, index);
        if (worker == address(0)) revert DatasetRegistryNoSuchWorker(datasetId, epoch, index);
        uint8 before = shares.confirmed;
        uint8 bit = uint8(1 << (index - 1)); // index <= n <= 7
        if (before & bit != 0) revert DatasetRegistryErasureAlreadyConfirmed(datasetId, epoch, worker);
        bytes32 structHash = keccak256(abi.encode(ERASURE_TYPEHASH, datasetId, epoch, worker, versions));
        address recovered = ECDSA.recoverCalldata(_hashTypedDataV4(structHash), signature);
        if (recovered != key) revert DatasetRegistryInvalidErasure(recovered, key);
        shares.confirmed = before | bit;
        emit ErasureConfirmed(datasetId, epoch, worker, index, versions);
        (bytes32 oldWord, bytes32 newWord) = (_word(epoch, before), _word(epoch, before | bit));
        _record(Acts.ERASURE_CONFIRMED, DatasetId.unwrap(datasetId), worker, 0, oldWord, newWord);
        if (before | bit == _workersOf(datasetId, epoch)) _end(datasetId, epoch);
    }

    /// @inheritdoc IDatasetRetirement
    function holders(DatasetId datasetId) external view returns (uint64[] memory) {
        return _epochs[datasetId];
    }

    /// @inheritdoc IDatasetRetirement
    function versionsOf(DatasetId datasetId, uint64 epoch) external view returns (uint64) {
        return _shares[datasetId][epoch].versions;
    }

    /// @inheritdoc IDatasetRetirement
    function erasures(
        DatasetId datasetId,
        uint64 epoch
    ) external view returns (bool due, uint8 confirmed, uint8 outstanding) {
        Shares memory shares = _shares[datasetId][epoch];
        if (shares.versions == 0 || !_isDue(datasetId, epoch)) return (false, 0, 0);
        return (true, shares.confirmed, _workersOf(datasetId, epoch) & ~shares.confirmed);
    }

    /// @inheritdoc IDatasetRetirement
    function isRetired(DatasetId datasetId) public view returns (bool) {
        return _holdings[datasetId].availability == Availability.RETIRED;
    }

    /// @inheritdoc IDatasetRegistry
    function version(DatasetId datasetId) public view virtual returns (uint64);

    /// @dev Zero for an unknown dataset.
    function _studyOf(DatasetId datasetId) internal view virtual returns (StudyId);

    /// @dev A version may be given again. None is, to any committee, once the dataset is retired; nor to one that is over.
    function _noteShares(DatasetId datasetId, uint64 epoch, uint64 version_) internal {
        Shares storage shares = _shares[datasetId][epoch];
        if (shares.versions == 0) _epochs[datasetId].push(epoch);
        if (version_ > shares.versions) shares.versions = version_;
    }

    /// @dev Returns the root of what is retired.
    function _retire(DatasetId datasetId, string calldata reason) private returns (bytes32 root) {
        Holding storage holding = _holdings[datasetId];
        if (holding.owner == address(0)) revert DatasetRegistryUnknown(datasetId);
        StudyId studyId = _studyOf(datasetId);
        holding.availability = Availability.RETIRED;
        emit DatasetRetired(datasetId, studyId, holding.owner, reason);
        return _rootOf(studyId, datasetId);
    }

    /// @dev That all of them are erased is told when the last receipt comes, which is after the retirement: the committee that
    /// serves then holds shares, and cannot have confirmed before. O(epochs that were given shares).
    function _end(DatasetId datasetId, uint64 epoch) private {
        _shares[datasetId][epoch].erased = true;
        emit SharesErased(datasetId, epoch);
        if (!isRetired(datasetId)) return;
        uint64[] memory epochs = _epochs[datasetId];
        for (uint256 i = 0; i < epochs.length; ++i) if (!_shares[datasetId][epochs[i]].erased) return;
        emit DatasetErased(datasetId);
    }

    function _isDue(DatasetId datasetId, uint64 epoch) private view returns (bool) {
        return isRetired(datasetId) || _committees.isOver(_studyOf(datasetId), epoch);
    }

    /// @dev The bits of all workers of an epoch.
    function _workersOf(DatasetId datasetId, uint64 epoch) private view returns (uint8) {
        uint256 n = _committees.committee(_studyOf(datasetId), epoch).workers.length;
        return uint8((1 << n) - 1); // of at most 7
    }

    /// @dev What the audit trail keeps of a receipt.
    function _word(uint64 epoch, uint8 bits) private pure returns (bytes32) {
        return bytes32((uint256(epoch) << 8) | bits);
    }
}
