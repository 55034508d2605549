/** The life of one query on a local network: published, vetted by every vetter, accepted, asked. */
import type { AnswerReport } from "../querier/answerReport.ts";
import { command as accept } from "../querier/accept.ts";
import { command as publish } from "../querier/publish.ts";
import { command as request } from "../querier/request.ts";
import { command as sign } from "../vetter/sign.ts";
import type { LocalMember } from "./localMembers.ts";
import type { LocalNetwork } from "./localNetwork.ts";

export const AGREEMENT = "For the study's purposes only; no attempt to identify anyone.";

/** @returns the query hash */
export async function publishQuery(network: LocalNetwork, sql: string): Promise<string> {
  const options = {
    ...network.optionsOf(network.querier),
    study: network.studyId,
    sql,
    sqlFile: undefined,
    agreement: AGREEMENT,
  };
  return (await publish.handler(options, network.context)).queryHash;
}

/** One approval. */
export async function signQuery(network: LocalNetwork, query: string, vetter: LocalMember): Promise<void> {
  const options = { ...network.optionsOf(vetter), query, name: `Expert of ${vetter.organisation}`, meaning: undefined };
  await sign.handler({ ...options, reject: false }, network.context);
}

export async function acceptAgreement(
  network: LocalNetwork,
  query: string,
  querier: LocalMember = network.querier,
): Promise<void> {
  const meaning = "I have read the agreement and accept it";
  const options = { ...network.optionsOf(querier), query, name: "Dr R. Searcher", meaning };
  await accept.handler(options, network.context);
}

/** Publishes, has every vetter sign, and accepts. @returns the query hash, ready to be asked */
export async function openVettedQuery(network: LocalNetwork, sql: string): Promise<string> {
  const query = await publishQuery(network, sql);
  for (const vetter of network.vetters) await signQuery(network, query, vetter);
  await acceptAgreement(network, query);
  return query;
}

export type DemoParameters = Readonly<Record<string, string | number>>;

export interface Ask {
  readonly parameters?: DemoParameters;
  readonly wait?: boolean;
  /** Who asks; the network's querier by default. */
  readonly querier?: LocalMember;
  /** `me` or public keys, which alone can read the answer. */
  readonly sealTo?: readonly string[];
}

export function askQuery(network: LocalNetwork, query: string, ask: Ask = {}): Promise<AnswerReport> {
  const { parameters = {}, wait = true, querier = network.querier, sealTo = [] } = ask;
  const parameter = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  const options = { ...network.optionsOf(querier), query, parameter, dataset: [], sealTo: [...sealTo], wait };
  return request.handler(options, network.context);
}
