/**
 * The disclosure manifest: one page of plain English that says exactly which sums, of which sets of rows, leave the
 * computation. Vetters sign its hash with the query, so its text is a function of the query and the schema alone.
 *
 * Every name and text that comes from a schema or a query is quoted with control characters escaped: none can imitate a
 * line of the manifest.
 */
import type { ParameterBound } from "../messages/descriptor.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import { formatParameter } from "./bindParameters.ts";
import { clauseLines } from "./cohortText.ts";
import { disclosureLines, mergedField } from "./disclosureLines.ts";
import { listed, quote } from "./manifestText.ts";
import type { QueryCost } from "./queryCost.ts";
import type { Selection } from "./selectColumns.ts";
import { axisText, columnText, measureText } from "./statisticText.ts";

export interface ManifestFacts {
  readonly schema: StudySchema;
  readonly selection: Selection;
  readonly bounds: readonly ParameterBound[];
  readonly cost: QueryCost;
  /** The largest |sum| over maxRows rows. */
  readonly worstCase: bigint;
  readonly maxRows: bigint;
}

export function writeManifest(facts: ManifestFacts): string {
  const { schema } = facts;
  const sections = [
    [
      `Disclosure manifest of a query over the table ${quote(schema.table)}`,
      `Study schema ${quote(schema.name)}, hash ${schema.hash}`,
    ],
    ["Who is counted (the cohort)", ...cohortLines(facts)],
    ["Parameters the querier chooses", ...parameterLines(facts)],
    ["Cells", ...cellLines(facts)],
    [`What leaves the computation${facts.selection.axes.length > 0 ? ", for every cell" : ""}`, ...outputLines(facts)],
    ["What the answer shows, finished in public from these numbers", ...columnLines(facts)],
    ["Disclosure control", ...disclosureLines(facts)],
    ["Size", ...sizeLines(facts)],
  ];
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function cohortLines({ schema, bounds, selection: { clauses } }: ManifestFacts): string[] {
  if (clauses.length === 0) return ["  Every patient of the study's datasets."];
  return [
    '  Patients for whom all of the following hold. A missing value satisfies only "is missing".',
    ...clauses.flatMap((clause) => clauseLines({ schema, bounds }, clause, "  ")),
  ];
}

function parameterLines({ bounds, schema }: ManifestFacts): string[] {
  if (bounds.length === 0) return ["  None."];
  return bounds.map((bound) => {
    const field = schema.fields[bound.field]!;
    const show = (value: bigint): string => {
      const text = formatParameter(bound, value, field);
      return field.type === "category" ? quote(text) : text;
    };
    const type =
      field.type === "category"
        ? "a category"
        : { integer: "a whole number", number: "a number", date: "a date" }[field.type];
    const unit = field.type !== "category" && field.unit !== undefined ? ` in ${quote(field.unit)}` : "";
    const values =
      field.type === "category"
        ? listed(field.categories.map(quote), "or")
        : bound.allowed.length > 0
          ? `one of ${bound.allowed.length} values: ${listed(bound.allowed.map(show), "or")}`
          : `any value from ${show(bound.minimum)} to ${show(bound.maximum)}`;
    return `  :${bound.name} - ${type} like ${quote(field.name)}${unit}; ${values}`;
  });
}

function cellLines({ selection, schema, bounds, cost }: ManifestFacts): string[] {
  if (selection.axes.length === 0) return ["  One: the cohort as a whole."];
  const lines = selection.axes.map((axis) => `  - ${axisText({ schema, bounds }, axis)}`);
  return [`  ${cost.cells}: every combination of`, ...lines, ...mergedLines(schema, mergedField(selection))];
}

function mergedLines(schema: StudySchema, field: number | undefined): string[] {
  if (field === undefined) return [];
  return [
    `  Before anything opens, neighbouring intervals of ${quote(schema.fields[field]!.name)} are merged, for each number by itself and alike in all`,
    "  other cells, until none counts few patients (below). Everybody sees which were merged.",
  ];
}

function outputLines({ selection, schema, bounds, cost }: ManifestFacts): string[] {
  const whole = selection.axes.length > 0 ? "the cell's patients of the cohort" : "the cohort's patients";
  const lines = selection.measures.map(
    (measure, index) => `  ${index + 1}. ${measureText({ schema, bounds }, measure, whole)}`,
  );
  const table = selection.axes.length > 0 ? `${cost.cells} cells x ${selection.measures.length} sums = ` : "";
  const groups =
    selection.axes.length > 0 && mergedField(selection) === undefined
      ? [
          "  Cells without patients are left out of the answer; where their zeros may not be shown, they are hidden cells.",
        ]
      : [];
  return [
    ...lines,
    `  In all ${table}${cost.openedValues} ${cost.openedValues === 1 ? "number" : "numbers"}, but for those that are hidden (below). No row, and nothing about one patient by name, leaves.`,
    ...groups,
  ];
}

function columnLines({ selection, schema, bounds }: ManifestFacts): string[] {
  return selection.columns.map(
    (column) => `  - ${quote(column.name)}: ${columnText({ schema, bounds }, column, selection)}`,
  );
}

function sizeLines({ cost, worstCase, maxRows }: ManifestFacts): string[] {
  const bits = worstCase.toString(2).length;
  return [
    `  No opened number can exceed 2^${bits} in size for up to ${maxRows} rows; the field reads sums below 2^252 exactly.`,
    `  ${cost.products} multiplications per row, ${cost.rounds} rounds of messages.`,
  ];
}
