/** Descriptors made by hand, and what their factors are on one row: word for word as `contracts/types/Descriptor.sol` says. */
import type { Atom, Axis, Descriptor, Output, Product } from "../../../workers/messages/descriptor.ts";
import { AtomOp, DESCRIPTOR_FORMAT, DigitRelation, NO_FACTOR } from "../../../workers/messages/descriptor.ts";
import type { NumericField, StudySchema } from "../../../workers/schema/studySchema.ts";
import { NO_FIELD } from "../../../workers/schema/studySchema.ts";

/** By field: scaled value or category index; undefined: missing. */
export type TypedRow = readonly (bigint | undefined)[];

export type Signal = { readonly atom: number } | { readonly product: number };
export type HandTerm = readonly [coefficient: bigint, signal: Signal];

/** lo of a threshold: a value, or a parameter. */
export type At = bigint | { readonly parameter: number };

export class HandMade {
  readonly #schema: StudySchema;
  readonly #atoms: Atom[] = [];
  readonly #factors: (readonly HandTerm[])[] = [];
  readonly #products: Product[] = [];

  constructor(schema: StudySchema) {
    this.#schema = schema;
  }

  atom(op: AtomOp, field: number = NO_FIELD, lo = 0n, hi = 0n, bind = 0): HandTerm {
    const same = this.#atoms.findIndex(
      (each) => each.op === op && each.field === field && each.lo === lo && each.hi === hi && each.bind === bind,
    );
    return [1n, { atom: same >= 0 ? same : this.#atoms.push({ op, field, lo, hi, bind }) - 1 }];
  }

  active(): HandTerm {
    return this.atom(AtomOp.ACTIVE);
  }

  digit(field: number, at: At, position: number, relation: DigitRelation): HandTerm {
    const [lo, bind] = typeof at === "bigint" ? [at, 0] : [BigInt(at.parameter), 1];
    return this.atom(AtomOp.DIGIT, field, lo, BigInt(2 * position + relation), bind);
  }

  factor(...terms: readonly HandTerm[]): number {
    return this.#factors.push(terms) - 1;
  }

  product(left: number, right: number): HandTerm {
    return [1n, { product: this.#products.push({ left, right }) - 1 }];
  }

  /** Terms of [field > at], or [field >= at], with F(0) as it is asked for. */
  chain(field: number, at: At, relation: ">" | ">="): HandTerm[] {
    const digit = (position: number, by: DigitRelation): HandTerm => this.digit(field, at, position, by);
    const { digits } = this.#schema.fields[field] as NumericField;
    const { EQUAL, GREATER } = DigitRelation;
    let terms = [digit(0, GREATER), ...(relation === ">=" ? [digit(0, EQUAL)] : [])];
    for (let position = 1; position < digits; position++) {
      terms = [digit(position, GREATER), this.product(this.factor(digit(position, EQUAL)), this.factor(...terms))];
    }
    return terms;
  }

  /** Terms of [field = at]. */
  equal(field: number, at: At): HandTerm[] {
    const { digits } = this.#schema.fields[field] as NumericField;
    let terms = [this.digit(field, at, 0, DigitRelation.EQUAL)];
    for (let position = 1; position < digits; position++) {
      const digit = this.factor(this.digit(field, at, position, DigitRelation.EQUAL));
      terms = [this.product(digit, this.factor(...terms))];
    }
    return terms;
  }

  output(left: number, right = NO_FACTOR): Output {
    return { left, right };
  }

  finish(outputs: readonly Output[], axes: readonly Axis[] = []): Descriptor {
    const atoms = this.#atoms;
    const factors = this.#factors.map((terms) => {
      const numbered = new Map<number, bigint>();
      for (const [coefficient, on] of terms) {
        const signal = "atom" in on ? on.atom : atoms.length + on.product;
        numbered.set(signal, (numbered.get(signal) ?? 0n) + coefficient);
      }
      const sorted = [...numbered].sort(([a], [b]) => a - b);
      return { terms: sorted.map(([signal, coefficient]) => ({ coefficient, signal })) };
    });
    const bare = { format: DESCRIPTOR_FORMAT, schemaHash: this.#schema.hash, columns: [] };
    return { ...bare, atoms, factors, products: this.#products, steps: [{ axes, outputs }] };
  }
}

export function negative(terms: readonly HandTerm[]): HandTerm[] {
  return terms.map(([coefficient, signal]) => [-coefficient, signal]);
}

/** A factor's value on one row. */
export function factorOn(
  descriptor: Descriptor,
  schema: StudySchema,
  parameters: readonly bigint[],
  row: TypedRow,
  factor: number,
): bigint {
  const { atoms, factors, products } = descriptor;
  const seen = new Set<string>();
  return factors[factor]!.terms.reduce((sum, { coefficient, signal }) => {
    const atom = atoms[signal];
    if (atom === undefined) {
      const { left, right } = products[signal - atoms.length]!;
      const sides = [left, right].map((side) => factorOn(descriptor, schema, parameters, row, side));
      return sum + coefficient * sides[0]! * sides[1]!;
    }
    const lo = atom.bind & 1 ? parameters[Number(atom.lo)]! : atom.lo;
    const hi = atom.bind & 2 ? parameters[Number(atom.hi)]! : atom.hi;
    if (atom.op === AtomOp.EQ) {
      if (seen.has(`${atom.field},${lo}`)) return sum;
      seen.add(`${atom.field},${lo}`);
    }
    return sum + coefficient * atomOn(schema, { ...atom, lo, hi }, row);
  }, 0n);
}

function atomOn({ fields }: StudySchema, { op, field, lo, hi }: Atom, row: TypedRow): bigint {
  const bit = (holds: boolean): bigint => (holds ? 1n : 0n);
  if (op === AtomOp.ACTIVE) return 1n;
  const [on, value] = [fields[field]!, row[field]];
  switch (op) {
    case AtomOp.VALUE:
      if (value === undefined) return 0n;
      return on.type === "category" ? on.numeric![Number(value)]! : value;
    case AtomOp.VALID:
      return bit(value !== undefined);
    case AtomOp.EQ:
      return bit((value ?? BigInt((on as { categories: readonly string[] }).categories.length)) === lo);
    case AtomOp.RANGE:
      return bit(value !== undefined && value >= lo && value <= hi);
    default: {
      if (value === undefined) return 0n;
      const { minimum } = on as NumericField;
      const digitOf = (of: bigint): bigint => ((of - minimum) / 16n ** (hi / 2n)) % 16n;
      return bit(hi % 2n === 0n ? digitOf(value) === digitOf(lo) : digitOf(value) > digitOf(lo));
    }
  }
}
