// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The vocabulary of the audit trail: an act is the keccak256 of its name, and the name is that of the event
library Acts {
    bytes32 internal constant RECORDER_ADDED = keccak256("RecorderAdded");

    bytes32 internal constant DEPLOYMENT_ANNOUNCED = keccak256("DeploymentAnnounced");
    /// In the trail of the deployment that is current no longer; what is open there still comes to its end.
    bytes32 internal constant DEPLOYMENT_SUPERSEDED = keccak256("DeploymentSuperseded");
    bytes32 internal constant STOPPED = keccak256("Stopped");
    bytes32 internal constant RESUMED = keccak256("Resumed");

    /// Of OpenZeppelin's AccessManager; newHash: of what the event says besides the subject.
    bytes32 internal constant ROLE_GRANTED = keccak256("RoleGranted");
    bytes32 internal constant ROLE_REVOKED = keccak256("RoleRevoked");
    bytes32 internal constant ROLE_ADMIN_CHANGED = keccak256("RoleAdminChanged");
    bytes32 internal constant ROLE_GUARDIAN_CHANGED = keccak256("RoleGuardianChanged");
    bytes32 internal constant ROLE_GRANT_DELAY_CHANGED = keccak256("RoleGrantDelayChanged");
    bytes32 internal constant TARGET_FUNCTION_ROLE_UPDATED = keccak256("TargetFunctionRoleUpdated");
    bytes32 internal constant TARGET_ADMIN_DELAY_UPDATED = keccak256("TargetAdminDelayUpdated");
    bytes32 internal constant TARGET_CLOSED = keccak256("TargetClosed");
    bytes32 internal constant AUDIT_TRAIL_SET = keccak256("AuditTrailSet");
    bytes32 internal constant AUTHORITY_UPDATED = keccak256("AuthorityUpdated");
    bytes32 internal constant OPERATION_EXECUTED = keccak256("OperationExecuted");
    bytes32 internal constant OPERATION_SCHEDULED = keccak256("OperationScheduled");
    bytes32 internal constant OPERATION_CANCELED = keccak256("OperationCanceled");

    bytes32 internal constant MEMBER_ADMITTED = keccak256("MemberAdmitted");
    bytes32 internal constant MEMBER_REVOKED = keccak256("MemberRevoked");
    bytes32 internal constant MEMBER_ENDPOINT_CHANGED = keccak256("MemberEndpointChanged");
    /// A member gave itself another key; the consortium gave it one. oldHash, newHash: the keys, as uint160.
    bytes32 internal constant MEMBER_KEY_ROTATED = keccak256("MemberKeyRotated");
    bytes32 internal constant MEMBER_KEY_REPLACED = keccak256("MemberKeyReplaced");

    bytes32 internal constant STUDY_REGISTERED = keccak256("StudyRegistered");
    bytes32 internal constant COMMITTEE_APPOINTED = keccak256("CommitteeAppointed");
    bytes32 internal constant COMMITTEE_FROZEN = keccak256("CommitteeFrozen");
    /// oldHash, newHash: of the committee that serves and of the one that is to follow it; in a withdrawal the other way round.
    bytes32 internal constant COMMITTEE_PROPOSED = keccak256("CommitteeProposed");
    bytes32 internal constant COMMITTEE_PROPOSAL_WITHDRAWN = keccak256("CommitteeProposalWithdrawn");
    /// By an owner; newHash: of the CommitteeApproval.
    bytes32 internal constant COMMITTEE_APPROVED = keccak256("CommitteeApproved");
    /// By an owner; oldHash, newHash: the version's shares root and the one for the next committee.
    bytes32 internal constant DATASET_RESHARED = keccak256("DatasetReshared");
    /// By a worker; newHash: of all that it confirmed.
    bytes32 internal constant COMMITTEE_CHANGE_CONFIRMED = keccak256("CommitteeChangeConfirmed");
    /// oldHash, newHash: the dataset's root before and after.
    bytes32 internal constant SHARES_REPLACED = keccak256("SharesReplaced");
    /// oldHash: of the committee whose last request has ended.
    bytes32 internal constant COMMITTEE_RELEASED = keccak256("CommitteeReleased");
    bytes32 internal constant STUDY_AGREEMENT_PUBLISHED = keccak256("StudyAgreementPublished");
    bytes32 internal constant STUDY_AGREEMENT_SIGNED = keccak256("StudyAgreementSigned");
    bytes32 internal constant TERMS_SET = keccak256("TermsSet");
    bytes32 internal constant QUERY_VETOED = keccak256("QueryVetoed");
    bytes32 internal constant VETO_LIFTED = keccak256("VetoLifted");
    bytes32 internal constant DATA_USER_ADDED = keccak256("DataUserAdded");
    bytes32 internal constant DATASET_ACTIVATED = keccak256("DatasetActivated");
    /// oldHash: wei.
    bytes32 internal constant STORAGE_FEE_PAID = keccak256("StorageFeePaid");
    /// newHash: the root of what no request opens any more.
    bytes32 internal constant DATASET_RETIRED = keccak256("DatasetRetired");
    /// By a worker; oldHash, newHash: which workers of the epoch's committee had and have confirmed, a bit each in the last byte; the
    /// epoch before it.
    bytes32 internal constant ERASURE_CONFIRMED = keccak256("ErasureConfirmed");

    bytes32 internal constant CONSENT_FORM_PUBLISHED = keccak256("ConsentFormPublished");
    bytes32 internal constant CONSENT_RULES_SET = keccak256("ConsentRulesSet");
    /// oldHash: the key that spoke for the row before, as uint160; newHash: of the Enrolment.
    bytes32 internal constant PARTICIPANT_ENROLLED = keccak256("ParticipantEnrolled");
    /// oldHash, newHash: the dataset's head before and after.
    bytes32 internal constant CONSENT_GIVEN = keccak256("ConsentGiven");
    bytes32 internal constant CONSENT_WITHDRAWN = keccak256("ConsentWithdrawn");

    bytes32 internal constant QUERY_PUBLISHED = keccak256("QueryPublished");
    /// A vetter approved; a vetter refused its approval.
    bytes32 internal constant QUERY_VETTED = keccak256("QueryVetted");
    bytes32 internal constant QUERY_REJECTED = keccak256("QueryRejected");
    bytes32 internal constant QUERY_COMMENTED = keccak256("QueryCommented");
    bytes32 internal constant QUERY_ACTIVATED = keccak256("QueryActivated");
    /// oldHash, newHash: until when it took and takes requests.
    bytes32 internal constant QUERY_PROLONGED = keccak256("QueryProlonged");
    bytes32 internal constant QUERY_SUPERSEDED = keccak256("QuerySuperseded");
    bytes32 internal constant QUERY_REVOKED = keccak256("QueryRevoked");

    /// A signed, unused vetting, acceptance, study signature or committee approval was withdrawn; oldHash, newHash: the nonce before and after.
    bytes32 internal constant NONCE_CANCELLED = keccak256("NonceCancelled");
    bytes32 internal constant AGREEMENT_ACCEPTED = keccak256("AgreementAccepted");
    bytes32 internal constant QUERY_REQUESTED = keccak256("QueryRequested");
    bytes32 internal constant QUERY_ANSWERED = keccak256("QueryAnswered");
    bytes32 internal constant QUERY_REFUSED = keccak256("QueryRefused");
    /// The workers signed that they could not compute.
    bytes32 internal constant QUERY_FAILED = keccak256("QueryFailed");
    /// Silence: nobody answered in time.
    bytes32 internal constant QUERY_EXPIRED = keccak256("QueryExpired");
    /// A quorum signed another outcome or other outputs than the chain has.
    bytes32 internal constant QUERY_DISPUTED = keccak256("QueryDisputed");

    bytes32 internal constant VERIFIER_REGISTERED = keccak256("VerifierRegistered");
    bytes32 internal constant VERIFIER_RETIRED = keccak256("VerifierRetired");
    /// oldHash, newHash: of the proof before, 0 when there was none, and of this one.
    bytes32 internal constant ASSURANCE_RAISED = keccak256("AssuranceRaised");

    /// Of a price that came in with its request; oldHash: wei.
    bytes32 internal constant PAYMENT_REFUNDED = keccak256("PaymentRefunded");
    bytes32 internal constant PAYMENT_SETTLED = keccak256("PaymentSettled");
    /// newHash: keccak256(abi.encode(payees, amounts)), here and for a settled payment.
    bytes32 internal constant CREDITED = keccak256("Credited");
    bytes32 internal constant WITHDRAWN = keccak256("Withdrawn");

    /// oldHash, newHash: wei before and after.
    bytes32 internal constant DEPOSITED = keccak256("Deposited");
    /// newHash: wei to be withdrawn, 0 = none.
    bytes32 internal constant WITHDRAWAL_ANNOUNCED = keccak256("WithdrawalAnnounced");
    bytes32 internal constant DEPOSIT_WITHDRAWN = keccak256("DepositWithdrawn");
    /// Somebody has evidence against somebody; which, its commitment hides.
    bytes32 internal constant EQUIVOCATION_ANNOUNCED = keccak256("EquivocationAnnounced");
    bytes32 internal constant EQUIVOCATION_PROVEN = keccak256("EquivocationProven");

    bytes32 internal constant TRIAL_REGISTERED = keccak256("TrialRegistered");
    bytes32 internal constant VERDICT_RECORDED = keccak256("VerdictRecorded");
    /// Of a verdict just recorded: one record for each board member who signed it.
    bytes32 internal constant VERDICT_SIGNED = keccak256("VerdictSigned");
    bytes32 internal constant VERDICT_SIGNATURE_WITHDRAWN = keccak256("VerdictSignatureWithdrawn");
    bytes32 internal constant TRIAL_ENDED = keccak256("TrialEnded");
}
