/**
 * Whether a query uses only what its study's policy permits: the twin of `contracts/query/PermittedFields.sol`. A worker asks it
 * of every request, from bytes that it read and hashed itself, whatever the catalogue took.
 */
import type { Atom, Axis, Descriptor, ParameterBound } from "../messages/descriptor.ts";
import { AtomOp } from "../messages/descriptor.ts";
import { type FieldRules, FieldUse, type Permits, edgesOf, usesOf } from "../messages/fieldRules.ts";

/** What is not permitted of a field: to be used as the site, as it is used, to be cut where it is. */
export type Forbidden =
  | { readonly kind: "site" | "use"; readonly field: number }
  /** Values from it on are told from those below it; of a comparison by digits, what is compared with. */
  | { readonly kind: "cut"; readonly field: number; readonly cut: bigint }
  /** A range by a parameter that the query does not have. */
  | { readonly kind: "bind"; readonly field: number };

type Query = Pick<Descriptor, "atoms" | "steps">;

/** Of the first atom, then of the first axis, that is not permitted; undefined: all is. */
export function forbiddenUse(
  { atoms, steps }: Query,
  bounds: readonly ParameterBound[],
  { closedSite, fieldRules }: Permits,
): Forbidden | undefined {
  const of = ({ field }: Atom | Axis, rest: () => Forbidden | undefined): Forbidden[] => {
    const found: Forbidden | undefined = field + 1 === closedSite ? { kind: "site", field } : rest();
    return found === undefined ? [] : [found];
  };
  const reading = atoms.filter(({ op }) => op !== AtomOp.ACTIVE);
  const axes = steps.flatMap((step) => step.axes);
  return [
    ...reading.flatMap((atom) => of(atom, () => ofAtom(atom, bounds, fieldRules))),
    ...axes.flatMap((axis) => of(axis, () => ofAxis(axis, fieldRules))),
  ][0];
}

function ofAtom(atom: Atom, bounds: readonly ParameterBound[], rules: FieldRules): Forbidden | undefined {
  const { op, field, lo, hi, bind } = atom;
  if ((usesOf(rules, field) & usesNeeded(op)) === 0) return { kind: "use", field };
  const edges = edgesOf(rules, field);
  if (edges === undefined || (op !== AtomOp.RANGE && op !== AtomOp.DIGIT)) return undefined;
  if (op === AtomOp.DIGIT) return { kind: "cut", field, cut: lo };
  return (
    ofEnd({ field, edges, beyond: 0n }, lo, (bind & 1) !== 0, bounds) ??
    ofEnd({ field, edges, beyond: 1n }, hi, (bind & 2) !== 0, bounds)
  );
}

function usesNeeded(op: AtomOp): number {
  if (op === AtomOp.VALUE) return FieldUse.SUM;
  return op === AtomOp.VALID ? FieldUse.SPLIT + FieldUse.SUM : FieldUse.SPLIT;
}

function ofAxis({ field, cuts }: Axis, rules: FieldRules): Forbidden | undefined {
  if ((usesOf(rules, field) & FieldUse.SPLIT) === 0) return { kind: "use", field };
  const edges = edgesOf(rules, field);
  const cut = edges && cuts.find((each) => !edges.includes(each));
  return cut === undefined ? undefined : { kind: "cut", field, cut };
}

interface End {
  readonly field: number;
  readonly edges: readonly bigint[];
  /** 1 for hi: the cut is above it. */
  readonly beyond: bigint;
}

/** A constant, or every value that the bounds let its parameter take. */
function ofEnd(
  { field, edges, beyond }: End,
  word: bigint,
  isParameter: boolean,
  bounds: readonly ParameterBound[],
): Forbidden | undefined {
  const known = new Set(edges);
  const isEdge = (value: bigint): boolean => known.has(value + beyond);
  const cutAt = (value: bigint): Forbidden => ({ kind: "cut", field, cut: value + beyond });
  if (!isParameter) return isEdge(word) ? undefined : cutAt(word);
  const bound = bounds[Number(word)];
  if (bound === undefined) return { kind: "bind", field };
  const { allowed, minimum, maximum } = bound;
  if (allowed.length === 0) {
    // Ends at the first that is no edge.
    for (let value = minimum; value <= maximum; value++) if (!isEdge(value)) return cutAt(value);
    return undefined;
  }
  const other = allowed.find((value) => !isEdge(value));
  return other === undefined ? undefined : cutAt(other);
}
