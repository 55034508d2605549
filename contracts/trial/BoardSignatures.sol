// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {BoardSignature, TrialRules} from "../types/Trial.sol";
import {IAdaptiveTrial} from "./IAdaptiveTrial.sol";
import {VerdictHash} from "./VerdictHash.sol";

/// @title Half of the trials' contract: who the board is, and whether enough of it signed
/// @dev The registry has one credential per person, each with one organisation. It cannot know that two accounts are one
/// person: that is what the consortium vouches for when it admits them.
abstract contract BoardSignatures is IAdaptiveTrial, EIP712, Audited {
    IMemberRegistry private immutable _boards;

    mapping(bytes32 verdictHash => mapping(address member => bool)) private _withdrawn;

    constructor(IAuditTrail trail, IMemberRegistry boards) EIP712("Opaline", "1") Audited(trail) {
        _boards = IMemberRegistry(Deployed.check(address(boards)));
    }

    /// @inheritdoc IAdaptiveTrial
    function hasWithdrawn(bytes32 verdictHash, address member) external view returns (bool) {
        return _withdrawn[verdictHash][member];
    }

    /// @dev Open to revoked members: theirs do not count anyway, but may be renewed credentials later.
    function _withdraw(bytes32 verdictHash, address member) internal {
        if (!_isKeyOf(member, msg.sender)) revert AdaptiveTrialNotMember(msg.sender, member);
        if (_withdrawn[verdictHash][member]) revert AdaptiveTrialSignatureWithdrawn(member);
        _withdrawn[verdictHash][member] = true;
        emit VerdictSignatureWithdrawn(verdictHash, member);
        bytes32 organisation = _boards.organisationOf(member);
        _record(Acts.VERDICT_SIGNATURE_WITHDRAWN, verdictHash, member, organisation, verdictHash, 0);
    }

    /// @dev Call once the verdict stands.
    function _recordSignatures(
        TrialRules memory rules_,
        bytes32 verdictHash,
        BoardSignature[] calldata signatures
    ) internal {
        for (uint256 i = 0; i < signatures.length; ++i) {
            BoardSignature calldata signed = signatures[i];
            address member = rules_.board[signed.member];
            emit VerdictSigned(verdictHash, member, signed.name, signed.meaning, signed.signedAt);
            bytes32 organisation = _boards.organisationOf(member);
            bytes32 structHash = VerdictHash.ofSignature(verdictHash, member, signed);
            _record(Acts.VERDICT_SIGNED, verdictHash, member, organisation, 0, structHash);
        }
    }

    /// @dev Ascending indices, and one account per index, make the signers distinct. O(signatures), at most 16 that can pass.
    function _checkSignatures(
        TrialRules memory rules_,
        bytes32 verdictHash,
        BoardSignature[] calldata signatures
    ) internal view {
        if (signatures.length < rules_.signatures) revert AdaptiveTrialQuorum(signatures.length, rules_.signatures);
        address[] memory signers = new address[](signatures.length);
        for (uint256 i = 0; i < signatures.length; ++i) {
            uint8 index = signatures[i].member;
            if (i != 0 && index <= signatures[i - 1].member) revert AdaptiveTrialSignaturesNotAscending(i);
            signers[i] = _memberOf(rules_, index);
            _checkSignature(signers[i], verdictHash, signatures[i]);
        }
        _checkMembers(signers, rules_.signatures);
    }

    /// @dev Reverts unless all may act now and, unless one signature is enough, they are of two organisations at least.
    function _checkMembers(address[] memory members, uint8 needed) internal view {
        bytes32 first = _boards.organisationOf(members[0]);
        bool several = needed == 1;
        for (uint256 i = 0; i < members.length; ++i) {
            if (!_boards.isActive(members[i])) revert AdaptiveTrialInactiveMember(members[i]);
            if (_boards.organisationOf(members[i]) != first) several = true;
        }
        if (!several) revert AdaptiveTrialSameOrganisation(first);
    }

    function _memberOf(TrialRules memory rules_, uint8 index) internal pure returns (address) {
        if (index >= rules_.board.length) revert AdaptiveTrialNoSuchMember(index);
        return rules_.board[index];
    }

    function _checkSignature(address member, bytes32 verdictHash, BoardSignature calldata signed) private view {
        if (bytes(signed.name).length == 0 || bytes(signed.meaning).length == 0) {
            revert AdaptiveTrialUnnamedSignature(member);
        }
        if (_withdrawn[verdictHash][member]) revert AdaptiveTrialSignatureWithdrawn(member);
        bytes32 digest = _hashTypedDataV4(VerdictHash.ofSignature(verdictHash, member, signed));
        address recovered = ECDSA.recoverCalldata(digest, signed.signature);
        if (!_isKeyOf(member, recovered)) revert AdaptiveTrialInvalidSignature(recovered, member);
    }

    /// @dev The one place that says which key speaks for a member.
    function _isKeyOf(address member, address key) private view returns (bool) {
        return _boards.keyOf(member) == key;
    }
}
