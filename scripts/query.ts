/** A published query as the chain has it, and as its SQL text compiles today: equal, or not to be trusted. */
import { type Publication, type Query, QueryState, queryCatalogue } from "#chain";
import { compileForGate } from "#disclosure";
import { CodedError, isCoded } from "#errors";
import { type Descriptor, type ParameterBound, decodeBounds, decodeDescriptor } from "#messages";
import { compileQuery, describeUnseen, findUnseen, queryHash as hashQuery } from "#query";
import { type StudySchema, formatFieldValue } from "#schema";
import type { Connection } from "./connection.ts";
import { type OpenStudy, openStudy } from "./study.ts";

export interface QueryErrorDetail {
  readonly code: "QUERY_BOUND_FOREIGN";
  readonly parameter: string;
  readonly field: number;
}

export interface OpenQuery {
  readonly queryHash: string;
  readonly query: Query;
  readonly publication: Publication;
  readonly bounds: readonly ParameterBound[];
  readonly study: OpenStudy;
}

export async function openQuery(connection: Connection, queryHash: string): Promise<OpenQuery> {
  const { deployment, provider } = connection;
  const catalogue = queryCatalogue(deployment, provider);
  const query = await catalogue.query(queryHash);
  const publication = await catalogue.publication(provider, queryHash);
  const study = await openStudy(connection, query.studyId);
  return { queryHash, query, publication, bounds: decodeBounds(publication.bounds), study };
}

export async function openDescriptor({ deployment, provider }: Connection, queryHash: string): Promise<Descriptor> {
  return decodeDescriptor(await queryCatalogue(deployment, provider).descriptor(queryHash));
}

/**
 * Whether a vetter may sign: what was published is what its SQL compiles to, every text shows all it holds, and the gate can
 * tell which sets it discloses.
 */
export interface Signability {
  /** The published SQL compiles to exactly the published hash: descriptor, bounds and manifest included. */
  readonly recompiled: boolean;
  /** Why not to sign; empty when there is no reason. */
  readonly problems: readonly string[];
}

export async function checkSignable(open: OpenQuery): Promise<Signability> {
  const { sql, manifest, agreement } = open.publication;
  const texts = { "the SQL text": sql, "the manifest": manifest, "the agreement": agreement };
  const problems = Object.entries(texts).flatMap(([what, text]) => {
    const found = findUnseen(text);
    return found === undefined ? [] : [describeUnseen(what, found)];
  });
  try {
    const recompiled = await recompiles(open);
    if (!recompiled) problems.push("the published hash is not what the SQL text compiles to");
    return { recompiled, problems: [...problems, ...(await gateProblems(open))] };
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { recompiled: false, problems: [...problems, `the SQL text does not compile: ${error.message}`] };
  }
}

async function recompiles({ queryHash, publication, study }: OpenQuery): Promise<boolean> {
  const { sql, agreement } = publication;
  const compiled = await compileQuery(sql, study.schema, { permits: study.permits });
  const { descriptorBytes, boundsBytes, manifest } = compiled;
  // The published manifest is what a vetter reads: it must be the compiled one itself, not only hash alike.
  if (manifest !== publication.manifest) return false;
  return hashQuery(study.schema.hash, descriptorBytes, sql, boundsBytes, manifest, agreement) === queryHash;
}

/** Of a text that compiles. */
async function gateProblems({ publication, study }: OpenQuery): Promise<string[]> {
  try {
    await compileForGate(publication.sql, study.schema, { permits: study.permits });
    return [];
  } catch (error) {
    if (!isCoded(error, "DISCLOSURE_UNSUPPORTED")) throw error;
    return [error.message];
  }
}

export type Standing = keyof typeof QueryState | "LAPSED";

/** A query's state by name; an active one whose vettings have expired is LAPSED. @param time the chain's clock */
export function standingOf({ state, activeUntil }: Pick<Query, "state" | "activeUntil">, time: bigint): Standing {
  if (state === QueryState.ACTIVE && time > activeUntil) return "LAPSED";
  return Object.entries(QueryState).find(([, value]) => value === state)![0] as Standing;
}

/** The query to ask instead of a superseded one: the last of the chain of successors; undefined where there is none. */
export async function newestSuccessor({ deployment, provider }: Connection, query: Query): Promise<string | undefined> {
  const catalogue = queryCatalogue(deployment, provider);
  let newest: string | undefined;
  for (let next = query.successor; next !== undefined; next = (await catalogue.query(next)).successor) newest = next;
  return newest;
}

/** The last that a calendar has; the chain's whole numbers go on. */
const LAST_SECOND = 8_640_000_000_000n;

/** An instant of the chain's clock as ISO 8601; null for 0, which stands for none. What is beyond any calendar stays as it is. */
export function instantText(seconds: bigint): string | null {
  if (seconds > LAST_SECOND) return `${seconds} s`;
  return seconds === 0n ? null : new Date(Number(seconds) * 1_000).toISOString();
}

export interface ParameterDescription {
  readonly name: string;
  readonly field: string;
  readonly minimum: string;
  readonly maximum: string;
  /** The only values accepted, when they are few and listed. */
  readonly allowed: readonly string[];
}

/** Parameters with their bounds, as people write them. */
export function describeParameters(bounds: readonly ParameterBound[], schema: StudySchema): ParameterDescription[] {
  return bounds.map(({ name, field, minimum, maximum, allowed }) => {
    const schemaField = schema.fields[field];
    if (schemaField === undefined) throw foreignBound(name, field);
    const text = (value: bigint): string => formatFieldValue(schemaField, value);
    return {
      name,
      field: schemaField.name,
      minimum: text(minimum),
      maximum: text(maximum),
      allowed: allowed.map(text),
    };
  });
}

function foreignBound(parameter: string, field: number): CodedError<QueryErrorDetail> {
  return new CodedError(
    { code: "QUERY_BOUND_FOREIGN", parameter, field },
    `the bounds of parameter ${parameter} name field ${field}, which the study's schema does not have`,
  );
}
