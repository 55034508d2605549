/**
 * The disclosure manifest: one page of plain English that says exactly which sums, of which sets of rows, leave the
 * computation. Vetters sign its hash with the query, so its text is a function of the query and the schema alone.
 *
 * Every name and text that comes from a schema or a query is quoted with control characters escaped: none can imitate a
 * line of the manifest.
 */
import type { Column, ParameterBound } from "../messages/descriptor.ts";
import { Finish } from "../messages/descriptor.ts";
import type { SchemaField, StudySchema } from "../schema/studySchema.ts";
import { formatFieldValue } from "../schema/values.ts";
import { formatParameter } from "./bindParameters.ts";
import { disclosureLines } from "./disclosureLines.ts";
import type { End, Filter } from "./filters.ts";
import { listed, quote } from "./manifestText.ts";
import type { Measure } from "./measures.ts";
import type { QueryCost } from "./queryCost.ts";
import type { Selection } from "./selectColumns.ts";
import { AGGREGATE_NAMES } from "./selectColumns.ts";

export interface ManifestFacts {
  readonly schema: StudySchema;
  readonly filters: readonly Filter[];
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

function cohortLines({ filters, schema, bounds }: ManifestFacts): string[] {
  if (filters.length === 0) return ["  Every patient of the study's datasets."];
  return [
    '  Patients for whom all of the following hold. A missing value satisfies only "is missing".',
    ...filters.map((filter) => `  - ${describeFilter(filter, schema, bounds)}`),
  ];
}

function describeFilter(filter: Filter, schema: StudySchema, bounds: readonly ParameterBound[]): string {
  const field = schema.fields[filter.field]!;
  const name = quote(field.name);
  const end = (at: End): string => ("parameter" in at ? `:${bounds[at.parameter]!.name}` : valueText(field, at.value));
  switch (filter.kind) {
    case "present":
      return `${name} is present`;
    case "missing":
      return `${name} is missing`;
    case "categories":
      return `${name} is ${listed(
        filter.indices.map((index) => lineText(field, index)),
        "or",
      )}`;
    case "oneOf": {
      const members = listed(filter.members.map(end), "or");
      return filter.negated ? `${name} is present and is not ${members}` : `${name} is ${members}`;
    }
    case "intervals": {
      const ranges = filter.intervals.map(([lo, hi]) => describeRange(field, { value: lo }, { value: hi }, end));
      return `${name} is ${listed(ranges, "or")}`;
    }
    case "range":
      if (!filter.negated) return `${name} is ${describeRange(field, filter.lo, filter.hi, end)}`;
      if (isMaximum(field, filter.hi)) return `${name} is below ${end(filter.lo)}`;
      if (isMinimum(field, filter.lo)) return `${name} is above ${end(filter.hi)}`;
      return `${name} is present and is not ${describeRange(field, filter.lo, filter.hi, end)}`;
  }
}

function describeRange(field: SchemaField, lo: End, hi: End, end: (at: End) => string): string {
  if (end(lo) === end(hi)) return end(lo);
  if (isMaximum(field, hi)) return `at least ${end(lo)}`;
  if (isMinimum(field, lo)) return `at most ${end(hi)}`;
  return `from ${end(lo)} to ${end(hi)} (both included)`;
}

function isMinimum(field: SchemaField, at: End): boolean {
  return field.type !== "category" && "value" in at && at.value === field.minimum;
}

function isMaximum(field: SchemaField, at: End): boolean {
  return field.type !== "category" && "value" in at && at.value === field.maximum;
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

function cellLines({ selection, schema, cost }: ManifestFacts): string[] {
  if (selection.axes.length === 0) return ["  One: the cohort as a whole."];
  const lines = selection.axes.map(({ field: index }) => {
    const field = schema.fields[index]!;
    const categories = field.type === "category" ? field.categories : [];
    const all = [...categories.map(quote), ...(field.required ? [] : ["missing"])];
    return `  - ${quote(field.name)}: ${listed(all, "and")}`;
  });
  return [`  ${cost.cells}: every combination of`, ...lines];
}

function outputLines({ selection, schema, cost }: ManifestFacts): string[] {
  const whole = selection.axes.length > 0 ? "the cell's patients of the cohort" : "the cohort's patients";
  const lines = selection.measures.map(
    (measure, index) => `  ${index + 1}. ${describeMeasure(measure, whole, schema)}`,
  );
  const table = selection.axes.length > 0 ? `${cost.cells} cells x ${selection.measures.length} sums = ` : "";
  const groups =
    selection.axes.length > 0
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

function describeMeasure(measure: Measure, whole: string, schema: StudySchema): string {
  if (measure.kind === "rows") return `the number of ${whole}`;
  const name = quote(schema.fields[measure.field]!.name);
  switch (measure.kind) {
    case "n":
      return `the number of ${whole} whose ${name} is present`;
    case "sum":
      return `the sum of ${name} over ${whole} (where present)`;
    case "squares":
      return `the sum of ${name} squared over ${whole} (where present)`;
  }
}

function columnLines({ selection, schema }: ManifestFacts): string[] {
  return selection.columns.map((column) => `  - ${quote(column.name)}: ${describeColumn(column, selection, schema)}`);
}

function describeColumn({ finish, sums }: Column, { axes }: Selection, schema: StudySchema): string {
  if (finish === Finish.GROUP) return `the cell's ${quote(schema.fields[axes[sums[0]!]!.field]!.name)}`;
  const [n, sum, squares] = sums.map((index) => index + 1);
  const deviation = finish === Finish.STDDEV_POP || finish === Finish.STDDEV_SAMP ? "square root of " : "";
  switch (finish) {
    case Finish.COUNT:
      return `number ${n}`;
    case Finish.SUM:
      return `number ${sum} (null when number ${n} is 0)`;
    case Finish.AVG:
      return `number ${sum} / number ${n}`;
    case Finish.VAR_POP:
    case Finish.STDDEV_POP:
      return `${deviation}${AGGREGATE_NAMES[Finish.VAR_POP]} from numbers ${n}, ${sum} and ${squares}`;
    default:
      return `${deviation}${AGGREGATE_NAMES[Finish.VAR_SAMP]} from numbers ${n}, ${sum} and ${squares}`;
  }
}

function sizeLines({ cost, worstCase, maxRows }: ManifestFacts): string[] {
  const bits = worstCase.toString(2).length;
  return [
    `  No opened number can exceed 2^${bits} in size for up to ${maxRows} rows; the field reads sums below 2^252 exactly.`,
    `  ${cost.products} multiplications per row, ${cost.rounds} rounds of messages.`,
  ];
}

/** A category, or "missing" past the last one. */
function lineText(field: SchemaField, index: number): string {
  if (field.type === "category" && index === field.categories.length) return "missing";
  return valueText(field, BigInt(index));
}

function valueText(field: SchemaField, value: bigint): string {
  const text = formatFieldValue(field, value);
  return field.type === "category" ? quote(text) : text;
}
