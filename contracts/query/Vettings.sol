// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {QueryHash} from "../types/Identifiers.sol";
import {MOST_VETTINGS, Policy} from "../types/Policy.sol";
import {Approval, Approvals, Tally} from "./Approvals.sol";
import {IQueryCatalogue} from "./IQueryCatalogue.sol";
import {QueryEntries} from "./QueryEntries.sol";

/// @title A part of the catalogue: who may vet, whether they signed, and what their approvals come to
abstract contract Vettings is QueryEntries, EIP712, Nonces, Audited {
    /// One slot.
    struct Vetted {
        Decision decision;
        uint64 validUntil;
    }

    bytes32 private constant VETTING_TYPEHASH = keccak256(
        "Vetting(bytes32 queryHash,address vetter,bool approved,string comment,string name,string meaning,uint64 signedAt,uint64 validUntil,uint256 nonce,uint256 deadline)"
    );
    /// @dev Three years, whichever of them are leap years. For good would be longer than any review keeps its worth.
    uint256 private constant MAX_VALIDITY = 1_096 days;
    /// @dev A page of text. It is kept in events only, but all who read the query read it.
    uint256 private constant MAX_COMMENT = 2_000;

    IMemberRegistry internal immutable _vetters;
    IMemberRegistry internal immutable _queriers;

    mapping(QueryHash queryHash => mapping(address vetter => Vetted)) private _vetted;
    /// @dev One per vetter; those that can never count again go at the next vetting.
    mapping(QueryHash queryHash => Approval[]) private _approvals;

    constructor(
        IAuditTrail trail,
        IMemberRegistry vetters,
        IMemberRegistry queriers
    ) EIP712("Opaline", "1") Audited(trail) {
        _vetters = IMemberRegistry(Deployed.check(address(vetters)));
        _queriers = IMemberRegistry(Deployed.check(address(queriers)));
    }

    /// @inheritdoc IQueryCatalogue
    function vettingOf(
        QueryHash queryHash,
        address vetter
    ) external view returns (Decision decision, uint64 validUntil) {
        Vetted storage vetted = _vetted[queryHash][vetter];
        return (vetted.decision, vetted.validUntil);
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

    /// @dev Reverts unless the vetter may vet this author's query and signed exactly this; then remembers it and its
    /// nonce as used.
    function _useVetting(
        Vetting calldata vetting,
        bytes calldata signature,
        address author
    ) internal returns (bytes32 organisation, bytes32 structHash) {
        address key;
        (key, organisation) = _authoriseVetter(vetting, author);
        _checkContent(vetting);
        _useCheckedNonce(vetting.vetter, vetting.nonce);
        structHash = _hash(vetting);
        address recovered = ECDSA.recoverCalldata(_hashTypedDataV4(structHash), signature);
        if (recovered != key) revert QueryCatalogueInvalidSignature(recovered, key);
        Decision decision = vetting.approved ? Decision.APPROVED : Decision.REJECTED;
        _vetted[vetting.queryHash][vetting.vetter] = Vetted(decision, vetting.validUntil);
        _replaceApproval(vetting);
    }

    /// @dev What the approvals come to that count now: of vetters that may vet this author's query, and are active.
    /// O(approvals^2).
    function _tallyApprovals(
        QueryHash queryHash,
        address author,
        Policy memory policy
    ) internal view returns (Tally memory) {
        Approval[] memory all = _approvals[queryHash];
        uint64[] memory validUntil = new uint64[](all.length);
        bytes32[] memory organisations = new bytes32[](all.length);
        uint256 counted = 0;
        for (uint256 i = 0; i < all.length; ++i) {
            bytes32 organisation = _vetters.organisationOf(all[i].vetter);
            if (!_vetters.isActive(all[i].vetter) || _isOwnOrganisation(organisation, author)) continue;
            (validUntil[counted], organisations[counted]) = (all[i].validUntil, organisation);
            ++counted;
        }
        return Approvals.tally(validUntil, organisations, counted, policy.vettings, policy.vettingOrganisations);
    }

    function _emitVetted(Vetting calldata vetting) internal {
        emit QueryVetted(
            vetting.queryHash,
            vetting.vetter,
            vetting.approved,
            vetting.comment,
            vetting.name,
            vetting.meaning,
            vetting.signedAt,
            vetting.validUntil
        );
    }

    function _checkComment(string calldata text, uint256 least) internal pure {
        uint256 length = bytes(text).length;
        if (length < least || length > MAX_COMMENT) revert QueryCatalogueCommentLength(length, MAX_COMMENT);
    }

    /// @dev Removes the vetter's earlier approval, and all that have expired; adds this one. O(approvals).
    function _replaceApproval(Vetting calldata vetting) private {
        Approval[] storage approvals = _approvals[vetting.queryHash];
        for (uint256 i = approvals.length; i != 0; --i) {
            Approval memory approval = approvals[i - 1];
            if (approval.vetter != vetting.vetter && approval.validUntil >= block.timestamp) continue;
            approvals[i - 1] = approvals[approvals.length - 1];
            approvals.pop();
        }
        if (!vetting.approved) return;
        if (approvals.length == MOST_VETTINGS) revert QueryCatalogueTooManyApprovals(vetting.queryHash);
        approvals.push(Approval(vetting.vetter, vetting.validUntil));
    }

    /// @dev A rejection says why and has no validity; an approval is valid now, not for ever, and longer than before.
    function _checkContent(Vetting calldata vetting) private view {
        _checkComment(vetting.comment, vetting.approved ? 0 : 1);
        uint64 latest = vetting.approved ? SafeCast.toUint64(block.timestamp + MAX_VALIDITY) : 0;
        uint256 earliest = vetting.approved ? block.timestamp : 0;
        if (vetting.validUntil < earliest || vetting.validUntil > latest) {
            revert QueryCatalogueInvalidValidity(vetting.validUntil, latest);
        }
        Vetted storage vetted = _vetted[vetting.queryHash][vetting.vetter];
        bool repeats = vetting.approved && vetting.validUntil <= vetted.validUntil;
        if (vetted.decision == Decision.REJECTED || repeats) {
            revert QueryCatalogueAlreadyVetted(vetting.queryHash, vetting.vetter);
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
                    keccak256(bytes(vetting.comment)),
                    keccak256(bytes(vetting.name)),
                    keccak256(bytes(vetting.meaning)),
                    vetting.signedAt,
                    vetting.validUntil,
                    vetting.nonce,
                    vetting.deadline
                )
            );
    }
}
