/**
 * The sums a query needs, and their cheapest circuit.
 *
 * cohort = the product of the clauses' factors, multiplied pairwise (depth log2). A measure is a sum over the cohort of a
 * product of at most two *variables* (a field's value, or the indicator of a condition), over the rows that have every field
 * it names. Variables are 0 where their field is missing, so presence is multiplied in only for the others. A field that is
 * required, or that the conditions make present, needs none.
 *
 * Without table lines an opened sum is an inner product of two factors, which saves a product column:
 *   rows: cohort · 1, or the last two halves of the cohort when nothing else needs it as a column
 *   n: cohort · presence      x: cohort · x      x·y: (cohort × x) · y, so that all products with x share one column
 * and presence of other fields before the variables. With lines every measure is one column, which `buildCircuit` multiplies with the cells.
 * The square of a categorical field with numeric categories is linear (Σ category² × one-hot): no product.
 *
 * Output 0 is the number of rows whenever there are table lines: SQL leaves out groups without rows.
 */
import type { Output } from "../messages/descriptor.ts";
import { AtomOp, NO_FACTOR } from "../messages/descriptor.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import type { Assembly } from "./assembleDescriptor.ts";
import { ACTIVE_FIELD } from "./assembleDescriptor.ts";
import { atomFactor, clauseFactor, multiplyPairwise, presenceFactor } from "./clauseFactors.ts";
import type { Clause } from "./filters.ts";
import { clauseFields, keyOf } from "./filters.ts";
import { maySplit } from "./permittedSchema.ts";

/** An indicator is 0 wherever one of its fields is missing. */
export type Variable =
  { readonly kind: "value"; readonly field: number } | { readonly kind: "indicator"; readonly clause: Clause };

export interface Measure {
  /** At most two; none counts rows. */
  readonly variables: readonly Variable[];
  /** Fields that may be missing in the cohort and must be present, ascending. */
  readonly present: readonly number[];
}

export const ROWS: Measure = { variables: [], present: [] };

export function fieldsOf(variable: Variable): readonly number[] {
  return variable.kind === "value" ? [variable.field] : clauseFields(variable.clause);
}

export function sameMeasure(a: Measure, b: Measure): boolean {
  return measureKey(a) === measureKey(b);
}

export function sameVariable(a: Variable, b: Variable): boolean {
  return variableKey(a) === variableKey(b);
}

function measureKey({ variables, present }: Measure): string {
  return `${variables.map(variableKey).sort().join("*")}|${present.join()}`;
}

function variableKey(variable: Variable): string {
  return variable.kind === "value" ? `${variable.field}` : keyOf(variable.clause);
}

interface MeasuredQuery {
  readonly clauses: readonly Clause[];
  /** Distinct, in the order of the outputs. */
  readonly measures: readonly Measure[];
  /** Whether there are table lines. */
  readonly grouped: boolean;
}

export function assembleMeasures(assembly: Assembly, query: MeasuredQuery, schema: StudySchema): Output[] {
  const factors = query.clauses.map((clause) => clauseFactor(assembly, clause, schema));
  const [left, right] = multiplyPairwise(assembly, factors, 2);
  const countOnly = query.measures.every(({ variables, present }) => variables.length + present.length === 0);
  if (!query.grouped && countOnly && left !== undefined && right !== undefined) return [{ left, right }];
  const cohort = left !== undefined && right !== undefined ? assembly.multiply(left, right) : left;
  return query.measures.map((measure) => {
    const factors = measureFactors(assembly, measure, schema);
    return query.grouped ? groupedOutput(assembly, cohort, factors) : plainOutput(assembly, cohort, factors);
  });
}

/** Presence of the fields that no variable stands for, then the variables. */
function measureFactors(assembly: Assembly, { variables, present }: Measure, schema: StudySchema): number[] {
  const own = new Set(variables.flatMap(fieldsOf));
  const presence = present.filter((field) => !own.has(field)).map((field) => presenceFactor(assembly, field, schema));
  return [...presence, ...linearVariables(assembly, variables, schema)];
}

function plainOutput(assembly: Assembly, cohort: number | undefined, factors: readonly number[]): Output {
  const last = factors.at(-1);
  if (last === undefined) return { left: cohort ?? activeFactor(assembly), right: NO_FACTOR };
  const left = productOf(assembly, cohort, factors.slice(0, -1));
  return left === undefined ? { left: last, right: NO_FACTOR } : { left, right: last };
}

function groupedOutput(assembly: Assembly, cohort: number | undefined, factors: readonly number[]): Output {
  return { left: productOf(assembly, cohort, factors) ?? activeFactor(assembly), right: NO_FACTOR };
}

function productOf(assembly: Assembly, cohort: number | undefined, factors: readonly number[]): number | undefined {
  const multiply = (left: number | undefined, right: number): number =>
    left === undefined ? right : assembly.multiply(left, right);
  return factors.reduce(multiply, cohort);
}

/** The variables as factors; one for a square that is linear. */
function linearVariables(assembly: Assembly, variables: readonly Variable[], schema: StudySchema): readonly number[] {
  const [first, second] = variables;
  if (first?.kind === "value" && second !== undefined && sameVariable(first, second)) {
    const square = linearSquare(assembly, first.field, schema);
    if (square !== undefined) return [square];
  }
  return variables.map((variable) => variableFactor(assembly, variable, schema));
}

function variableFactor(assembly: Assembly, variable: Variable, schema: StudySchema): number {
  if (variable.kind === "indicator") return clauseFactor(assembly, variable.clause, schema);
  return atomFactor(assembly, assembly.atom(AtomOp.VALUE, variable.field));
}

/** Of a category's numbers, if they may be told apart; undefined for other fields: they are squared like any. */
function linearSquare(assembly: Assembly, field: number, schema: StudySchema): number | undefined {
  const on = schema.fields[field]!;
  if (on.type !== "category" || !maySplit(schema, field)) return undefined;
  const terms = (on.numeric ?? []).flatMap((category, index) => {
    if (category === 0n) return [];
    const atom = assembly.atom(AtomOp.EQ, field, { value: BigInt(index) });
    return [{ coefficient: category * category, on: "atom" as const, index: atom }];
  });
  // Only the category 0: the squares are the values.
  return terms.length === 0 ? atomFactor(assembly, assembly.atom(AtomOp.VALUE, field)) : assembly.factor(terms);
}

function activeFactor(assembly: Assembly): number {
  return atomFactor(assembly, assembly.atom(AtomOp.ACTIVE, ACTIVE_FIELD));
}
