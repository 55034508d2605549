// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {QueryHash} from "../types/Identifiers.sol";
import {IQueryCatalogue} from "./IQueryCatalogue.sol";

/// @title Half of the catalogue: who may vet, and whether they signed
abstract contract Vettings is IQueryCatalogue, EIP712, Nonces, Audited {
    bytes32 private constant VETTING_TYPEHASH = keccak256(
        "Vetting(bytes32 queryHash,address vetter,bool approved,string name,string meaning,uint64 signedAt,uint256 nonce,uint256 deadline)"
    );

    IMemberRegistry internal immutable _vetters;
    IMemberRegistry internal immutable _queriers;

    mapping(QueryHash queryHash => mapping(address vetter => bool)) private _vetted;
    mapping(QueryHash queryHash => address[]) private _approvers;

    constructor(
        IAuditTrail trail,
        IMemberRegistry vetters,
        IMemberRegistry queriers
    ) EIP712("Opaline", "1") Audited(trail) {
        _vetters = IMemberRegistry(Deployed.check(address(vetters)));
        _queriers = IMemberRegistry(Deployed.check(address(queriers)));
    }

    /// @inheritdoc IQueryCatalogue
    function hasVetted(QueryHash queryHash, address vetter) external view returns (bool) {
        return _vetted[queryHash][vetter];
    }

    /// @inheritdoc IQueryCatalogue
    function nonces(address vetter) public view override(IQueryCatalogue, Nonces) returns (uint256) {
        return super.nonces(vetter);
    }

    /// @inheritdoc IQueryCatalogue
    function cancelNonce() external {
        address vetter = _vetters.memberOf(msg.sender);
        if (vetter == address(0)) revert QueryCatalogueNotVetter(msg.sender);
        bytes32 organisation = _vetters.organisationOf(vetter);
        uint256 nonce = _useNonce(vetter);
        emit NonceCancelled(vetter, nonce);
        bytes32 subject = _subject(vetter);
        _record(Acts.NONCE_CANCELLED, subject, vetter, organisation, bytes32(nonce), bytes32(nonce + 1));
    }

    /// @dev Reverts unless the vetter may vet this author's query and signed exactly this; then counts it as vetted and its
    /// nonce as used.
    function _useVetting(
        Vetting calldata vetting,
        bytes calldata signature,
        address author
    ) internal returns (bytes32 organisation, bytes32 structHash) {
        address key;
        (key, organisation) = _authoriseVetter(vetting, author);
        _useCheckedNonce(vetting.vetter, vetting.nonce);
        structHash = _hash(vetting);
        address recovered = ECDSA.recoverCalldata(_hashTypedDataV4(structHash), signature);
        if (recovered != key) revert QueryCatalogueInvalidSignature(recovered, key);
        _vetted[vetting.queryHash][vetting.vetter] = true;
        if (vetting.approved) _approvers[vetting.queryHash].push(vetting.vetter);
    }

    /// @dev How many approvers may vet this author's query now, and of how many organisations: one that was revoked, has
    /// expired or has moved to the author's organisation does not count. O(approvers^2), in practice little more than
    /// the policy's vettings: the query is active as soon as they suffice.
    function _countApprovals(
        QueryHash queryHash,
        address author
    ) internal view returns (uint256 approvals, uint256 organisations) {
        address[] memory approvers = _approvers[queryHash];
        bytes32[] memory seen = new bytes32[](approvers.length);
        for (uint256 i = 0; i < approvers.length; ++i) {
            if (!_vetters.isActive(approvers[i])) continue;
            bytes32 organisation = _vetters.organisationOf(approvers[i]);
            if (_isOwnOrganisation(organisation, author)) continue;
            ++approvals;
            uint256 j = 0;
            while (j < organisations && seen[j] != organisation) ++j;
            if (j != organisations) continue;
            seen[j] = organisation;
            ++organisations;
        }
    }

    function _authoriseVetter(
        Vetting calldata vetting,
        address author
    ) private view returns (address key, bytes32 organisation) {
        address vetter = vetting.vetter;
        if (block.timestamp > vetting.deadline) revert QueryCatalogueVettingExpired(vetting.deadline);
        bool active;
        (key, active) = _vetters.signerOf(vetter);
        if (!active) revert QueryCatalogueNotVetter(vetter);
        organisation = _vetters.organisationOf(vetter);
        if (_isOwnOrganisation(organisation, author)) revert QueryCatalogueOwnOrganisation(vetter);
        if (_vetted[vetting.queryHash][vetter]) revert QueryCatalogueAlreadyVetted(vetting.queryHash, vetter);
    }

    /// @dev The author may be known as a querier, as a vetter, or as both.
    function _isOwnOrganisation(bytes32 organisation, address author) private view returns (bool) {
        return organisation == _queriers.organisationOf(author) || organisation == _vetters.organisationOf(author);
    }

    function _hash(Vetting calldata vetting) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    VETTING_TYPEHASH,
                    vetting.queryHash,
                    vetting.vetter,
                    vetting.approved,
                    keccak256(bytes(vetting.name)),
                    keccak256(bytes(vetting.meaning)),
                    vetting.signedAt,
                    vetting.nonce,
                    vetting.deadline
                )
            );
    }
}
