/**
 * Builds a descriptor's atoms, factors and products, each stored once and numbered by first use, so that equal queries
 * give equal bytes. A factor's terms are kept in ascending order of signal.
 */
import type { Atom, Factor, Product } from "../messages/descriptor.ts";
import type { AtomOp } from "../messages/descriptor.ts";
import { NO_FIELD } from "../schema/studySchema.ts";
import type { End } from "./filters.ts";

/** A term of a factor under construction: products are numbered after all atoms, so only at the end. */
export interface PendingTerm {
  readonly coefficient: bigint;
  readonly on: "atom" | "product";
  readonly index: number;
}

export interface Assembly {
  atom(op: AtomOp, field: number, lo?: End, hi?: End): number;
  /** A public linear combination, each signal once and none with coefficient 0; the index of the factor. */
  factor(terms: readonly PendingTerm[]): number;
  /** Of a factor made before. */
  terms(factor: number): readonly PendingTerm[];
  /** The factor that is the row-wise product of two factors. */
  multiply(left: number, right: number): number;
  finish(): { readonly atoms: Atom[]; readonly factors: Factor[]; readonly products: Product[] };
}

export const ACTIVE_FIELD = NO_FIELD;

export function startAssembly(): Assembly {
  const atoms = internedList<Atom>();
  const factors = internedList<PendingTerm[]>();
  const products = internedList<Product>();
  const factor: Assembly["factor"] = (terms) => {
    const order = (term: PendingTerm): number => (term.on === "atom" ? 0 : 1);
    return factors.place(summed(terms).sort((a, b) => order(a) - order(b) || a.index - b.index));
  };
  return {
    atom: (op, field, lo = { value: 0n }, hi = { value: 0n }) => atoms.place(atomOf(op, field, lo, hi)),
    factor,
    terms: (index) => factors.items[index]!,
    multiply: (left, right) => factor([{ coefficient: 1n, on: "product", index: products.place({ left, right }) }]),
    finish: () => ({
      atoms: [...atoms.items],
      products: [...products.items],
      factors: factors.items.map((terms) => numbered(terms, atoms.items.length)),
    }),
  };
}

export function oneOf(atom: number): PendingTerm {
  return { coefficient: 1n, on: "atom", index: atom };
}

export function negatedTerm(term: PendingTerm): PendingTerm {
  return { ...term, coefficient: -term.coefficient };
}

function summed(terms: readonly PendingTerm[]): PendingTerm[] {
  const totals = new Map<string, PendingTerm>();
  for (const term of terms) {
    const key = `${term.on} ${term.index}`;
    totals.set(key, { ...term, coefficient: term.coefficient + (totals.get(key)?.coefficient ?? 0n) });
  }
  return [...totals.values()].filter(({ coefficient }) => coefficient !== 0n);
}

function atomOf(op: AtomOp, field: number, lo: End, hi: End): Atom {
  const number = (end: End): bigint => ("parameter" in end ? BigInt(end.parameter) : end.value);
  const bind = ("parameter" in lo ? 1 : 0) + ("parameter" in hi ? 2 : 0);
  return { op, field, lo: number(lo), hi: number(hi), bind };
}

function numbered(terms: readonly PendingTerm[], atoms: number): Factor {
  return {
    terms: terms.map(({ coefficient, on, index }) => ({ coefficient, signal: on === "atom" ? index : atoms + index })),
  };
}

/** A list in which equal items are stored once. */
function internedList<T>(): { readonly items: readonly T[]; place(item: T): number } {
  const items: T[] = [];
  const places = new Map<string, number>();
  const place = (item: T): number => {
    const key = JSON.stringify(item, (_, part: unknown) => (typeof part === "bigint" ? `${part}` : part));
    const index = places.get(key) ?? items.push(item) - 1;
    places.set(key, index);
    return index;
  };
  return { items, place };
}
