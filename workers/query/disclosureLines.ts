/**
 * The manifest's section on the gate: every set of patients this query is tested on, and what a failed test hides or
 * refuses. It says what the workers do (docs/query-language.md, "The gate"), for a reader who knows no code.
 */
import type { StudySchema } from "../schema/studySchema.ts";
import { isTwoValued } from "./disclosedSets.ts";
import { listed, quote } from "./manifestText.ts";
import type { Measure, Variable } from "./measures.ts";
import { sameVariable } from "./measures.ts";
import type { Selection } from "./selectColumns.ts";
import { isOrdered, valuePosition } from "../messages/valueAxis.ts";

interface DisclosureFacts {
  readonly schema: StudySchema;
  readonly selection: Pick<Selection, "axes" | "clauses" | "measures" | "columns">;
  readonly cost: { readonly cells: number; readonly openedValues: number };
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

/** The field whose lines are merged before anything opens. */
export function mergedField({ axes, columns }: Pick<Selection, "axes" | "columns">): number | undefined {
  const column = columns.find(({ finish }) => isOrdered(finish));
  return column === undefined ? undefined : axes[column.axes[valuePosition(column)]!]!.field;
}

function setLines({ schema, selection, cost }: DisclosureFacts): string[] {
  const { clauses, measures } = selection;
  const all = "  - the whole table, whose number needs no test of its own; a sum over it does";
  const whole = clauses.length === 0 ? all : "  - the cohort";
  if (mergedField(selection) !== undefined)
    return [whole, "  - the patients whom each number above counts", together("numbers")];
  const cells = isGrouped(selection) ? [`  - each of the ${cost.cells} cells`] : [];
  const within = isGrouped(selection) ? "each cell" : "the cohort";
  const present = presenceSets(measures).map((fields) => {
    return `  - in ${within}, the patients whose ${names(schema, fields, "and")} ${fields.length === 1 ? "is" : "are"} present`;
  });
  const counted = twoValued(measures, schema).map((field) => {
    const name = names(schema, [field], "and");
    return `  - in ${within}, the patients with each value of ${name}: it has two, and its sum is a table of two counts`;
  });
  const products = measures.some((measure) => twoValued([measure], schema).length > 1);
  const crossed = products
    ? [`  - in ${within}, the patients with each two values of two such columns that are multiplied`]
    : [];
  const indicated = indicators(measures)
    ? [
        `  - in ${within}, the patients who satisfy the condition of each number above that has one, and those who do not`,
      ]
    : [];
  const told = mayTellTogether(measures, schema)
    ? [`  - in ${within}, any smaller set of patients whose number these sums tell, alone or together`]
    : [];
  const isTable = isGrouped(selection) && isSummed(measures);
  const margins = isTable ? ["  - the sums that the shown cells of each line, and of the table, add up to"] : [];
  const near = isGrouped(selection) ? [together("cells")] : [];
  return [whole, ...cells, ...present, ...counted, ...crossed, ...indicated, ...told, ...margins, ...near];
}

function together(what: string): string {
  return `  - what those shown ${what} add up to that may have patients in common with a set of an earlier answer`;
}

/** What ends a request; without WHERE nothing does. */
function cohortLines({ selection: { clauses } }: DisclosureFacts): string[] {
  if (clauses.length === 0) return [];
  return [
    '  The request is refused, with the one reason "too small or too close to an earlier answer", unless the cohort has at',
    "  least k patients, leaves at least k of all, and has at least k besides those of each one of several data owners.",
  ];
}

function hiddenLines({ schema, selection, cost }: DisclosureFacts): string[] {
  const { measures } = selection;
  if (mergedField(selection) !== undefined) {
    return [
      "  Neighbouring intervals are merged (above) until none counts 1 to k-1 patients, or 1 to k-1 besides those of one of",
      "  several data owners; one of no patients is left as it is only if the cohort has at least k patients for each of the",
      `  ${cost.openedValues} numbers. Where merging does not help, the intervals are hidden, and a statistic of which one is`,
      "  hidden is hidden as a whole. More may be hidden, so that nothing hidden can be computed from what is shown.",
    ];
  }
  const hasOthers = presenceSets(measures).length + twoValued(measures, schema).length > 0 || indicators(measures);
  if (!isGrouped(selection) && !hasOthers) return [];
  const empty = isGrouped(selection)
    ? `  A cell or set of no patients is shown as such only if the cohort has at least k patients for each of the ${cost.cells} cells.`
    : "  A set of no patients is shown as such.";
  return [
    "  Any other of these sets is hidden, with every sum over it, if it has 1 to k-1 patients, or 1 to k-1 besides those of",
    "  one of several data owners.",
    empty,
    "  More may be hidden, so that nothing hidden can be computed from what is shown, earlier answers included; nor anything",
    "  that is too close to an earlier answer.",
  ];
}

/** Which numbers of missing values a reader can compute. */
function missingLines({ schema, selection }: DisclosureFacts): string[] {
  const { measures } = selection;
  const sets = presenceSets(measures).map((fields) => names(schema, fields, "or"));
  const isCounted = measures.some(({ variables, present }) => variables.length + present.length === 0);
  if (sets.length === 0 || !isCounted) return [];
  const where = isGrouped(selection) ? "in each cell that is shown" : "in the cohort";
  return [`  How many patients ${where} have no ${listed(sets, "or")} can be computed, however few they are.`];
}

function historyLines({ selection: { clauses, measures } }: DisclosureFacts): string[] {
  const consequence = clauses.length === 0 ? "is hidden" : "is hidden; a cohort is refused";
  return [
    "  Each set is compared with all patients and with every set that earlier answers on the same data disclosed, whoever",
    `  asked: one that differs in 1 to k-1 patients from another, or from two of the last 64 together, ${consequence}.`,
    "  A set whose conditions are those of an earlier one, on the same data, is not tested again" +
      (isSummed(measures) ? ", unless by sums that are new." : "."),
  ];
}

function isSummed(measures: readonly Measure[]): boolean {
  return measures.some(({ variables }) => variables.some(({ kind }) => kind === "value"));
}

function isGrouped({ axes }: DisclosureFacts["selection"]): boolean {
  return axes.length > 0;
}

/** Distinct lists of fields that some sum asks to be present. */
function presenceSets(measures: readonly Measure[]): (readonly number[])[] {
  const lists = new Map(measures.map(({ present }) => [present.join(), present]));
  return [...lists.values()].filter((fields) => fields.length > 0);
}

/** Fields of two values that are summed, alone or in a product. */
function twoValued(measures: readonly Measure[], schema: StudySchema): number[] {
  const fields = measures.flatMap(({ variables }) => variables.flatMap((v) => (v.kind === "value" ? [v.field] : [])));
  return [...new Set(fields)].filter((field) => isTwoValued(schema.fields[field]));
}

function indicators(measures: readonly Measure[]): boolean {
  return measures.some(({ variables }) => variables.some(({ kind }) => kind === "indicator"));
}

/** Sums of squares tell the counts of three values, and those of pairs among four. */
const MOST_VALUES_OF_SQUARES = 4n;

/** Whether sums may tell counts of other sets than are listed: products of two columns, several indicators, squares of few values. */
function mayTellTogether(measures: readonly Measure[], schema: StudySchema): boolean {
  const all = measures.flatMap(({ variables }) => variables).filter(({ kind }) => kind === "indicator");
  const isSeveral = all.some((indicator) => !sameVariable(indicator, all[0]!));
  return (
    isSeveral || measures.some(({ variables: [x, y] }) => x !== undefined && y !== undefined && isTelling(x, y, schema))
  );
}

function isTelling(x: Variable, y: Variable, schema: StudySchema): boolean {
  if (!sameVariable(x, y) || x.kind === "indicator") return true;
  const field = schema.fields[x.field]!;
  if (isTwoValued(field)) return false;
  const values = field.type === "category" ? BigInt(field.numeric?.length ?? 0) : field.maximum - field.minimum + 1n;
  return values <= MOST_VALUES_OF_SQUARES;
}

function names(schema: StudySchema, fields: readonly number[], word: string): string {
  const quoted = fields.map((field) => quote(schema.fields[field]!.name));
  return listed(quoted, word);
}
