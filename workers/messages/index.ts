/** The door `#messages`: everything that crosses a wire or the chain, except frames between workers. */
export { columnId } from "./columnId.ts";
export { committeeHash } from "./committeeHash.ts";
export { changesSeen, consentMaskRoot, excludedSlots, recordsOf, standingAfter } from "./consentMask.ts";
export type { ConsentChange, ConsentRecord, ConsentRules } from "./consentMask.ts";
export { datasetRoot, segmentsOfRoot, sharesRoot } from "./datasetRoot.ts";
export type { Segment } from "./datasetRoot.ts";
export { encodeDealingProof } from "./dealingProof.ts";
export { AtomOp, encodeBounds, encodeDescriptor, encodeParameters, Finish, ParameterKind } from "./descriptor.ts";
export { decodeBounds, decodeDescriptor, decodeParameters } from "./decodeDescriptor.ts";
export type { Descriptor, ParameterBound } from "./descriptor.ts";
export { contradicts, disputeFromJson, disputeToJson } from "./dispute.ts";
export type { SignedEnd } from "./dispute.ts";
export type { EvidenceErrorDetail } from "./evidenceFields.ts";
export { equivocationFromJson, equivocationToJson, equivocatorsOf } from "./equivocation.ts";
export type { Equivocation } from "./equivocation.ts";
export {
  EVERYTHING_PERMITTED,
  EVERY_USE,
  edgesOf,
  FieldUse,
  fieldRulesHash,
  NO_FIELD_RULES,
  usesOf,
} from "./fieldRules.ts";
export type { FieldCuts, FieldRules, Permits } from "./fieldRules.ts";
export { decodeShareFile, encodeShareFile, shareFileHash, shareFileLength } from "./shareFile.ts";
export type { ShareFile, ShareFileErrorDetail, ShareFileHeader } from "./shareFile.ts";
export { openMaskKeys } from "./keyCopies.ts";
export type { SealedPlace } from "./keyCopies.ts";
export { MAX_RECIPIENTS, recipientsFault, recipientsHash, sealedHash } from "./sealedAnswer.ts";
export type { RecipientsFault } from "./sealedAnswer.ts";
export {
  ACCEPTANCE,
  ANSWER,
  COMMITTEE_APPROVAL,
  CONSENT,
  ENROLMENT,
  ERASURE,
  KEY_ROTATION,
  RECEIPT,
  STUDY_SIGNATURE,
  UPLOAD,
  VETTING,
} from "./signedStructs.ts";
export type {
  Acceptance,
  CommitteeApproval,
  Consent,
  Enrolment,
  Erasure,
  KeyRotation,
  Receipt,
  StudySignature,
  Upload,
  Vetting,
} from "./signedStructs.ts";
export type { SignedVerdict } from "./signedVerdict.ts";
export {
  Assurance,
  Outcome,
  outputsHash,
  ReleaseClass,
  requestCommitment,
  statementHash,
  ZERO_HASH,
} from "./statement.ts";
export type { RequestContext, StatementInput, Verdict } from "./statement.ts";
export { decodeSuppressed, encodeSuppressed } from "./suppressedBitmap.ts";
export type { SuppressedBitmapErrorDetail } from "./suppressedBitmap.ts";
export {
  ArmState,
  BOARD_SIGNATURE,
  Decision,
  TrialState,
  trialVerdictHash,
  UNSTATED_POSTERIOR,
  WHOLE_BPS,
} from "./trialVerdict.ts";
export type { BoardSignatureMessage, TrialVerdict } from "./trialVerdict.ts";
export { hashTypedData, opalineDomain, signerOf, signTypedData } from "./typedData.ts";
export type { TypedDataSigner } from "./typedData.ts";
export { verdictFault } from "./verdictRules.ts";
