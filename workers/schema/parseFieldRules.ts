/**
 * Reads the rules on fields of a study's policy from their JSON text: what queries may do with each field, and how finely they may
 * cut it. As strict as `parseSchema.ts`; this folder's README describes the form. A field that is not named may not be used.
 */
import { hexlify } from "ethers";
import type { FieldCuts, FieldRules } from "../messages/fieldRules.ts";
import { FieldUse, MAX_FIELD_RULES_BYTES, fieldRulesBytes } from "../messages/fieldRules.ts";
import type { JsonNode, JsonObject } from "./jsonNode.ts";
import { readJson } from "./jsonNode.ts";
import { readScaled } from "./parseNumericRange.ts";
import { schemaError } from "./schemaError.ts";
import { refuseRepeats } from "./schemaTexts.ts";
import type { NumericField, SchemaField, StudySchema } from "./studySchema.ts";
import { formatFieldValue } from "./values.ts";

/** Sums of fewer values, beside those of products with other fields, tell how many patients have each. */
const LEAST_SUMMED_VALUES = 5n;

const USES = { split: FieldUse.SPLIT, sum: FieldUse.SUM } as const;

interface FieldRule {
  readonly field: number;
  readonly uses: number;
  readonly edges: readonly bigint[] | undefined;
}

/** @throws CodedError SCHEMA_*, with the JSON path */
export function parseFieldRules(text: string, schema: StudySchema): FieldRules {
  const node = readJson(text).object(["fields"]).required("fields");
  const rules = node.list().map((item) => parseRule(item.object(["name", "use", "cutPoints"]), schema));
  if (rules.length === 0) throw badRules(node.path, "permits no field, so no query could use any");
  const names = rules.map(({ field }) => schema.fields[field]!.name);
  refuseRepeats(names, node.path, "SCHEMA_DUPLICATE_NAME");
  const uses = new Uint8Array(schema.fields.length);
  for (const rule of rules) uses[rule.field] = rule.uses;
  const cuts = rules.flatMap(({ field, edges }): FieldCuts[] => (edges === undefined ? [] : [{ field, edges }]));
  const found = { uses: hexlify(uses), cuts: cuts.sort((a, b) => a.field - b.field) };
  const bytes = fieldRulesBytes(found);
  if (bytes <= MAX_FIELD_RULES_BYTES) return found;
  throw badRules(node.path, `has ${bytes} bytes on chain, at most ${MAX_FIELD_RULES_BYTES}; list fewer cut-points`);
}

function parseRule(object: JsonObject, schema: StudySchema): FieldRule {
  const nameNode = object.required("name");
  const name = nameNode.text();
  const index = schema.fields.findIndex((each) => each.name === name);
  const field = schema.fields[index];
  if (field === undefined) throw badRules(nameNode.path, `${JSON.stringify(name)} is no field of the schema`);
  const uses = parseUses(object.required("use"), field);
  const cutNode = object.optional("cutPoints");
  if (cutNode === undefined) {
    const anywhere = field.type !== "category" && uses & FieldUse.SPLIT ? FieldUse.CUT_ANYWHERE : 0;
    if (uses === FieldUse.SUM) refuseFewValues(object, field, []);
    return { field: index, uses: uses + anywhere, edges: undefined };
  }
  if (field.type === "category") throw badRules(cutNode.path, `${name} is a category, which has no cut-points`);
  if ((uses & FieldUse.SPLIT) === 0) throw badRules(cutNode.path, `${name} may not be split, so it has no cut-points`);
  const cuts = parseCuts(cutNode, field);
  if (uses & FieldUse.SUM) refuseFewValues(object, field, cuts);
  return { field: index, uses, edges: [field.minimum, ...cuts, field.maximum + 1n] };
}

/** What may be summed between two cuts is one value, or at least so many that sums do not tell them apart. */
function refuseFewValues(object: JsonObject, field: SchemaField, cuts: readonly bigint[]): void {
  const counts =
    field.type === "category"
      ? [BigInt(field.categories.length)]
      : [...cuts, field.maximum + 1n].map((cut, index) => cut - (cuts[index - 1] ?? field.minimum));
  const few = counts.find((count) => count > 1n && count < LEAST_SUMMED_VALUES);
  if (few === undefined) return;
  const where = cuts.length === 0 ? "" : " between two of its cut-points";
  throw badRules(
    object.required("use").path,
    `${field.name} has ${few} values${where}, which sums tell apart; permit split anywhere with sum, or no sum`,
  );
}

function parseUses(node: JsonNode, field: SchemaField): number {
  const texts = node.list().map((item) => {
    const use = item.text();
    if (use !== "split" && use !== "sum") throw badRules(item.path, "must be split or sum");
    const isOfTexts = field.type === "category" && field.numeric === undefined;
    if (use === "sum" && isOfTexts)
      throw badRules(item.path, `${field.name} is a category of texts, which have no sum`);
    return use;
  });
  refuseRepeats(texts, node.path, "SCHEMA_BAD_FIELD_RULES");
  if (texts.length === 0) throw badRules(node.path, "is empty; leave out a field that may not be used");
  return texts.reduce((sum, use) => sum + USES[use], 0);
}

/** Of the schema's own, ascending: no column tells other values apart. */
function parseCuts(node: JsonNode, field: NumericField): bigint[] {
  const cuts = node.list().map((item) => {
    const cut = readScaled(item, field);
    if (field.cutPoints.includes(cut)) return cut;
    throw badRules(item.path, `${field.name} has no cut-point ${formatFieldValue(field, cut)} in the schema`);
  });
  if (cuts.every((cut, index) => index === 0 || cut > cuts[index - 1]!)) return cuts;
  throw badRules(node.path, "must be strictly ascending");
}

function badRules(path: string, problem: string): Error {
  return schemaError("SCHEMA_BAD_FIELD_RULES", path, problem);
}
