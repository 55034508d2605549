/** A published query as the chain has it, and as its SQL text compiles today: equal, or not to be trusted. */
import { type Publication, type Query, QueryState, queryCatalogue } from "#chain";
import { type Descriptor, type ParameterBound, decodeBounds, decodeDescriptor } from "#messages";
import { compileQuery, queryHash as hashQuery } from "#query";
import { type StudySchema, formatFieldValue } from "#schema";
import type { Connection } from "./connection.ts";
import { type OpenStudy, openStudy } from "./study.ts";

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

/** Whether the published SQL compiles to exactly the published hash: descriptor, bounds and manifest included. */
export async function recompiles({ queryHash, publication, study }: OpenQuery): Promise<boolean> {
  const { sql, agreement } = publication;
  const compiled = await compileQuery(sql, study.schema);
  const { descriptorBytes, boundsBytes, manifest } = compiled;
  return hashQuery(study.schema.hash, descriptorBytes, sql, boundsBytes, manifest, agreement) === queryHash;
}

/** A query's state by name. */
export function stateName(state: QueryState): string {
  return Object.entries(QueryState).find(([, value]) => value === state)![0];
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
    const schemaField = schema.fields[field]!;
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
