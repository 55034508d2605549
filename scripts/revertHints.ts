/**
 * What to do when a contract refuses: one line per custom error that people meet. The contract's own name and arguments
 * stay in the message; this is added to it.
 */
import type { ChainErrorDetail } from "#chain";

type Arguments = Readonly<Record<string, string>>;

/** What a study's policy must be, by the field that is not. */
const POLICY_FIELDS: Readonly<Record<string, string>> = {
  k: "--k is at least 5",
  vettings: "--vettings is at least --vetting-organisations, and at most 64",
  vettingOrganisations: "--vetting-organisations is at least 2",
  minimumThreshold: "--minimum-threshold is 1 to 3",
  price: "--price-ether is too large",
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
  AccessManagedUnauthorized: "only the consortium may do this: sign with its --keystore",
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
  EscrowNothingToWithdraw: "nothing is owed to this account",
  MemberRegistryAlreadyAdmitted:
    "its credential is still valid: give a later --expires and the same --organisation to prolong it",
  MemberRegistryAlreadyRevoked: "it was revoked before; nothing is left to do",
  MemberRegistryFingerprintInUse: "another member has this TLS certificate; every member has its own",
  MemberRegistryInvalidExpiry: "--expires must be in the future",
  MemberRegistryMissingField: ({ field = "" }) => own(MEMBER_FIELDS, field),
  MemberRegistryNotMember: "the account was never admitted to this role; check --role and --account",
  QueryCatalogueAlreadyPublished: "this very query is published already; `opaline vetter list` shows it",
  QueryCatalogueAlreadyRevoked: "it was revoked before; nothing is left to do",
  QueryCatalogueAlreadyVetted:
    "this vetter has rejected the query, which is final, or has approved it for as long: give a later --valid-until",
  QueryCatalogueClosed: "it was superseded or revoked: there is nothing left to vet",
  QueryCatalogueInvalidSuccessor: "--successor is another query of the same study",
  QueryCatalogueInvalidValidity: "--valid-until is a day from today on, at most three years ahead",
  QueryCatalogueNotActive:
    "a query is superseded once it was active, by one that takes requests now: `opaline querier show --query …`",
  QueryCatalogueNotAuthor:
    "only an admitted querier or vetter may publish, comment on or supersede its queries: `opaline admin admit …`",
  QueryCatalogueNotAuthorOf:
    "this account did not publish the query: its author signs, or the consortium with `opaline admin supersede-query`",
  QueryCatalogueNotVetter: "the consortium must admit this account: `opaline admin admit --role vetter …`",
  QueryCatalogueOwnOrganisation:
    "nobody vets a query of their own organisation; another organisation's vetter must sign",
  QueryCatalogueUnknown: "no such query: `opaline vetter list` lists all that are published",
  QuerySmartContractAgreementNotAccepted: "accept first: `opaline querier accept --query …`",
  QuerySmartContractDatasetOfOtherStudy:
    "a --dataset is not of the query's study: `opaline data-owner datasets --study …`",
  QuerySmartContractDeadlineNotReached: ({ deadlineBlock }) => `wait for block ${deadlineBlock}, then repeat`,
  QuerySmartContractInactiveQuery:
    "it was revoked or superseded, or its vettings have lapsed: `opaline querier show --query …`",
  QuerySmartContractMissingPurpose: "the consortium must admit this querier with the study's --purpose",
  QuerySmartContractNotOpen: "the request has ended already: `opaline querier answer --request …`",
  QuerySmartContractNotQuerier: "the consortium must admit this account: `opaline admin admit --role querier …`",
  QuerySmartContractInvalidRecipient: "--seal-to takes compressed secp256k1 public keys; `create-key` prints yours",
  QuerySmartContractRecipientCount: "--seal-to is given at most 16 times",
  QuerySmartContractUnknownRequest: "no such request of this query",
  StudyRegistryAlreadyRegistered: "a study with this name and schema exists; use it, or choose another --name",
  StudyRegistryInvalidPolicy: ({ field = "" }) => own(POLICY_FIELDS, field),
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
