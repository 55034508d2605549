// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {Deployed} from "../types/Deployed.sol";
import {QueryHash, StudyId} from "../types/Identifiers.sol";
import {CloneArguments, QueryOrigin} from "./CloneArguments.sol";
import {IQuerySmartContract} from "./IQuerySmartContract.sol";

/// @title Half of a query contract: which query it is, and who has accepted its agreement
/// @dev A clone has no constructor and no initialiser: what makes it this query's contract is appended to its code
/// ({CloneArguments}), so it cannot be set twice. OpenZeppelin's EIP712 sees that a clone's address is not the cached one and
/// builds the domain at each call.
abstract contract Agreements is IQuerySmartContract, EIP712, Nonces, Audited {
    bytes32 private constant ACCEPTANCE_TYPEHASH = keccak256(
        "Acceptance(bytes32 queryHash,bytes32 agreementHash,address querier,string name,string meaning,uint64 signedAt,uint256 nonce,uint256 deadline)"
    );

    /// @dev One slot: a request reads it. clearedAdmission: under which of its admissions the querier was found to hold the
    /// study's purposes, 0 = none. They change with an admission only, so that a request need not read them again.
    struct Acceptor {
        bool accepted;
        uint24 clearedAdmission;
    }

    address private immutable _implementation;
    IMemberRegistry internal immutable _queriers;

    mapping(address querier => Acceptor) private _acceptors;

    constructor(IMemberRegistry queriers) EIP712("Opaline", "1") {
        _implementation = address(this);
        _queriers = IMemberRegistry(Deployed.check(address(queriers)));
    }

    /// @inheritdoc IQuerySmartContract
    function acceptAgreement(Acceptance calldata acceptance, bytes calldata signature) external {
        bytes memory arguments = _arguments();
        QueryOrigin memory origin = CloneArguments.origin(arguments);
        address querier = acceptance.querier;
        if (QueryHash.unwrap(acceptance.queryHash) != QueryHash.unwrap(origin.queryHash)) {
            revert QuerySmartContractWrongQuery(acceptance.queryHash, origin.queryHash);
        }
        if (acceptance.agreementHash != origin.agreementHash) {
            revert QuerySmartContractWrongAgreement(acceptance.agreementHash, origin.agreementHash);
        }
        if (block.timestamp > acceptance.deadline) revert QuerySmartContractAcceptanceExpired(acceptance.deadline);
        (address key, bool active) = _queriers.signerOf(querier);
        if (!active) revert QuerySmartContractNotQuerier(querier);
        _useCheckedNonce(querier, acceptance.nonce);
        address recovered = ECDSA.recoverCalldata(_hashTypedDataV4(_hash(acceptance)), signature);
        if (recovered != key) revert QuerySmartContractInvalidAcceptance(recovered, key);
        _acceptors[querier].accepted = true;
        _clear(querier, key, arguments);
        bytes32 hash = origin.agreementHash;
        emit AgreementAccepted(querier, hash, acceptance.name, acceptance.meaning, acceptance.signedAt);
        bytes32 subject = QueryHash.unwrap(origin.queryHash);
        _record(Acts.AGREEMENT_ACCEPTED, subject, querier, _queriers.organisationOf(querier), 0, hash);
    }

    /// @inheritdoc IQuerySmartContract
    function cancelNonce() external {
        bytes32 subject = QueryHash.unwrap(_origin().queryHash);
        address querier = _queriers.memberOf(msg.sender);
        if (querier == address(0)) revert QuerySmartContractNotQuerier(msg.sender);
        bytes32 organisation = _queriers.organisationOf(querier);
        uint256 nonce = _useNonce(querier);
        emit NonceCancelled(querier, nonce);
        _record(Acts.NONCE_CANCELLED, subject, querier, organisation, bytes32(nonce), bytes32(nonce + 1));
    }

    /// @inheritdoc IQuerySmartContract
    function queryHash() external view returns (QueryHash) {
        return _origin().queryHash;
    }

    /// @inheritdoc IQuerySmartContract
    function studyId() external view returns (StudyId) {
        return _origin().studyId;
    }

    /// @inheritdoc IQuerySmartContract
    function agreementHash() external view returns (bytes32) {
        return _origin().agreementHash;
    }

    /// @inheritdoc IQuerySmartContract
    function hasAccepted(address querier) external view returns (bool) {
        return _acceptors[querier].accepted;
    }

    /// @inheritdoc IQuerySmartContract
    function nonces(address querier) public view override(IQuerySmartContract, Nonces) returns (uint256) {
        return super.nonces(querier);
    }

    /// @dev Reverts unless this querier, under this admission of its, has accepted the agreement and holds the study's purposes.
    function _requireAcceptor(address querier, uint24 admission, bytes memory arguments) internal {
        Acceptor memory acceptor = _acceptors[querier];
        if (!acceptor.accepted) revert QuerySmartContractAgreementNotAccepted(querier);
        if (acceptor.clearedAdmission == admission) return;
        bytes32 missing = _missingPurpose(querier, arguments);
        if (missing != 0) revert QuerySmartContractMissingPurpose(missing);
        _acceptors[querier].clearedAdmission = admission;
    }

    function _origin() internal view returns (QueryOrigin memory) {
        return CloneArguments.origin(_arguments());
    }

    /// @dev What {CloneArguments} reads. Reverts on the implementation itself: it has no query, no requests and no use but to
    /// be cloned.
    function _arguments() internal view returns (bytes memory) {
        if (address(this) == _implementation) revert QuerySmartContractNotClone();
        return CloneArguments.all(address(this));
    }

    /// @dev Of an active querier. One that lacks a purpose may accept all the same, and ask once it was given it.
    function _clear(address querier, address key, bytes memory arguments) private {
        if (_missingPurpose(querier, arguments) != 0) return;
        (, , uint24 admission) = _queriers.credentialOf(key);
        _acceptors[querier].clearedAdmission = admission;
    }

    function _missingPurpose(address querier, bytes memory arguments) private view returns (bytes32) {
        bytes32[] memory purposes = CloneArguments.policy(arguments).purposes;
        return purposes.length == 0 ? bytes32(0) : _queriers.missingPurpose(querier, purposes);
    }

    function _hash(Acceptance calldata acceptance) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    ACCEPTANCE_TYPEHASH,
                    acceptance.queryHash,
                    acceptance.agreementHash,
                    acceptance.querier,
                    keccak256(bytes(acceptance.name)),
                    keccak256(bytes(acceptance.meaning)),
                    acceptance.signedAt,
                    acceptance.nonce,
                    acceptance.deadline
                )
            );
    }
}
