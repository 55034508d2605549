// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Acts} from "../audit/Acts.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IMemberRegistry} from "../identity/IMemberRegistry.sol";
import {IQueryCatalogue} from "../query/IQueryCatalogue.sol";
import {IDatasetRegistry} from "../study/IDatasetRegistry.sol";
import {CodeStorage} from "../types/CodeStorage.sol";
import {Deployed} from "../types/Deployed.sol";
import {QueryHash, StudyId, TrialId} from "../types/Identifiers.sol";
import {Paging} from "../types/Paging.sol";
import {
    ArmState,
    BoardSignature,
    Decision,
    Evidence,
    Look,
    TrialRules,
    TrialState,
    TrialVerdict
} from "../types/Trial.sol";
import {BoardSignatures} from "./BoardSignatures.sol";
import {Citation} from "./Citation.sol";
import {IAdaptiveTrial} from "./IAdaptiveTrial.sol";
import {ITrialRulebook} from "./ITrialRulebook.sol";
import {VerdictHash} from "./VerdictHash.sol";

/// @title Adaptive trials
/// @dev Rules are kept as contract code: nothing can change them. Rules and verdicts are read into memory at once: a second set
/// of functions that read them from calldata would not fit below the limit of code size.
/* solhint-disable gas-calldata-parameters */
contract AdaptiveTrial is AccessManaged, BoardSignatures {
    /// @dev What is in force; both per cell.
    struct Standing {
        uint16[] bps;
        ArmState[] states;
    }

    IDatasetRegistry private immutable _datasets;
    IQueryCatalogue private immutable _catalogue;
    ITrialRulebook private immutable _rulebook;

    mapping(TrialId trialId => Trial) private _trials;
    mapping(TrialId trialId => address) private _rulesCode;
    mapping(TrialId trialId => Standing) private _standings;
    mapping(TrialId trialId => mapping(QueryHash queryHash => address)) private _queryContracts;
    mapping(TrialId trialId => mapping(uint8 look => bytes32)) private _verdictHashes;
    TrialId[] private _trialIds;

    constructor(
        address authority,
        IAuditTrail trail,
        IMemberRegistry boards,
        IDatasetRegistry datasets,
        IQueryCatalogue catalogue,
        ITrialRulebook rulebook
    ) AccessManaged(Deployed.check(authority)) BoardSignatures(trail, boards) {
        _datasets = IDatasetRegistry(Deployed.check(address(datasets)));
        _catalogue = IQueryCatalogue(Deployed.check(address(catalogue)));
        _rulebook = ITrialRulebook(Deployed.check(address(rulebook)));
    }

    /// @inheritdoc IAdaptiveTrial
    function register(TrialRules memory rules_) external restricted returns (TrialId trialId) {
        StudyId studyId = rules_.studyId;
        trialId = trialIdOf(studyId);
        if (_trials[trialId].state != TrialState.NONE) revert AdaptiveTrialAlreadyRegistered(trialId);
        uint256 datasets = _datasets.count(studyId);
        if (datasets != 0) revert AdaptiveTrialDataExist(studyId, datasets);
        _rulebook.checkRules(rules_);
        _checkMembers(rules_.board, rules_.signatures);
        _keepQueryContracts(trialId, rules_);
        bytes memory encoded = abi.encode(rules_);
        bytes32 rulesHash = keccak256(encoded);
        _rulesCode[trialId] = CodeStorage.write(TrialId.unwrap(trialId), encoded);
        _trials[trialId] = Trial(studyId, TrialState.RUNNING, 0, uint64(block.number), rulesHash, rulesHash);
        _standings[trialId] = Standing(rules_.allocation, new ArmState[](rules_.allocation.length)); // all ACTIVE
        _trialIds.push(trialId);
        emit TrialRegistered(trialId, studyId, rulesHash);
        _record(Acts.TRIAL_REGISTERED, TrialId.unwrap(trialId), msg.sender, 0, 0, rulesHash);
    }

    /// @inheritdoc IAdaptiveTrial
    function recordVerdict(
        TrialVerdict memory verdict,
        Evidence calldata evidence,
        BoardSignature[] calldata signatures
    ) external {
        TrialRules memory rules_ = rules(verdict.trialId);
        (uint256 enrolled, TrialState state) = _check(rules_, verdict, evidence);
        bytes32 verdictHash = VerdictHash.ofVerdict(verdict);
        _checkSignatures(rules_, verdictHash, signatures);
        Trial storage entry = _trials[verdict.trialId];
        bytes32 oldHash = entry.latestHash;
        entry.looksTaken = verdict.look;
        entry.decidedBlock = uint64(block.number);
        entry.latestHash = verdictHash;
        entry.state = state;
        _standings[verdict.trialId] = Standing(verdict.allocation, verdict.states);
        _verdictHashes[verdict.trialId][verdict.look] = verdictHash;
        emit VerdictRecorded(verdict.trialId, verdict.look, verdict.decision, verdictHash, verdict, enrolled);
        bytes32 subject = TrialId.unwrap(verdict.trialId);
        _record(Acts.VERDICT_RECORDED, subject, msg.sender, 0, oldHash, verdictHash);
        _recordSignatures(rules_, verdictHash, signatures);
        if (state == TrialState.RUNNING) return;
        emit TrialEnded(verdict.trialId, state);
        _record(Acts.TRIAL_ENDED, subject, msg.sender, 0, verdictHash, bytes32(uint256(state)));
    }

    /// @inheritdoc IAdaptiveTrial
    function withdrawSignature(TrialVerdict memory verdict, uint8 member) external {
        address account = _memberOf(rules(verdict.trialId), member);
        bytes32 verdictHash = VerdictHash.ofVerdict(verdict);
        if (_verdictHashes[verdict.trialId][verdict.look] == verdictHash) {
            revert AdaptiveTrialAlreadyRecorded(verdictHash);
        }
        _withdraw(verdictHash, account);
    }

    /// @inheritdoc IAdaptiveTrial
    function checkVerdict(
        TrialVerdict memory verdict,
        Evidence calldata evidence
    ) external view returns (uint256 enrolled) {
        (enrolled, ) = _check(rules(verdict.trialId), verdict, evidence);
    }

    /// @inheritdoc IAdaptiveTrial
    function trial(TrialId trialId) external view returns (Trial memory) {
        _requireKnown(trialId);
        return _trials[trialId];
    }

    /// @inheritdoc IAdaptiveTrial
    function allocation(TrialId trialId) external view returns (uint16[] memory bps, ArmState[] memory states) {
        _requireKnown(trialId);
        Standing storage standing = _standings[trialId];
        return (standing.bps, standing.states);
    }

    /// @inheritdoc IAdaptiveTrial
    function verdictHashOf(TrialId trialId, uint8 look) external view returns (bytes32) {
        return _verdictHashes[trialId][look];
    }

    /// @inheritdoc IAdaptiveTrial
    function queryContractOf(TrialId trialId, QueryHash queryHash) external view returns (address) {
        return _queryContracts[trialId][queryHash];
    }

    /// @inheritdoc IAdaptiveTrial
    function count() external view returns (uint256) {
        return _trialIds.length;
    }

    /// @inheritdoc IAdaptiveTrial
    function trials(uint256 offset, uint256 limit) external view returns (TrialId[] memory page) {
        page = new TrialId[](Paging.size(_trialIds.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) page[i] = _trialIds[offset + i];
    }

    /// @inheritdoc IAdaptiveTrial
    function rules(TrialId trialId) public view returns (TrialRules memory) {
        _requireKnown(trialId);
        return abi.decode(CodeStorage.read(_rulesCode[trialId]), (TrialRules));
    }

    /// @inheritdoc IAdaptiveTrial
    function trialIdOf(StudyId studyId) public view returns (TrialId) {
        return TrialId.wrap(keccak256(abi.encode(block.chainid, address(this), studyId)));
    }

    /// @dev Asked once, so that a query that is revoked later cannot keep a board from deciding on answers it has. Each is a
    /// clone that the catalogue itself made.
    function _keepQueryContracts(TrialId trialId, TrialRules memory rules_) private {
        for (uint256 i = 0; i < rules_.sources.length; ++i) {
            QueryHash queryHash = rules_.sources[i].queryHash;
            IQueryCatalogue.Query memory query = _catalogue.query(queryHash);
            if (StudyId.unwrap(query.studyId) != StudyId.unwrap(rules_.studyId)) {
                revert AdaptiveTrialQueryOfOtherStudy(queryHash, query.studyId);
            }
            if (!_catalogue.isActive(queryHash)) revert AdaptiveTrialQueryNotActive(queryHash);
            _queryContracts[trialId][queryHash] = query.queryContract;
        }
    }

    /// @dev Everything but the signatures.
    function _check(
        TrialRules memory rules_,
        TrialVerdict memory verdict,
        Evidence calldata evidence
    ) private view returns (uint256 enrolled, TrialState state) {
        Trial storage entry = _trials[verdict.trialId];
        if (entry.state != TrialState.RUNNING) revert AdaptiveTrialNotRunning(verdict.trialId, entry.state);
        if (block.timestamp > verdict.deadline) revert AdaptiveTrialVerdictExpired(verdict.deadline);
        uint256 taken = entry.looksTaken;
        Standing storage standing = _standings[verdict.trialId];
        state = _rulebook.checkVerdict(rules_, verdict, taken, standing.states, standing.bps);
        bool stop = verdict.decision == Decision.STOP;
        if (stop && Citation.isNone(verdict)) return (0, state);
        Look memory look; // for a STOP no number of subjects is needed
        if (!stop) look = rules_.looks[taken];
        address queryContract = _queryContracts[verdict.trialId][verdict.queryHash];
        enrolled = Citation.check(rules_, look, verdict, evidence, queryContract, entry.decidedBlock);
    }

    function _requireKnown(TrialId trialId) private view {
        if (_trials[trialId].state == TrialState.NONE) revert AdaptiveTrialUnknown(trialId);
    }
}
