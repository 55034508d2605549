/**
 * What to do when a contract refuses: one line per custom error that people meet. The contract's own name and arguments
 * stay in the message; this is added to it.
 */
import type { ChainErrorDetail } from "#chain";

type Arguments = Readonly<Record<string, string>>;

/** What a study's policy must be, by the field that is not. */
const POLICY_FIELDS: Readonly<Record<string, string>> = {
  k: "--k is at least 5",
  vettings: "--vettings is at least --vetting-organisations",
  vettingOrganisations: "--vetting-organisations is at least 2",
  minimumThreshold: "--minimum-threshold is 1 to 3",
  shares: "--owners-share, --workers-share and --author-share sum to 10000",
  deadlineBlocks: "--deadline-blocks is 0 or too large",
  purposes: "too many --purpose",
};

/** What a member's admission lacks, by its field. */
const MEMBER_FIELDS: Readonly<Record<string, string>> = {
  account: "give --account",
  organisationName: "give --organisation",
  tlsFingerprint: "give --certificate or --fingerprint; `init` printed both",
  endpoint: "give --endpoint https://host:port; `opaline worker init` printed it",
  encryptionKey: "give --encryption-key; `opaline worker init` printed it",
};

export const REVERT_HINTS: Readonly<Record<string, string | ((args: Arguments) => string | undefined)>> = {
  AccessManagedUnauthorized: "its role of governance was taken away: `opaline admin list-roles`",
  AccessManagerUnauthorizedCancel: "only who scheduled it, a guardian or an admin can cancel it",
  DeploymentRegistryAlreadyCurrent: "this deployment is the current one already",
  DeploymentRegistryInvalidVersion: "--as: a version that is not the current one's",
  EmergencyStopAlreadyStopped: "it is stopped already: nothing is left to do",
  EmergencyStopNotStopped: "nothing is stopped: nothing is left to do",
  CommitteeRegistryDatasetsExist: "data are shared with the study's committee already; it can no longer change",
  CommitteeRegistryInactiveWorker: "admit it first: `opaline admin admit --role worker …`",
  CommitteeRegistryInvalidSize: "a committee has n workers, 3 <= n <= 7, and n >= 2t + 1",
  CommitteeRegistrySameOrganisation: "one worker per organisation",
  CommitteeRegistryThresholdTooLow: ({ minimumThreshold }) =>
    `the study's policy asks for t >= ${minimumThreshold}; only a study registered with --demonstration may have less`,
  CommitteeRegistryUnknown: "the study has no committee yet: `opaline admin appoint-committee --study …`",
  DatasetRegistryInactiveOwner: "the consortium must admit this account: `opaline admin admit --role data-owner …`",
  DatasetRegistryInactiveWorker: "a worker of the committee is revoked or expired; ask the consortium",
  DatasetRegistryNoCommittee: "the consortium must appoint the study's committee first",
  DatasetRegistryUnknown: "no such dataset: `opaline data-owner datasets --study …` lists them",
  CreditsNothingToWithdraw: "nothing is owed to this account",
  DatasetRegistryWrongPayment: ({ fee }) => `the study asks for a storage fee of exactly ${fee} wei for these rows`,
  EscrowNotReleased: "the request is not answered, or its price is settled or refunded already",
  MemberRegistryAlreadyAdmitted:
    "its credential is still valid: give a later --expires and the same --organisation to prolong it",
  MemberRegistryAlreadyRevoked: "it was revoked before; nothing is left to do",
  MemberRegistryFingerprintInUse: "another member has this TLS certificate; every member has its own",
  MemberRegistryInvalidExpiry: "--expires must be in the future",
  MemberRegistryMissingField: ({ field = "" }) => own(MEMBER_FIELDS, field),
  MemberRegistryNotMember: "the account was never admitted to this role; check --role and --account",
  QueryCatalogueAlreadyPublished: "this very query is published already; `opaline vetter list` shows it",
  QueryCatalogueAlreadyRevoked: "it was revoked before; nothing is left to do",
  QueryCatalogueAlreadyVetted: "this vetter has decided on the query already; another vetter must sign",
  QueryCatalogueNotAuthor: "only an admitted querier or vetter may publish: `opaline admin admit …`",
  QueryCatalogueNotPublished: "it is active or revoked by now: there is nothing left to vet",
  QueryCatalogueNotVetter: "the consortium must admit this account: `opaline admin admit --role vetter …`",
  QueryCatalogueOwnOrganisation:
    "nobody vets a query of their own organisation; another organisation's vetter must sign",
  QueryCatalogueUnknown: "no such query: `opaline vetter list` lists all that are published",
  QuerySmartContractAgreementNotAccepted: "accept first: `opaline querier accept --query …`",
  QuerySmartContractDatasetOfOtherStudy:
    "a --dataset is not of the query's study: `opaline data-owner datasets --study …`",
  QuerySmartContractDeadlineNotReached: ({ deadlineBlock }) => `wait for block ${deadlineBlock}, then repeat`,
  QuerySmartContractStopped: "the consortium has stopped requests and answers for now; try again later",
  QuerySmartContractInactiveQuery: "the query was revoked",
  QuerySmartContractMissingPurpose: "the consortium must admit this querier with the study's --purpose",
  QuerySmartContractNotOpen: "the request has ended already: `opaline querier answer --request …`",
  QuerySmartContractNotQuerier: "the consortium must admit this account: `opaline admin admit --role querier …`",
  QuerySmartContractInvalidRecipient: "--seal-to takes compressed secp256k1 public keys; `create-key` prints yours",
  QuerySmartContractRecipientCount: "--seal-to is given at most 16 times",
  QuerySmartContractUnknownRequest: "no such request of this query",
  StudyRegistryAlreadyRegistered: "a study with this name and schema exists; use it, or choose another --name",
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
