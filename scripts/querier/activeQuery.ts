/** A query that may be asked: vetted, neither lapsed nor superseded nor revoked, and with a contract of its own. */
import { chainTime } from "#chain";
import { CodedError } from "#errors";
import type { Connection } from "../connection.ts";
import { type OpenQuery, instantText, newestSuccessor, openQuery, standingOf } from "../query.ts";

export type QuerierErrorDetail =
  | { readonly code: "QUERY_NOT_ACTIVE"; readonly queryHash: string; readonly state: string }
  /** The hash of a query binds the schema, not the study: the same texts are one query, of the study that had it first. */
  | { readonly code: "QUERY_ALREADY_PUBLISHED"; readonly queryHash: string; readonly studyId: string }
  | { readonly code: "QUERY_NO_DATASETS"; readonly studyId: string }
  | { readonly code: "QUERY_PARAMETER_FORM"; readonly parameter: string }
  | { readonly code: "REQUEST_UNKNOWN"; readonly requestId: string }
  /** Past its deadline; `querier expire` gets the price back. */
  | { readonly code: "REQUEST_OVERDUE"; readonly requestId: string; readonly deadlineBlock: string }
  /** The parameters describe no patient at all; nothing was sent. */
  | { readonly code: "REQUEST_EMPTY_SET"; readonly queryHash: string }
  /** With these parameters the gate could not tell which sets are disclosed, or too many are; nothing was sent. */
  | { readonly code: "REQUEST_UNTOLD_SETS"; readonly queryHash: string }
  /** Not answered yet. */
  | { readonly code: "REQUEST_PENDING"; readonly requestId: string; readonly deadlineBlock: string }
  /** Sealed to others than the key that was given. */
  | { readonly code: "ANSWER_NOT_RECIPIENT"; readonly requestId: string }
  /** Workers publish the keys of a sealed answer after it; some have not yet. */
  | { readonly code: "ANSWER_KEYS_PENDING"; readonly requestId: string }
  /** The outputs in the event are not those the contract stored. */
  | { readonly code: "ANSWER_MISMATCH"; readonly requestId: string };

/** @throws CodedError QUERY_NOT_ACTIVE, saying where it stands and what to do */
export async function openActiveQuery(connection: Connection, queryHash: string): Promise<OpenQuery> {
  const open = await openQuery(connection, queryHash);
  const state = standingOf(open.query, await chainTime(connection.provider));
  if (state === "ACTIVE") return open;
  throw new CodedError<QuerierErrorDetail>(
    { code: "QUERY_NOT_ACTIVE", queryHash, state },
    `query ${queryHash} cannot be requested: ${await whyNot(connection, open, state)}`,
  );
}

async function whyNot(connection: Connection, { query, study }: OpenQuery, state: string): Promise<string> {
  if (state === "REVOKED") return "it was revoked";
  if (state === "SUPERSEDED") {
    const newest = await newestSuccessor(connection, query);
    return `it was superseded by ${newest}; see \`opaline querier show --query ${newest}\``;
  }
  const { vettings, vettingOrganisations } = study.policy;
  if (state === "LAPSED") {
    const asked = `${vettings} vetters of ${vettingOrganisations} organisations`;
    return `its vettings lapsed at ${instantText(query.activeUntil)}; ${asked} can prolong it with \`opaline vetter sign\``;
  }
  const { approvals, organisations } = query;
  return `it has ${approvals} of ${vettings} approvals, from ${organisations} of ${vettingOrganisations} organisations`;
}
