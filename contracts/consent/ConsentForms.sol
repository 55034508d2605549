// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Acts} from "../audit/Acts.sol";
import {Audited} from "../audit/Audited.sol";
import {IAuditTrail} from "../audit/IAuditTrail.sol";
import {IDatasetRegistry} from "../study/IDatasetRegistry.sol";
import {IStudyRegistry} from "../study/IStudyRegistry.sol";
import {ConsentRules} from "../types/Consent.sol";
import {Deployed} from "../types/Deployed.sol";
import {StudyId} from "../types/Identifiers.sol";
import {Paging} from "../types/Paging.sol";
import {IConsentRegistry} from "./IConsentRegistry.sol";

/// @title A part of the consent registry: what a study asks consent with, and what it asks of it
abstract contract ConsentForms is IConsentRegistry, AccessManaged, Audited {
    /// @dev One slot. While it is zero the dataset registry says so, and no request asks here. recorded: any dataset of the
    /// study has a record.
    struct Standing {
        bool explicitOnly;
        bool recorded;
        uint32 leastForm;
    }

    IStudyRegistry private immutable _studies;
    IDatasetRegistry internal immutable _datasets;

    mapping(StudyId studyId => Standing) private _standings;
    /// @dev forms[v - 1] is version v.
    mapping(StudyId studyId => Form[]) private _forms;

    constructor(
        address authority,
        IAuditTrail trail,
        IStudyRegistry studies,
        IDatasetRegistry datasets
    ) AccessManaged(Deployed.check(authority)) Audited(trail) {
        _studies = IStudyRegistry(Deployed.check(address(studies)));
        _datasets = IDatasetRegistry(Deployed.check(address(datasets)));
    }

    /// @inheritdoc IConsentRegistry
    function publishForm(StudyId studyId, bytes32 formHash) external restricted returns (uint32 form) {
        _studies.study(studyId); // reverts where there is no such study
        if (formHash == 0) revert ConsentRegistryEmptyForm();
        Form[] storage all = _forms[studyId];
        bytes32 oldHash = all.length == 0 ? bytes32(0) : all[all.length - 1].formHash;
        if (formHash == oldHash) revert ConsentRegistrySameForm(formHash);
        form = uint32(all.length + 1); // each costs a transaction: far below 2^32
        all.push(Form(uint64(block.timestamp), formHash));
        emit ConsentFormPublished(studyId, form, formHash);
        _record(Acts.CONSENT_FORM_PUBLISHED, StudyId.unwrap(studyId), msg.sender, 0, oldHash, formHash);
    }

    /// @inheritdoc IConsentRegistry
    function setRules(StudyId studyId, bool explicitOnly, uint32 leastForm) external restricted {
        _studies.study(studyId); // reverts where there is no such study
        ConsentRules memory old = rules(studyId);
        bool looser = (old.explicitOnly && !explicitOnly) || leastForm < old.leastForm;
        bool same = old.explicitOnly == explicitOnly && leastForm == old.leastForm;
        if (looser || same) revert ConsentRegistryRulesNotStricter(explicitOnly, leastForm);
        if (leastForm > _forms[studyId].length) revert ConsentRegistryUnknownForm(studyId, leastForm);
        _restrict(studyId);
        Standing storage standing = _standings[studyId];
        standing.explicitOnly = explicitOnly;
        standing.leastForm = leastForm;
        emit ConsentRulesSet(studyId, explicitOnly, leastForm);
        bytes32 subject = StudyId.unwrap(studyId);
        bytes32 newHash = keccak256(abi.encode(ConsentRules(explicitOnly, leastForm)));
        _record(Acts.CONSENT_RULES_SET, subject, msg.sender, 0, keccak256(abi.encode(old)), newHash);
    }

    /// @inheritdoc IConsentRegistry
    function formCount(StudyId studyId) external view returns (uint256) {
        return _forms[studyId].length;
    }

    /// @inheritdoc IConsentRegistry
    function forms(StudyId studyId, uint256 offset, uint256 limit) external view returns (Form[] memory page) {
        Form[] storage all = _forms[studyId];
        page = new Form[](Paging.size(all.length, offset, limit));
        for (uint256 i = 0; i < page.length; ++i) page[i] = all[offset + i];
    }

    /// @inheritdoc IConsentRegistry
    function rules(StudyId studyId) public view returns (ConsentRules memory) {
        Standing memory standing = _standings[studyId];
        return ConsentRules(standing.explicitOnly, standing.leastForm);
    }

    /// @dev Call with every record.
    function _noteRecord(StudyId studyId) internal {
        _restrict(studyId);
        Standing storage standing = _standings[studyId];
        if (!standing.recorded) standing.recorded = true;
    }

    /// @dev Call before the first rule or record: from then on requests ask for the mask.
    function _restrict(StudyId studyId) private {
        if (!_isRestricted(studyId)) _datasets.restrictConsents(studyId);
    }

    /// @dev Whether a mask can restrict anything at all.
    function _isRestricted(StudyId studyId) internal view returns (bool) {
        Standing memory standing = _standings[studyId];
        return standing.explicitOnly || standing.recorded || standing.leastForm != 0;
    }

    /// @dev The hash of a form under which consent may be given now.
    function _usableForm(StudyId studyId, uint32 form) internal view returns (bytes32) {
        Form[] storage all = _forms[studyId];
        if (form == 0 || form > all.length) revert ConsentRegistryUnknownForm(studyId, form);
        uint32 leastForm = _standings[studyId].leastForm;
        if (form < leastForm) revert ConsentRegistryFormTooOld(form, leastForm);
        return all[form - 1].formHash;
    }
}
