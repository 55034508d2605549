/** A study as the chain has it, its schema parsed. */
import { type Policy, type Study, studyRegistry } from "#chain";
import { CodedError, isCoded } from "#errors";
import type { Permits } from "#messages";
import { type StudySchema, parseSchema } from "#schema";
import type { Connection } from "./connection.ts";

export interface OpenStudy {
  readonly studyId: string;
  readonly study: Study;
  readonly policy: Policy;
  readonly schema: StudySchema;
  /** What queries may use of it. */
  readonly permits: Permits;
}

/** The schema's text comes from the registration's event; its hash is checked against the study's. */
export async function openStudy({ deployment, provider }: Connection, studyId: string): Promise<OpenStudy> {
  const registry = studyRegistry(deployment, provider);
  const study = await registry.study(studyId);
  const policy = await registry.policy(studyId);
  const schema = parseSchema(await registry.schemaText(provider, studyId));
  const permits = { closedSite: policy.closedSite, fieldRules: await registry.fieldRules(studyId, policy) };
  return { studyId, study, policy, schema, permits };
}

/** Lists are filtered by a study's id: of a mistyped one the list would merely be empty. @throws CodedError STUDY_UNKNOWN */
export async function requireStudy({ deployment, provider }: Connection, studyId: string): Promise<void> {
  try {
    await studyRegistry(deployment, provider).study(studyId);
  } catch (error) {
    if (!isCoded(error, "CHAIN_REVERTED")) throw error;
    throw new CodedError({ code: "STUDY_UNKNOWN", studyId }, `no such study: ${studyId}`, { cause: error });
  }
}

/** Pages of a registry's list, until all are read. */
export async function readAll(
  count: Promise<number>,
  page: (offset: number, limit: number) => Promise<string[]>,
): Promise<string[]> {
  const total = await count;
  const found: string[] = [];
  while (found.length < total) {
    const more = await page(found.length, PAGE);
    if (more.length === 0) break; // the node's answers do not fit together
    found.push(...more);
  }
  return found;
}

/** The registries give no more at once. */
const PAGE = 100;
