/**
 * Check 4 of queryPlan.ts: what the study's policy says of a request. Its k, who may read the answer, and whether the catalogue had
 * to take the query.
 */
import type { QueryRequested } from "../chain/queryEvents.ts";
import { type Policy, type StudyRegistry, policyHash } from "../chain/studyRegistry.ts";
import { LEAST_K, LEAST_SEALED_K, MOST_K } from "../disclosure/preparedRequest.ts";
import { NO_FIELD_RULES } from "../messages/fieldRules.ts";
import { recipientsFault, recipientsHash } from "../messages/sealedAnswer.ts";
import { ReleaseClass, ZERO_HASH } from "../messages/statement.ts";
import { type Forbidden, forbiddenUse } from "../query/permittedFields.ts";
import { refuse } from "./planRefusal.ts";
import type { VettedQuery } from "./vettedQueries.ts";

/** How small a set may be that is disclosed. */
export interface LeastSets {
  /** To the readers of the release class. */
  readonly k: number;
  /** Where that is a k of SEALED answers alone: the one of PUBLIC answers, which holds together with others. */
  readonly jointK?: number;
}

/** Whether the answer's readers are those of its class. @throws CodedError PLAN_REFUSED */
export function checkRelease(event: QueryRequested): void {
  const { context, recipients } = event;
  if (context.releaseClass === ReleaseClass.PUBLIC) {
    if (recipients.length > 0 || context.recipientsHash !== ZERO_HASH)
      refuse(event, "a PUBLIC answer has no recipients");
    return;
  }
  const fault = recipientsFault(recipients);
  if (fault !== undefined) refuse(event, `the recipients of the sealed answer are not usable: ${fault}`);
  if (recipientsHash(recipients) !== context.recipientsHash) refuse(event, "the recipients are not the context's");
}

/** The policy's, or what owners made stricter. @throws CodedError PLAN_REFUSED */
export function readK(event: QueryRequested, policy: Policy): LeastSets {
  const { k, context } = event;
  const isOwnK = context.releaseClass === ReleaseClass.SEALED && policy.sealedK !== 0;
  const least = isOwnK ? policy.sealedK : policy.k;
  const raised = isOwnK ? { ...policy, k: Math.max(policy.k, k), sealedK: k } : { ...policy, k };
  // An owner may be stricter than the study, never more generous; the hash binds the event's word.
  if (k < least || k > MOST_K || policyHash(raised) !== context.policyHash) {
    refuse(event, "the policy is not the study's");
  }
  if (!isOwnK) return { k: Math.max(k, LEAST_K) };
  return { k: Math.max(k, LEAST_SEALED_K), jointK: Math.max(raised.k, LEAST_K) };
}

/** Whether the query is one that the catalogue had to take. @throws CodedError PLAN_REFUSED | CHAIN_* */
export async function checkPermitted(
  event: QueryRequested,
  { descriptor, bounds, schema }: VettedQuery,
  policy: Policy,
  studies: Pick<StudyRegistry, "fieldRules">,
): Promise<void> {
  const { closedSite, fieldRulesHash } = policy;
  const isUnruled = fieldRulesHash === ZERO_HASH;
  const fieldRules = isUnruled ? NO_FIELD_RULES : await studies.fieldRules(event.context.studyId, policy);
  const forbidden = forbiddenUse(descriptor, bounds, { closedSite, fieldRules });
  if (forbidden === undefined) return;
  const name = schema.fields[forbidden.field]?.name ?? `field ${forbidden.field}`;
  refuse(event, `the policy does not let a query ${FORBIDDEN[forbidden.kind]} ${name}`);
}

const FORBIDDEN: Readonly<Record<Forbidden["kind"], string>> = {
  site: "use, as the site,",
  use: "use so",
  cut: "cut so finely",
  bind: "cut so",
};
