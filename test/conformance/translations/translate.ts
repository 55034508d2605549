/** The kinds of reference queries. A further one is a line in this table and a file beside it. */
import type { ReferenceQuery } from "../referenceQuery.ts";
import { translateCount } from "./count.ts";
import { translateStats } from "./stats.ts";
import type { Translated, TranslateKind } from "./translation.ts";

const KINDS: Readonly<Record<string, TranslateKind>> = {
  count: translateCount,
  stats: translateStats,
};

/** @throws CodedError CONFORMANCE_BAD_QUERY */
export function translate(query: ReferenceQuery): Translated {
  const kind = Object.hasOwn(KINDS, query.kind) ? KINDS[query.kind] : undefined;
  return kind === undefined ? { unsupported: `the kit knows no kind "${query.kind}"` } : kind(query);
}
