/** A filter as one factor: a linear combination of atoms that is 0 or 1 on every row. */
import { AtomOp } from "../messages/descriptor.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import type { Assembly, PendingTerm } from "./assembleDescriptor.ts";
import { ACTIVE_FIELD } from "./assembleDescriptor.ts";
import type { End, Filter } from "./filters.ts";

export function filterFactor(assembly: Assembly, filter: Filter, schema: StudySchema): number {
  const { field } = filter;
  const present = presenceTerm(assembly, field, schema);
  const equal = (end: End): PendingTerm => one(assembly.atom(AtomOp.EQ, field, end));
  const range = (lo: End, hi: End): PendingTerm => one(assembly.atom(AtomOp.RANGE, field, lo, hi));
  const unless = (terms: readonly PendingTerm[]): PendingTerm[] => [present(), ...terms.map(negated)];
  switch (filter.kind) {
    case "present":
      return assembly.factor([present()]);
    case "missing":
      return assembly.factor([one(assembly.atom(AtomOp.ACTIVE, ACTIVE_FIELD)), negated(present())]);
    case "categories":
      return assembly.factor(categoryTerms(filter.indices, schema, field, equal, unless));
    case "oneOf":
      return assembly.factor(filter.negated ? unless(filter.members.map(equal)) : filter.members.map(equal));
    case "intervals":
      return assembly.factor(filter.intervals.map(([lo, hi]) => range({ value: lo }, { value: hi })));
    case "range": {
      const inside = [range(filter.lo, filter.hi)];
      return assembly.factor(filter.negated ? unless(inside) : inside);
    }
  }
}

/** A factor of one atom. */
export function atomFactor(assembly: Assembly, atom: number): number {
  return assembly.factor([one(atom)]);
}

/** The factor that is 1 where the field is present: ACTIVE for a required field. */
export function presenceFactor(assembly: Assembly, field: number, schema: StudySchema): number {
  return assembly.factor([presenceTerm(assembly, field, schema)()]);
}

/** Deferred, so that an atom that is not used is not stored. */
function presenceTerm(assembly: Assembly, field: number, schema: StudySchema): () => PendingTerm {
  const required = schema.fields[field]!.required;
  return () => one(required ? assembly.atom(AtomOp.ACTIVE, ACTIVE_FIELD) : assembly.atom(AtomOp.VALID, field));
}

/** The categories themselves, or presence minus the others when those are fewer: fewer columns to load. */
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
  return isMissing || indices.length <= others.length + 1 ? terms(indices) : unless(terms(others));
}

function one(index: number): PendingTerm {
  return { coefficient: 1n, on: "atom", index };
}

function negated(term: PendingTerm): PendingTerm {
  return { ...term, coefficient: -term.coefficient };
}
