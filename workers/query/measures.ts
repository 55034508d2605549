/**
 * The sums a query needs, and their cheapest circuit.
 *
 * cohort = the product of the filters' factors, multiplied pairwise (depth log2). Every measure of a field is a sum over
 * the cohort of validity (n), value (sum) or value squared (squares); a value is 0 where missing, so a sum needs no
 * validity. A field that is required, or that a filter already makes present, has n = number of rows.
 *
 * Without GROUP BY an opened sum is an inner product of two factors, which saves a product column:
 *   rows: cohort · 1, or the last two halves of the cohort when nothing else needs it as a column
 *   n: cohort · validity      sum: cohort · value      squares: cohort · (value · value)
 * With GROUP BY every measure is one column, which `buildCircuit` multiplies with the cells:
 *   n: cohort × validity      sum: cohort × value      squares: (cohort × value) × value
 * The square of a categorical field with numeric categories is linear (Σ category² × one-hot): no product.
 *
 * Output 0 is the number of rows whenever there is a GROUP BY: SQL leaves out groups without rows.
 */
import type { Output } from "../messages/descriptor.ts";
import { AtomOp, NO_FACTOR } from "../messages/descriptor.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import type { Assembly } from "./assembleDescriptor.ts";
import { ACTIVE_FIELD } from "./assembleDescriptor.ts";
import { atomFactor, filterFactor, presenceFactor } from "./filterFactors.ts";
import type { Filter } from "./filters.ts";

export type Measure = { readonly kind: "rows" } | { readonly kind: "n" | "sum" | "squares"; readonly field: number };

export function sameMeasure(a: Measure, b: Measure): boolean {
  return a.kind === b.kind && (a.kind === "rows" || b.kind === "rows" || a.field === b.field);
}

/** @param measures distinct, in the order of the outputs */
export function assembleMeasures(
  assembly: Assembly,
  query: { readonly filters: readonly Filter[]; readonly measures: readonly Measure[]; readonly grouped: boolean },
  schema: StudySchema,
): Output[] {
  const halves = multiplyPairwise(
    assembly,
    query.filters.map((filter) => filterFactor(assembly, filter, schema)),
  );
  const [left, right] = halves;
  const countOnly = query.measures.every(({ kind }) => kind === "rows");
  if (!query.grouped && countOnly && left !== undefined && right !== undefined) return [{ left, right }];
  const cohort = left !== undefined && right !== undefined ? assembly.multiply(left, right) : left;
  const output = query.grouped ? groupedOutput : plainOutput;
  return query.measures.map((measure) => output(assembly, cohort, measure, schema));
}

/** Multiplies neighbours until at most two factors are left. */
function multiplyPairwise(assembly: Assembly, factors: readonly number[]): readonly number[] {
  if (factors.length <= 2) return factors;
  const paired = factors.flatMap((factor, index) => {
    const next = factors[index + 1];
    if (index % 2 === 1) return [];
    return [next === undefined ? factor : assembly.multiply(factor, next)];
  });
  return multiplyPairwise(assembly, paired);
}

function plainOutput(assembly: Assembly, cohort: number | undefined, measure: Measure, schema: StudySchema): Output {
  if (measure.kind === "rows") {
    return { left: cohort ?? atomFactor(assembly, assembly.atom(AtomOp.ACTIVE, ACTIVE_FIELD)), right: NO_FACTOR };
  }
  const { field } = measure;
  if (measure.kind === "n") return inner(cohort, presenceFactor(assembly, field, schema));
  const value = valueFactor(assembly, field);
  if (measure.kind === "sum") return inner(cohort, value);
  const linear = categorySquare(assembly, field, schema);
  if (linear !== undefined) return inner(cohort, linear);
  return cohort === undefined
    ? { left: value, right: value }
    : { left: cohort, right: assembly.multiply(value, value) };
}

function inner(cohort: number | undefined, factor: number): Output {
  return cohort === undefined ? { left: factor, right: NO_FACTOR } : { left: cohort, right: factor };
}

function groupedOutput(assembly: Assembly, cohort: number | undefined, measure: Measure, schema: StudySchema): Output {
  return { left: groupedColumn(assembly, cohort, measure, schema), right: NO_FACTOR };
}

function groupedColumn(assembly: Assembly, cohort: number | undefined, measure: Measure, schema: StudySchema): number {
  if (measure.kind === "rows") return cohort ?? atomFactor(assembly, assembly.atom(AtomOp.ACTIVE, ACTIVE_FIELD));
  const { field } = measure;
  const within = (factor: number): number => (cohort === undefined ? factor : assembly.multiply(cohort, factor));
  if (measure.kind === "n") return within(presenceFactor(assembly, field, schema));
  const value = valueFactor(assembly, field);
  if (measure.kind === "sum") return within(value);
  const linear = categorySquare(assembly, field, schema);
  return linear === undefined ? assembly.multiply(within(value), value) : within(linear);
}

function valueFactor(assembly: Assembly, field: number): number {
  return atomFactor(assembly, assembly.atom(AtomOp.VALUE, field));
}

function categorySquare(assembly: Assembly, field: number, schema: StudySchema): number | undefined {
  const on = schema.fields[field]!;
  if (on.type !== "category") return undefined;
  const terms = (on.numeric ?? []).flatMap((category, index) => {
    if (category === 0n) return [];
    const atom = assembly.atom(AtomOp.EQ, field, { value: BigInt(index) });
    return [{ coefficient: category * category, on: "atom" as const, index: atom }];
  });
  // Only the category 0: the squares are the values.
  return terms.length === 0 ? valueFactor(assembly, field) : assembly.factor(terms);
}
