/**
 * Comparisons by digits, recognised in a descriptor (`contracts/types/Descriptor.sol`, DIGIT). No digit column is a function of
 * classes by itself, only whole chains are: with F(0) = greater(0), or greater(0) + equal(0), and
 * F(p) = greater(p) + equal(p) × F(p − 1), F(top) is [x > at], or [x >= at]; the product of all equal(p) is [x = at].
 * All else that is made of digits is unsupported.
 */
import type { Atom } from "../messages/descriptor.ts";
import { DigitRelation } from "../messages/descriptor.ts";

/** What a chain compares with: words of the descriptor, a parameter not yet put in. */
export interface Threshold {
  readonly field: number;
  readonly lo: bigint;
  readonly bind: number;
}

/** Digits of one threshold that are not yet a comparison. */
export type DigitPart =
  | { readonly kind: "equal"; readonly at: Threshold; readonly positions: bigint }
  | { readonly kind: "greater"; readonly at: Threshold; readonly position: number }
  /** equal(position) × F(position − 1). */
  | { readonly kind: "step"; readonly at: Threshold; readonly position: number; readonly orEqual: boolean }
  /** F(position). */
  | { readonly kind: "chain"; readonly at: Threshold; readonly position: number; readonly orEqual: boolean };

export interface Comparison {
  readonly at: Threshold;
  readonly relation: ">" | ">=" | "=";
}

/** Undefined: no digit of a field of so many. */
export function digitOf({ field, lo, hi, bind }: Atom, digits: number): DigitPart | undefined {
  const position = Number(hi >> 1n);
  if (bind > 1 || hi < 0n || position >= digits) return undefined;
  const at = { field, lo, bind };
  return (hi & 1n) === BigInt(DigitRelation.EQUAL)
    ? { kind: "equal", at, positions: 1n << BigInt(position) }
    : { kind: "greater", at, position };
}

/** The whole comparison that a part is. */
export function comparisonOf(part: DigitPart, digits: number): Comparison | undefined {
  const { kind, at } = part;
  if (kind === "equal") return part.positions === (1n << BigInt(digits)) - 1n ? { at, relation: "=" } : undefined;
  if (part.position !== digits - 1) return undefined;
  if (kind === "chain") return { at, relation: part.orEqual ? ">=" : ">" };
  return kind === "greater" && part.position === 0 ? { at, relation: ">" } : undefined;
}

/** Undefined: no part of a comparison. */
export function multiplyParts(a: DigitPart, b: DigitPart): DigitPart | undefined {
  if (keyOfThreshold(a.at) !== keyOfThreshold(b.at)) return undefined;
  if (a.kind === "equal" && b.kind === "equal") {
    return (a.positions & b.positions) === 0n ? { ...a, positions: a.positions | b.positions } : undefined;
  }
  const [equal, below] = a.kind === "equal" ? [a, asChain(b)] : [b, asChain(a)];
  if (equal.kind !== "equal" || below === undefined) return undefined;
  const position = below.position + 1;
  if (equal.positions !== 1n << BigInt(position)) return undefined;
  return { kind: "step", at: a.at, position, orEqual: below.orEqual };
}

/** Their sum, each once. Undefined: no part of a comparison. */
export function addParts(parts: readonly DigitPart[]): DigitPart | undefined {
  const [a, b, other] = parts;
  if (a === undefined || b === undefined || other !== undefined) return undefined;
  if (keyOfThreshold(a.at) !== keyOfThreshold(b.at)) return undefined;
  const [greater, rest] = a.kind === "greater" ? [a, b] : [b, a];
  if (greater.kind !== "greater") return undefined;
  const { at, position } = greater;
  const isLowest = position === 0 && rest.kind === "equal" && rest.positions === 1n;
  if (isLowest) return { kind: "chain", at, position, orEqual: true };
  if (rest.kind !== "step" || rest.position !== position) return undefined;
  return { kind: "chain", at, position, orEqual: rest.orEqual };
}

export function keyOfThreshold({ field, lo, bind }: Threshold): string {
  return `${field}|${lo}|${bind}`;
}

function asChain(part: DigitPart): (DigitPart & { kind: "chain" }) | undefined {
  if (part.kind === "chain") return part;
  return part.kind === "greater" && part.position === 0 ? { ...part, kind: "chain", orEqual: false } : undefined;
}
