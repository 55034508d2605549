/**
 * A clause as one factor: a linear combination of atoms and products that is 0 or 1 on every row. "All" is a product; "any" is
 * active − ∏ (active − part), multiplied pairwise: depth log2 of the parts.
 */
import { AtomOp } from "../messages/descriptor.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import type { Assembly, PendingTerm } from "./assembleDescriptor.ts";
import { negatedTerm, oneOf } from "./assembleDescriptor.ts";
import type { Clause, End, Filter } from "./filters.ts";
import { isFilter } from "./filters.ts";
import { activeTerm, chainTerms, equalTerms, intervalTerms, numericField, presenceTerm } from "./thresholdTerms.ts";

export function clauseFactor(assembly: Assembly, clause: Clause, schema: StudySchema): number {
  return assembly.factor(clauseTerms(assembly, clause, schema));
}

/** Multiplies neighbours until at most `left` factors are left. */
export function multiplyPairwise(assembly: Assembly, factors: readonly number[], left: 1 | 2): readonly number[] {
  if (factors.length <= left) return factors;
  const paired = factors.flatMap((factor, index) => {
    const next = factors[index + 1];
    if (index % 2 === 1) return [];
    return [next === undefined ? factor : assembly.multiply(factor, next)];
  });
  return multiplyPairwise(assembly, paired, left);
}

function clauseTerms(assembly: Assembly, clause: Clause, schema: StudySchema): readonly PendingTerm[] {
  if (isFilter(clause)) return filterTerms(assembly, clause, schema);
  const parts = clause.parts.map((part) => clauseTerms(assembly, part, schema));
  if (clause.kind === "all") return product(assembly, parts);
  const outside = parts.map((terms) => [activeTerm(assembly), ...terms.map(negatedTerm)]);
  return [activeTerm(assembly), ...product(assembly, outside).map(negatedTerm)];
}

function product(assembly: Assembly, parts: readonly (readonly PendingTerm[])[]): readonly PendingTerm[] {
  const factors = parts.map((terms) => assembly.factor(terms));
  return multiplyPairwise(assembly, factors, 1).flatMap((factor) => assembly.terms(factor));
}

function filterTerms(assembly: Assembly, filter: Filter, schema: StudySchema): PendingTerm[] {
  const { field } = filter;
  const present = (): PendingTerm => presenceTerm(assembly, schema, field);
  const equal = (end: End): PendingTerm => oneOf(assembly.atom(AtomOp.EQ, field, end));
  const unless = (terms: readonly PendingTerm[]): PendingTerm[] => [present(), ...terms.map(negatedTerm)];
  switch (filter.kind) {
    case "present":
      return [present()];
    case "missing":
      return [activeTerm(assembly), negatedTerm(present())];
    case "categories":
      return categoryTerms(filter.indices, schema, field, equal, unless);
    case "oneOf":
      return filter.negated ? unless(filter.members.map(equal)) : filter.members.map(equal);
    case "intervals": {
      const inside = filter.intervals.flatMap((interval) => intervalTerms(assembly, schema, field, interval));
      return filter.missing ? [activeTerm(assembly), negatedTerm(present()), ...inside] : inside;
    }
    case "range": {
      const inside = [oneOf(assembly.atom(AtomOp.RANGE, field, filter.lo, filter.hi))];
      return filter.negated ? unless(inside) : inside;
    }
    case "threshold": {
      const on = numericField(schema, field);
      const at = { parameter: filter.parameter };
      const { relation } = filter;
      const terms =
        relation === "=" ? equalTerms(assembly, on, field, at) : chainTerms(assembly, on, field, at, relation);
      return filter.negated ? unless(terms) : terms;
    }
  }
}

/** A factor of one atom. */
export function atomFactor(assembly: Assembly, atom: number): number {
  return assembly.factor([oneOf(atom)]);
}

/** The factor that is 1 where the field is present: ACTIVE for a required field. */
export function presenceFactor(assembly: Assembly, field: number, schema: StudySchema): number {
  return assembly.factor([presenceTerm(assembly, schema, field)]);
}

/** The categories themselves, or presence minus the others when those are fewer: fewer columns to load. Of none, also: 0 on every row. */
function categoryTerms(
  indices: readonly number[],
  schema: StudySchema,
  field: number,
  equal: (end: End) => PendingTerm,
  unless: (terms: readonly PendingTerm[]) => PendingTerm[],
): PendingTerm[] {
  const on = schema.fields[field]!;
  const categories = on.type === "category" ? on.categories : [];
  const others = categories.flatMap((_, index) => (indices.includes(index) ? [] : [index]));
  const terms = (list: readonly number[]): PendingTerm[] => list.map((index) => equal({ value: BigInt(index) }));
  const isMissing = indices.includes(categories.length);
  const isListed = isMissing || (indices.length > 0 && indices.length <= others.length + 1);
  return isListed ? terms(indices) : unless(terms(others));
}
