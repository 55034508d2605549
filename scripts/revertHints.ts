/**
 * What to do when a contract refuses: one line per custom error that people meet. The contract's own name and arguments
 * stay in the message; this is added to it.
 */
import type { ChainErrorDetail } from "#chain";
import { purposeText } from "./purposes.ts";

type Arguments = Readonly<Record<string, string>>;

const LEAVE_OUT =
  "leave the dataset out: give --dataset for each of the others (`opaline data-owner datasets --study …`)";

/** To whoever may have been admitted, with another key than this. */
const YOUR_NEWEST_KEY = "if your key was replaced, give the new one's --keystore";

/** What a study's policy must be, by the field that is not. */
const POLICY_FIELDS: Readonly<Record<string, string>> = {
  k: "--k is at least 5",
  vettings: "--vettings is at least --vetting-organisations, and at most 64",
  vettingOrganisations: "--vetting-organisations is at least 2",
  minimumThreshold: "--minimum-threshold is 1 to 3",
  openingsBudget: "--openings-budget is at least 1",
  shares: "--owners-share, --workers-share and --author-share sum to 10000",
  deadlineBlocks: "--deadline-blocks is 0 or too large",
  purposes: "too many --purpose",
  sealedK: "--sealed-k is from 3 to --k",
  fieldRulesHash: "the rules on fields are not those that the policy names: register it anew",
};

/** What a member's admission lacks, by its field. */
const MEMBER_FIELDS: Readonly<Record<string, string>> = {
  account: "give --account",
  organisationName: "give --organisation",
  tlsFingerprint: "give --certificate or --fingerprint; `init` printed both",
  endpoint: "give --endpoint https://host:port; `opaline worker init` printed it",
  encryptionKey: "give --encryption-key; `opaline worker init`, or the member's `create-key`, printed it",
};

/** What a trial refuses, before and after it is registered; the fields of its file are checked before it is sent. */
const TRIAL_HINTS: Readonly<Record<string, string | ((args: Arguments) => string)>> = {
  AdaptiveTrialAllocationOutOfBounds: ({ floor, cap }) =>
    cap === "0"
      ? "nobody is allocated to an arm that has left the stratum, nor in one without an experimental arm: give 0"
      : `the registered floor and cap are ${floor} and ${cap} basis points`,
  AdaptiveTrialAllocationSum: "the arms of each open stratum sum to 10000 basis points",
  AdaptiveTrialAlreadyRegistered: "a study has one trial, whose rules never change; a new protocol is a new study",
  AdaptiveTrialAnswerNotNewer: "ask again: an answer is cited once, and asked for after the verdict before",
  AdaptiveTrialArmClosed: "an arm that has left a stratum does not come back",
  AdaptiveTrialControlMustStay: "the control is never dropped, graduated or halted; a stop ends the whole trial",
  AdaptiveTrialDataExist: "rules are fixed before the first dataset: register a new study, then its trial, then data",
  AdaptiveTrialDecisionMismatch:
    "continue changes nothing, change-allocation no arm, change-arms at least one arm, and a stop allocates nobody",
  AdaptiveTrialInactiveMember: "a board member must be admitted and not revoked: `opaline admin admit --role board …`",
  AdaptiveTrialNoMoreLooks: "all registered looks are taken; only a stop is left",
  AdaptiveTrialNotFutile: ({ futility }) =>
    futility === "0"
      ? "no arm can be dropped for futility at this look"
      : `state a posterior below ${futility} basis points, or halt the arm for safety`,
  AdaptiveTrialNotGraduated: ({ graduation }) =>
    graduation === "0"
      ? "no arm can graduate at this look"
      : `state a posterior of at least ${graduation} basis points`,
  AdaptiveTrialNotRunning: "the trial has ended",
  AdaptiveTrialQueryNotActive: "the query must be vetted first: `opaline vetter list`",
  AdaptiveTrialReasonMissing: 'to halt an arm or stop the trial, give "reason"',
  AdaptiveTrialSameOrganisation: "members of at least two organisations must sign",
  AdaptiveTrialSignatureWithdrawn: "this member took its signature back: post without it",
  AdaptiveTrialTooFewEnrolled: ({ minimum }) => `the look needs an answer over at least ${minimum} rows`,
  AdaptiveTrialTooFewResponded: ({ minimum }) => `the look needs at least ${minimum} subjects with a response`,
  AdaptiveTrialUnknown: "no such trial: `opaline board show --study …` finds a study's",
  AdaptiveTrialVerdictExpired: "its deadline has passed: agree on a new one and sign again",
  AdaptiveTrialWrongLook: ({ expected }) => `the next look is ${expected}`,
};

/** What a change of committee refuses. */
const COMMITTEE_HINTS: Readonly<Record<string, string | ((args: Arguments) => string)>> = {
  CommitteeChangesAlreadyApproved:
    "you have approved this committee already; what follows is `opaline data-owner reshare --study …`",
  CommitteeChangesAlreadyConfirmed: "the worker has confirmed this already: nothing is left to do",
  CommitteeChangesInvalidSignature:
    "not the owner's signature, by its current key, over this very approval; let it approve again",
  CommitteeChangesNotAffected: "you have no data in this study that a change would move: none at all, or retired ones",
  CommitteeChangesNotApproved: ({ owner }) =>
    `owner ${owner} must approve first: \`opaline data-owner approve-committee --study …\``,
  CommitteeChangesNotConfirmed: ({ index }) =>
    `worker ${index} of the proposed committee has not confirmed what there is now; its service does so once its checks have passed`,
  CommitteeChangesNotOwner: "the consortium must admit this account: `opaline admin admit --role data-owner …`",
  CommitteeChangesNotProposed:
    "no other committee is proposed for the study, or another one by now: `opaline admin propose-committee --study …`",
  CommitteeChangesNotReshared: ({ datasetId, reshared, version }) =>
    `the owner of dataset ${datasetId} has shared ${reshared} of ${version} versions anew: \`opaline data-owner reshare --study …\``,
  CommitteeChangesNotWorker: "only the current key of the worker at that point of the proposed committee confirms",
  CommitteeChangesOtherContent: "data were added or shared anew meanwhile: what there is now must be checked, too",
  CommitteeChangesSignatureExpired: "it was signed too long ago: approve again",
  CommitteeChangesWrongCommittee: "the proposal is of other workers: approve again, and name those that are proposed",
  CommitteeChangesWrongEpoch: "another committee serves by now: approve again",
  CommitteeChangesWrongVersion: ({ expected }) =>
    `versions that there are, in their order: the next to be shared anew is ${expected}`,
  CommitteeRegistryDatasetsExist:
    "data are shared with the study's committee already: it changes by a proposal (docs/governance.md)",
  CommitteeRegistryInactiveWorker: "admit it first: `opaline admin admit --role worker …`",
  CommitteeRegistryInvalidSize: "a committee has n workers, 3 <= n <= 7, and n >= 2t + 1",
  CommitteeRegistryNoDatasets:
    "no data are shared yet: `opaline admin appoint-committee --study …` appoints another committee at once",
  CommitteeRegistryNothingToRelease: ({ epoch }) =>
    `no deposits are bound for epoch ${epoch}: it serves, was never installed, or was released before`,
  CommitteeRegistryNotProposed: "no other committee is proposed: nothing is left to do",
  CommitteeRegistryProposalPending: ({ epoch }) =>
    `epoch ${epoch} is proposed already: complete it, or \`opaline admin withdraw-proposal --study …\` first`,
  CommitteeRegistryRequestsOpen: ({ until }) => `it may answer up to block ${until}: repeat it after that`,
  CommitteeRegistrySameOrganisation: "one worker per organisation",
  CommitteeRegistryThresholdTooLow: ({ minimumThreshold }) =>
    `the study's policy asks for t >= ${minimumThreshold}; only a study registered with --demonstration may have less`,
  CommitteeRegistryUnknown: ({ epoch }) =>
    epoch === "0"
      ? "the study has no committee yet: `opaline admin appoint-committee --study …`"
      : `the study has no committee of epoch ${epoch}`,
};

export const REVERT_HINTS: Readonly<Record<string, string | ((args: Arguments) => string | undefined)>> = {
  AccessManagedUnauthorized: "its role of governance was taken away: `opaline admin list-roles`",
  AccessManagerUnauthorizedCancel: "only who scheduled it, a guardian or an admin can cancel it",
  DeploymentRegistryAlreadyCurrent: "this deployment is the current one already",
  DeploymentRegistryInvalidVersion: "--as: a version that is not the current one's",
  EmergencyStopAlreadyStopped: "it is stopped already: nothing is left to do",
  EmergencyStopNotStopped: "nothing is stopped: nothing is left to do",
  ...TRIAL_HINTS,
  ...COMMITTEE_HINTS,
  ConsentRegistryConsentExpired: "the participant signed it too long ago: let it sign again",
  ConsentRegistryFormTooOld: ({ leastForm }) => `the study asks for version ${leastForm} of its form at least`,
  ConsentRegistryInactiveOwner: "the hospital's credential has ended: it may record withdrawals only",
  ConsentRegistryInvalidEnrolment:
    "the hospital's key has changed since it wrote the slip, or the slip is of another deployment: ask for a new slip",
  ConsentRegistryInvalidExpiry: "--expires must be in the future",
  ConsentRegistryNotOwner: "only the current key of the dataset's owner records consents for it",
  ConsentRegistryParticipantSpoke: "that participant has spoken by its own signature, and only that can give consent",
  ConsentRegistryRulesNotStricter: "these rules are in force already, or looser; rules only become stricter",
  ConsentRegistrySameForm: "the newest version of the form is this very document already",
  ConsentRegistryUnknownForm: "no such version of the form: `opaline admin publish-consent-form --study …` makes one",
  ConsentRegistryWrongEnrolment: "the slip is used up, or not the newest: ask the hospital for a new one",
  DatasetRegistryAgreementNotSigned: "sign the newest version first: `opaline data-owner sign-agreement --study …`",
  DatasetRegistryBudgetSpent: "these data were asked about as often as the study or their owner allows; " + LEAVE_OUT,
  DatasetRegistryClosed: `their owner takes no requests over these data; ${LEAVE_OUT}`,
  DatasetRegistryErasureAlreadyConfirmed: "this worker's receipt is on chain already: nothing is left to do",
  DatasetRegistryInvalidErasure:
    "not this worker's receipt for this committee's shares, by its current key: read it again with `opaline worker status --json`",
  DatasetRegistryMissingPurpose: ({ purpose = "" }) =>
    `their owner asks for purpose ${purposeText(purpose)}, which your credential lacks; ${LEAVE_OUT}`,
  DatasetRegistryQuotaSpent: ({ quota }) =>
    `your organisation has made ${quota} requests over this study, as many as its policy allows one`,
  DatasetRegistryNoSuchWorker:
    "--index is the worker's point in the committee of --epoch: `opaline auditor erasures --study …`",
  DatasetRegistryNoShares: ({ epoch }) => `the committee of epoch ${epoch} was never given shares of these data`,
  DatasetRegistryErasureNotDue: ({ epoch }) =>
    `these data are not retired, and the committee of epoch ${epoch} serves, is proposed, or may still answer`,
  DatasetRegistryNotVetoed: "you have not vetoed this query",
  DatasetRegistryRetired: `these data were retired, for good: nothing of them is left to change; to ask, ${LEAVE_OUT}`,
  DatasetRegistrySegmentReused:
    "the chain was given these very share files before, and takes none twice: repeat the command, which says what it has " +
    "or deals afresh (`reshare` with --again)",
  DatasetRegistryVetoed: `the owner of these data has vetoed this query; ${LEAVE_OUT}`,
  DatasetRegistryInactiveOwner: "the consortium must admit this account: `opaline admin admit --role data-owner …`",
  DatasetRegistryInactiveWorker: "a worker of the committee is revoked or expired; ask the consortium",
  DatasetRegistryNoCommittee: "the consortium must appoint the study's committee first",
  DatasetRegistryUnknown: "no such dataset: `opaline data-owner datasets --study …` lists them",
  MemberRegistryAccountUsed: "an account is one member's name or key, once; take another",
  CreditsNotMember: "the consortium must admit this account, or another key signs for the member by now",
  CreditsNothingToWithdraw: "nothing is owed to this account",
  DatasetRegistryWrongPayment: ({ fee }) => `the study asks for a storage fee of exactly ${fee} wei for these rows`,
  MemberRegistryAlreadyAdmitted:
    "its credential is still valid: give a later --expires and the same --organisation to prolong it",
  MemberRegistryAlreadyRevoked: "it is revoked, for good; nothing is left to do but to admit another account",
  MemberRegistryFingerprintInUse: "another member has this TLS certificate; every member has its own",
  MemberRegistryInvalidExpiry: "--expires must be in the future",
  MemberRegistryInvalidRotation: "the new key has not signed this; let the member make another proof",
  MemberRegistryMissingField: ({ field = "" }) => own(MEMBER_FIELDS, field),
  MemberRegistryNotCurrentKey: ({ current }) =>
    `the member's key is ${current} by now; let that key sign, or the member make another proof`,
  MemberRegistryNotMember:
    "the account was never admitted to this role, or may not act now; check the role and the account",
  MemberRegistryRotationExpired: "let the member make another proof",
  QueryCatalogueSiteClosed: "the study's policy lets no query use the site: `opaline querier schema --study …`",
  QueryCatalogueFieldNotPermitted:
    "`opaline querier schema --study …` says what the study's policy permits of each field",
  QueryCatalogueCutNotPermitted: "`opaline querier schema --study …` says where the study's policy lets a query cut",
  QueryCatalogueAlreadyPublished: "this very query is published already; `opaline vetter list --study …` shows it",
  QueryCatalogueAlreadyRevoked: "it was revoked before; nothing is left to do",
  QueryCatalogueAlreadyVetted:
    "this vetter has rejected the query, which is final, or has approved it for as long: give a later --valid-until",
  QueryCatalogueClosed: "it was superseded or revoked: there is nothing left to vet",
  QueryCatalogueInvalidSuccessor: "--successor is another query of the same study",
  QueryCatalogueInvalidValidity: "--valid-until is a day from today on, at most three years ahead",
  QueryCatalogueNotActive:
    "a query is superseded once it was active, by one that takes requests now: `opaline querier show --query …`",
  QueryCatalogueAuthorNotNamed: "the agreement must end with the author's account: `opaline querier publish` adds it",
  QueryCatalogueNotAuthor:
    "only an admitted querier or vetter may publish, comment on or supersede its queries: `opaline admin admit …`; " +
    YOUR_NEWEST_KEY,
  QueryCatalogueNotAuthorOf:
    "its author comments, and vetters that are admitted and not revoked; its author supersedes it, or the consortium with " +
    `\`opaline admin supersede-query\`; ${YOUR_NEWEST_KEY}`,
  QueryCatalogueNotVetter: "the consortium must admit this account: `opaline admin admit --role vetter …`",
  QueryCatalogueOwnOrganisation:
    "nobody vets a query of their own organisation; another organisation's vetter must sign",
  QueryCatalogueUnknown: "no such query: `opaline vetter list` lists all that are published",
  QuerySmartContractAgreementNotAccepted: "accept first: `opaline querier accept --query … --name …`",
  QuerySmartContractDatasetOfOtherStudy:
    "a --dataset is not of the query's study: `opaline data-owner datasets --study …`",
  QuerySmartContractNothingToSettle:
    "the request is not answered, or it was free, or its price is settled or refunded already",
  QuerySmartContractDeadlineNotReached: ({ deadlineBlock }) => `wait for block ${deadlineBlock}, then repeat`,
  QuerySmartContractStopped: "the consortium has stopped requests and answers for now; try again later",
  DatasetRegistryInactiveQuery:
    "it was revoked or superseded, or its vettings have lapsed: `opaline querier show --query …`",
  QuerySmartContractMissingPurpose: ({ purpose = "" }) =>
    `the consortium must admit this querier with the study's --purpose ${purposeText(purpose)}`,
  QuerySmartContractNotOpen: "the request has ended already: `opaline querier answer --request …`",
  QuerySmartContractNotQuerier: `the consortium must admit this account: \`opaline admin admit --role querier …\`; ${YOUR_NEWEST_KEY}`,
  QuerySmartContractInvalidRecipient: "--seal-to takes compressed secp256k1 public keys; `create-key` prints yours",
  QuerySmartContractRecipientCount: "--seal-to is given at most 16 times",
  QuerySmartContractUnknownRequest: "no such request of this query",
  StudyAgreementsAlreadySigned: "you have signed the newest version already",
  StudyAgreementsNotOwner: "the consortium must admit this account: `opaline admin admit --role data-owner …`",
  StudyAgreementsSameDocument: "the newest version is this very document already",
  StudyRegistryAlreadyRegistered: "a study with this name and schema exists; use it, or choose another --name",
  StudyRegistryInvalidFieldRule: ({ field }) => `--field-rules: those of field ${field} are not well formed`,
  StudyRegistryInvalidPolicy: ({ field = "" }) => own(POLICY_FIELDS, field),
  WorkerDepositsAlreadyProven: "the worker was slashed for this request and attempt before; nothing is left to do",
  WorkerDepositsBound: ({ free }) =>
    `its committees leave ${free} wei of the deposit free: --announce-ether at most that`,
  WorkerDepositsNotWorker: "the consortium must admit this account: `opaline admin admit --role worker …`",
  WorkerDepositsNothingAnnounced: "announce it first: `opaline worker withdraw-deposit --announce-ether …`",
  WorkerDepositsTooLow: ({ worker, needed }) =>
    `worker ${worker} must deposit first, ${needed} wei for this study: \`opaline worker deposit --amount-ether …\``,
  WorkerDepositsUnbonding: ({ readyAt }) =>
    `it can be taken from ${new Date(Number(readyAt) * 1_000).toISOString()} on; repeat it then`,
  StudyRegistryUnknown: "no such study; `opaline admin register-study` prints the id",
};

/** @returns undefined for errors that no hint is known for */
export function revertHint(detail: { readonly code: string }): string | undefined {
  if (detail.code !== "CHAIN_REVERTED") return undefined;
  const { error, args } = detail as ChainErrorDetail & { readonly code: "CHAIN_REVERTED" };
  const hint = own(REVERT_HINTS, error);
  return typeof hint === "function" ? hint(args) : hint;
}

/** The names come from a contract. */
function own<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
