/** `opaline querier schema`: what a study's table has, and what its fields may be compared with, before a query is written. */
import { FieldUse, type Permits, usesOf } from "#messages";
import { permittedSchema } from "#query";
import { type SchemaField, formatFieldValue } from "#schema";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { purposeText } from "../purposes.ts";
import { readBytes32 } from "../readOption.ts";
import { openStudy, requireStudy } from "../study.ts";

export const command = defineCommand({
  command: "querier schema",
  describe: "Show a study's table: its fields, their values, and what they may be compared with",
  examples: [["querier schema --study 0x…", "what a query can be about"]],
  options: { ...networkOptions, study: { type: "string", describe: "Study id", required: true } },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    return withNetwork(options, context, async (connection) => {
      await requireStudy(connection, studyId);
      const { study, policy, schema, permits } = await openStudy(connection, studyId);
      return {
        ...{ study: study.name, studyId, table: schema.table, purposes: policy.purposes.map(purposeText).join("; ") },
        fields: permittedSchema(schema, permits).fields.map((field, index) => ({
          ...describeField(field),
          ...describePermission(permits, index),
        })),
      };
    });
  },
});

/** Nothing where the policy says nothing. */
function describePermission({ closedSite, fieldRules }: Permits, index: number): { readonly permitted?: string } {
  if (index + 1 === closedSite) return { permitted: "nothing: it is the site" };
  if (fieldRules.uses === "0x") return {};
  const uses = usesOf(fieldRules, index);
  const kinds = [uses & FieldUse.SPLIT ? "conditions and groups" : "", uses & FieldUse.SUM ? "sums" : ""];
  return { permitted: kinds.filter((kind) => kind !== "").join(", ") || "nothing" };
}

interface FieldDescription {
  readonly name: string;
  readonly type: SchemaField["type"];
  readonly values: string;
  readonly missing: string;
  readonly compare: string;
}

function describeField(field: SchemaField): FieldDescription {
  const missing = field.required ? "never missing" : "may be missing";
  const { name, type } = field;
  if (field.type === "category")
    return { name, type, values: field.categories.join(", "), missing, compare: "any value" };
  const { minimum, maximum, cutPoints, digits, unit } = field;
  const text = (value: bigint): string => formatFieldValue(field, value);
  const bounds = `${text(minimum)} to ${text(maximum)}${unit === undefined ? "" : ` ${unit}`}`;
  const compare =
    digits > 0 ? "any value" : cutPoints.length === 0 ? "nothing" : `at ${cutPoints.map(text).join(", ")}`;
  return { name, type, values: bounds, missing, compare };
}

if (import.meta.main) await runAlone(command);
