/** What a regression's terms are called: the field, or the condition of an indicator, read off the descriptor. */
import type { Atom, Column, Descriptor } from "../messages/descriptor.ts";
import { AtomOp, NO_FACTOR } from "../messages/descriptor.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import { formatFieldValue } from "../schema/values.ts";

interface Place {
  readonly descriptor: Descriptor;
  readonly schema: StudySchema;
}

/** One per regressor; an indicator that is not one category or interval is `x2`, by its place. */
export function regressorNames({ sums, decimals }: Column, place: Place): string[] {
  const regressors = decimals.length - 1;
  const names = Array.from({ length: regressors }, (_, index) => nameOf(place, sums[1 + index]!) ?? `x${index + 1}`);
  return names.map((name, index) => (names.indexOf(name) === index ? name : `${name} (${index + 1})`));
}

/** The last factor of the product that output `sum` is over: its variable, as `measures.ts` assembles it. */
function nameOf({ descriptor, schema }: Place, sum: number): string | undefined {
  const { left, right } = descriptor.steps[0]!.outputs[sum]!;
  const atoms = lastAtoms(descriptor, right === NO_FACTOR ? left : right);
  const [first] = atoms;
  const field = first === undefined ? undefined : schema.fields[first.field];
  if (first === undefined || field === undefined) return undefined;
  if (first.op === AtomOp.VALUE) return field.name;
  if (atoms.length !== 1) return undefined;
  if (first.op === AtomOp.EQ && first.bind === 0 && field.type === "category") {
    return `${field.name} = ${JSON.stringify(formatFieldValue(field, first.lo))}`;
  }
  if (first.op !== AtomOp.RANGE || first.bind !== 0) return undefined;
  return `${field.name} in ${formatFieldValue(field, first.lo)} to ${formatFieldValue(field, first.hi)}`;
}

function lastAtoms(
  { atoms, factors, products }: Pick<Descriptor, "atoms" | "factors" | "products">,
  factor: number,
): readonly Atom[] {
  const { terms } = factors[factor]!;
  const [only] = terms;
  const product = only === undefined || terms.length > 1 ? undefined : products[only.signal - atoms.length];
  if (product !== undefined) return lastAtoms({ atoms, factors, products }, product.right);
  return terms.flatMap(({ signal, coefficient }) => (coefficient === 1n ? (atoms[signal] ?? []) : []));
}
