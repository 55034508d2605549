// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The vocabulary of the audit trail: an act is the keccak256 of its name, and the name is that of the event
library Acts {
    bytes32 internal constant RECORDER_ADDED = keccak256("RecorderAdded");

    bytes32 internal constant MEMBER_ADMITTED = keccak256("MemberAdmitted");
    bytes32 internal constant MEMBER_REVOKED = keccak256("MemberRevoked");
    bytes32 internal constant MEMBER_ENDPOINT_CHANGED = keccak256("MemberEndpointChanged");

    bytes32 internal constant STUDY_REGISTERED = keccak256("StudyRegistered");
    bytes32 internal constant COMMITTEE_APPOINTED = keccak256("CommitteeAppointed");
    bytes32 internal constant COMMITTEE_FROZEN = keccak256("CommitteeFrozen");
    bytes32 internal constant DATASET_ACTIVATED = keccak256("DatasetActivated");

    bytes32 internal constant QUERY_PUBLISHED = keccak256("QueryPublished");
    /// A vetter approved; a vetter refused its approval.
    bytes32 internal constant QUERY_VETTED = keccak256("QueryVetted");
    bytes32 internal constant QUERY_REJECTED = keccak256("QueryRejected");
    bytes32 internal constant QUERY_ACTIVATED = keccak256("QueryActivated");
    bytes32 internal constant QUERY_REVOKED = keccak256("QueryRevoked");

    /// A signed, unused vetting or acceptance was withdrawn; oldHash, newHash: the nonce before and after.
    bytes32 internal constant NONCE_CANCELLED = keccak256("NonceCancelled");
    bytes32 internal constant AGREEMENT_ACCEPTED = keccak256("AgreementAccepted");
    bytes32 internal constant QUERY_REQUESTED = keccak256("QueryRequested");
    bytes32 internal constant QUERY_ANSWERED = keccak256("QueryAnswered");
    bytes32 internal constant QUERY_REFUSED = keccak256("QueryRefused");
    /// The workers signed that they could not compute.
    bytes32 internal constant QUERY_FAILED = keccak256("QueryFailed");
    /// Silence: nobody answered in time.
    bytes32 internal constant QUERY_EXPIRED = keccak256("QueryExpired");

    bytes32 internal constant QUERY_CONTRACT_ADDED = keccak256("QueryContractAdded");
    bytes32 internal constant PAYMENT_HELD = keccak256("PaymentHeld");
    bytes32 internal constant PAYMENT_RELEASED = keccak256("PaymentReleased");
    bytes32 internal constant PAYMENT_REFUNDED = keccak256("PaymentRefunded");
    bytes32 internal constant PAYMENT_SETTLED = keccak256("PaymentSettled");
    bytes32 internal constant WITHDRAWN = keccak256("Withdrawn");

    bytes32 internal constant TRIAL_REGISTERED = keccak256("TrialRegistered");
    bytes32 internal constant VERDICT_RECORDED = keccak256("VerdictRecorded");
    /// Of a verdict just recorded: one record for each board member who signed it.
    bytes32 internal constant VERDICT_SIGNED = keccak256("VerdictSigned");
    bytes32 internal constant VERDICT_SIGNATURE_WITHDRAWN = keccak256("VerdictSignatureWithdrawn");
    bytes32 internal constant TRIAL_ENDED = keccak256("TrialEnded");
}
