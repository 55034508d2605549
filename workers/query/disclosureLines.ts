/**
 * The manifest's section on the gate: every set of patients this query is tested on, and what a failed test hides or
 * refuses. It says what the workers do (docs/query-language.md, "The gate"), for a reader who knows no code.
 */
import type { StudySchema } from "../schema/studySchema.ts";
import { isTwoValued } from "./disclosedSets.ts";
import { listed, quote } from "./manifestText.ts";
import type { Measure } from "./measures.ts";

interface DisclosureFacts {
  readonly schema: StudySchema;
  readonly filters: readonly unknown[];
  readonly selection: { readonly axes: readonly unknown[]; readonly measures: readonly Measure[] };
  readonly cost: { readonly cells: number };
}

export function disclosureLines(facts: DisclosureFacts): string[] {
  return [
    "  Before any number opens, the workers test how many patients each of these sets has, without learning it. k is the",
    "  smallest number that the study's policy discloses, and never below 5.",
    ...setLines(facts),
    ...cohortLines(facts),
    ...hiddenLines(facts),
    ...missingLines(facts),
    ...historyLines(facts),
    "  Not tested: combinations of more than three sets, and what the querier knows from elsewhere.",
  ];
}

function setLines({ schema, filters, selection, cost }: DisclosureFacts): string[] {
  const whole = filters.length === 0 ? "  - the whole table, which needs no test of its own" : "  - the cohort";
  const cells = isGrouped(selection) ? [`  - each of the ${cost.cells} cells`] : [];
  const within = isGrouped(selection) ? "each cell" : "the cohort";
  const present = fieldsOf(selection.measures, "n").map(
    (field) => `  - in ${within}, the patients whose ${nameOf(schema, field)} is present`,
  );
  const counted = twoValued(selection.measures, schema).map((field) => {
    const name = nameOf(schema, field);
    return `  - in ${within}, the patients with each value of ${name}: it has two, and its sum is a table of two counts`;
  });
  return [whole, ...cells, ...present, ...counted];
}

/** What ends a request; without WHERE nothing does. */
function cohortLines({ filters }: DisclosureFacts): string[] {
  if (filters.length === 0) return [];
  return [
    '  The request is refused, with the one reason "too small or too close to an earlier answer", unless the cohort has at',
    "  least k patients, leaves at least k of all, and has at least k besides those of each one of several data owners.",
  ];
}

function hiddenLines({ schema, selection, cost }: DisclosureFacts): string[] {
  const { measures } = selection;
  const others = fieldsOf(measures, "n").length + twoValued(measures, schema).length;
  if (!isGrouped(selection) && others === 0) return [];
  const empty = isGrouped(selection)
    ? `  A cell or set of no patients is shown as such only if the cohort has at least k patients for each of the ${cost.cells} cells.`
    : "  A set of no patients is shown as such.";
  return [
    "  Any other of these sets is hidden, with every sum over it, if it has 1 to k-1 patients, or 1 to k-1 besides those of",
    "  one of several data owners.",
    empty,
    "  More may be hidden, so that nothing hidden can be computed from what is shown, earlier answers included.",
  ];
}

/** Which numbers of missing values a reader can compute. */
function missingLines({ schema, selection }: DisclosureFacts): string[] {
  const { measures } = selection;
  const fields = fieldsOf(measures, "n").map((field) => nameOf(schema, field));
  if (fields.length === 0 || !measures.some(({ kind }) => kind === "rows")) return [];
  const where = isGrouped(selection) ? "in each cell that is shown" : "in the cohort";
  return [`  How many patients ${where} have no ${listed(fields, "or")} can be computed, however few they are.`];
}

function historyLines({ filters }: DisclosureFacts): string[] {
  const consequence = filters.length === 0 ? "is hidden" : "is hidden; a cohort is refused";
  return [
    "  Each set is compared with all patients and with every set that earlier answers on the same data disclosed, whoever",
    `  asked: one that differs in 1 to k-1 patients from another, or from two of the last 64 together, ${consequence}.`,
    "  A set whose conditions are those of an earlier one, on the same data, is not tested again.",
  ];
}

function isGrouped({ axes }: DisclosureFacts["selection"]): boolean {
  return axes.length > 0;
}

function fieldsOf(measures: readonly Measure[], kind: "n" | "sum"): number[] {
  return measures.flatMap((measure) => (measure.kind === kind ? [measure.field] : []));
}

function twoValued(measures: readonly Measure[], schema: StudySchema): number[] {
  return fieldsOf(measures, "sum").filter((field) => isTwoValued(schema.fields[field]));
}

function nameOf(schema: StudySchema, field: number): string {
  return quote(schema.fields[field]!.name);
}
