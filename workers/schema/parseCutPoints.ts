/** What filters may compare a field with: `cutPoints` and `search`. */
import type { JsonNode } from "./jsonNode.ts";
import type { NumericRange } from "./parseNumericRange.ts";
import { readScaled } from "./parseNumericRange.ts";
import { schemaError } from "./schemaError.ts";

const MAX_CUT_POINTS = 1_024;
const WHOLE_DAYS = { type: "integer", decimals: 0 } as const;

export function parseCutPoints(node: JsonNode | undefined, range: NumericRange): bigint[] {
  if (node === undefined) return [];
  const cuts = node.isList() ? node.list().map((item) => readScaled(item, range)) : parseSteps(node, range);
  if (cuts.length > MAX_CUT_POINTS) {
    throw schemaError("SCHEMA_BAD_CUT_POINTS", node.path, `gives more than ${MAX_CUT_POINTS} cut-points`);
  }
  cuts.forEach((cut, index) => {
    const previous = cuts[index - 1];
    if (previous !== undefined && cut <= previous) {
      throw schemaError("SCHEMA_BAD_CUT_POINTS", node.path, "must be strictly ascending");
    }
    // [x >= minimum] is validity again, [x >= c] above the maximum is zero: neither says anything.
    if (cut <= range.minimum || cut > range.maximum) {
      throw schemaError("SCHEMA_BAD_CUT_POINTS", node.path, "must be above the minimum and at most the maximum");
    }
  });
  return cuts;
}

/** `{from, to, step}`: from, from + step, … up to and including to. A date's step counts days. */
function parseSteps(node: JsonNode, range: NumericRange): bigint[] {
  const object = node.object(["from", "to", "step"]);
  const from = readScaled(object.required("from"), range);
  const to = readScaled(object.required("to"), range);
  const stepNode = object.required("step");
  const step = readScaled(stepNode, range.type === "date" ? WHOLE_DAYS : range);
  if (step <= 0n) throw schemaError("SCHEMA_BAD_CUT_POINTS", stepNode.path, "must be above 0");
  const count = to < from ? 0n : (to - from) / step + 1n;
  // One more than allowed is enough for the caller to refuse, and keeps a tiny step from filling memory.
  const length = Number(count > MAX_CUT_POINTS ? MAX_CUT_POINTS + 1 : count);
  return Array.from({ length }, (_, index) => from + BigInt(index) * step);
}

const SEARCHES = ["none", "cutPoints", "digits"] as const;
type Search = (typeof SEARCHES)[number];

/** Nothing, the cut-points, or any threshold. */
export function parseSearch(node: JsonNode | undefined, cutPoints: readonly bigint[]): Search {
  if (node === undefined) return cutPoints.length > 0 ? "cutPoints" : "none";
  const search = SEARCHES.find((known) => known === node.text());
  if (search === undefined) {
    throw schemaError("SCHEMA_WRONG_TYPE", node.path, "must be none, cutPoints or digits");
  }
  if (search === "none" && cutPoints.length > 0) {
    throw schemaError(
      "SCHEMA_BAD_CUT_POINTS",
      node.path,
      "is none, but the field has cut-points; leave one of them out",
    );
  }
  if (search === "cutPoints" && cutPoints.length === 0) {
    throw schemaError("SCHEMA_BAD_CUT_POINTS", node.path, "is cutPoints, but the field has none; declare cutPoints");
  }
  return search;
}
