/**
 * What each output of a descriptor sums, read off the vetted bytes: over which set of rows, and of which field. Nothing is
 * taken on trust from the compiler: a factor counts as a condition only if it is 0 or 1 on every class of its one field.
 */
import assert from "node:assert/strict";

import type { Atom, Descriptor, Factor } from "../messages/descriptor.ts";
import { AtomOp, NO_FACTOR } from "../messages/descriptor.ts";
import { bindAtom } from "../query/expandAtoms.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import type { NamedField } from "./errors.ts";
import { unsupported } from "./errors.ts";
import type { FieldClasses } from "./fieldClasses.ts";
import { classesOf } from "./fieldClasses.ts";
import { allOf } from "./rowSet.ts";

/** By field: the classes that satisfy every condition on it. */
export type Conditions = ReadonlyMap<number, bigint>;

export interface Measure {
  readonly field: number;
  /** Of x: 1 for a sum, 2 for a sum of squares. */
  readonly power: number;
  /** What each class adds to the sum; undefined where its rows differ. */
  readonly values: readonly (bigint | undefined)[];
}

export interface OutputSet {
  readonly conditions: Conditions;
  /** Undefined: the rows are counted. */
  readonly measure: Measure | undefined;
}

/**
 * Everything about one query that its sets depend on. Without parameters, a condition on one of them counts as none, and its
 * field is *open*; whether the query can be read does not depend on them.
 */
export class OutputReader {
  readonly #descriptor: Descriptor;
  readonly #atoms: readonly Atom[];
  readonly #schema: StudySchema;
  readonly #open: ReadonlySet<number>;
  readonly #classes = new Map<number, FieldClasses>();

  /** @param parameters checked against the bounds; undefined: any. @throws CodedError CIRCUIT_NO_PARAMETER */
  constructor(descriptor: Descriptor, parameters: readonly bigint[] | undefined, schema: StudySchema) {
    this.#descriptor = descriptor;
    this.#atoms =
      parameters === undefined ? descriptor.atoms : descriptor.atoms.map((atom) => bindAtom(atom, parameters));
    this.#schema = schema;
    const bound = parameters === undefined ? descriptor.atoms.filter(({ bind }) => bind !== 0) : [];
    this.#open = new Set(bound.map(({ field }) => field));
  }

  isOpen(field: number): boolean {
    return this.#open.has(field);
  }

  named(field: number): NamedField {
    return { index: field, name: this.#schema.fields[field]!.name };
  }

  classes(field: number): FieldClasses {
    let classes = this.#classes.get(field);
    if (classes === undefined) this.#classes.set(field, (classes = classesOf(this.#schema, field)));
    return classes;
  }

  /** @throws CodedError DISCLOSURE_UNSUPPORTED */
  outputs(): OutputSet[] {
    const { steps } = this.#descriptor;
    return steps[0]!.outputs.map(({ left, right }) =>
      this.#read([...this.#flatten(left), ...(right === NO_FACTOR ? [] : this.#flatten(right))]),
    );
  }

  /** The conditions whose product a product column is, or undefined where it is no set. */
  product(index: number): Conditions | undefined {
    const { left, right } = this.#descriptor.products[index]!;
    const { conditions, measure } = this.#read([...this.#flatten(left), ...this.#flatten(right)]);
    return measure === undefined ? conditions : undefined;
  }

  /** A factor as the product of factors without products. */
  #flatten(index: number): Factor[] {
    const factor = this.#descriptor.factors[index]!;
    const products = factor.terms.filter(({ signal }) => signal >= this.#atoms.length);
    if (products.length === 0) return [factor];
    const [only] = products;
    if (factor.terms.length !== 1 || only?.coefficient !== 1n) throw unsupported("a sum of products is a factor");
    const { left, right } = this.#descriptor.products[only.signal - this.#atoms.length]!;
    return [...this.#flatten(left), ...this.#flatten(right)];
  }

  #read(factors: readonly Factor[]): OutputSet {
    const conditions = new Map<number, bigint>();
    let measure: Measure | undefined;
    for (const factor of factors) {
      const field = this.#fieldOf(factor);
      if (field === undefined) continue;
      const ops = factor.terms.map(({ signal }) => this.#atoms[signal]!.op);
      if (ops.includes(AtomOp.DIGIT)) throw unsupported("digit columns are not known to the gate", this.named(field));
      if (this.#isBound(factor)) continue;
      const values = this.#onClasses(factor, field);
      const isValue = ops.includes(AtomOp.VALUE);
      if (isValue && (factor.terms.length !== 1 || factor.terms[0]!.coefficient !== 1n)) {
        throw unsupported("a value is combined with something else", this.named(field));
      }
      // A value that is 0 or 1 everywhere is summed all the same: over the rows that have it.
      if (!isValue && values.every((value) => value === 0n || value === 1n)) {
        const holds = values.reduce<bigint>((bits, value, bit) => bits | ((value as bigint) << BigInt(bit)), 0n);
        conditions.set(field, (conditions.get(field) ?? allOf(values.length)) & holds);
      } else measure = this.#times(measure, { field, power: 1, values });
    }
    return { conditions, measure };
  }

  /** Whether it depends on parameters that are not known. */
  #isBound({ terms }: Factor): boolean {
    return this.#open.size > 0 && terms.some(({ signal }) => this.#atoms[signal]!.bind !== 0);
  }

  #times(earlier: Measure | undefined, next: Measure): Measure {
    if (earlier === undefined) return next;
    if (earlier.field !== next.field) throw unsupported("a sum of products of two fields", this.named(next.field));
    const values = earlier.values.map((value, index) => {
      const factor = next.values[index];
      return value === undefined || factor === undefined ? undefined : value * factor;
    });
    return { field: next.field, power: earlier.power + next.power, values };
  }

  /** The one field a factor depends on; undefined for `active` alone. */
  #fieldOf({ terms }: Factor): number | undefined {
    const fields = new Set(
      terms.map(({ signal }) => this.#atoms[signal]!).flatMap(({ op, field }) => (op === AtomOp.ACTIVE ? [] : [field])),
    );
    if (fields.size > 1) throw unsupported("a factor depends on two fields");
    const [field] = fields;
    const isActive = terms.length === 1 && terms[0]!.coefficient === 1n;
    if (field === undefined && !isActive) throw unsupported("a factor is a multiple of the number of rows");
    return field;
  }

  /** Its value on each class; undefined where it is the value of a field that varies within the class. */
  #onClasses({ terms }: Factor, field: number): (bigint | undefined)[] {
    const classes = this.classes(field);
    const seen = new Set<bigint>();
    const totals: (bigint | undefined)[] = Array.from({ length: classes.count }, () => 0n);
    for (const { coefficient, signal } of terms) {
      const atom = this.#atoms[signal]!;
      if (atom.op === AtomOp.EQ) {
        if (seen.has(atom.lo)) continue; // IN is deduplicated, as in the circuit
        seen.add(atom.lo);
      }
      for (let index = 0; index < classes.count; index++) {
        const value = valueOn(atom, classes, index);
        const total = totals[index];
        totals[index] = value === undefined || total === undefined ? undefined : total + coefficient * value;
      }
    }
    return totals;
  }
}

/** An atom on every row of a class; undefined when rows of the class differ. */
function valueOn({ op, lo, hi }: Atom, classes: FieldClasses, index: number): bigint | undefined {
  const isMissing = index === classes.missing;
  const bounds = classes.bounds(index);
  switch (op) {
    case AtomOp.ACTIVE:
      return 1n;
    case AtomOp.VALID:
      return isMissing ? 0n : 1n;
    case AtomOp.EQ:
      return BigInt(index) === lo ? 1n : 0n;
    case AtomOp.RANGE:
      if (bounds === undefined || lo > hi) return 0n;
      assert(bounds[0] > hi || bounds[1] < lo || (bounds[0] >= lo && bounds[1] <= hi), "ranges end at cut-points");
      return bounds[0] >= lo && bounds[1] <= hi ? 1n : 0n;
    case AtomOp.VALUE:
      if (isMissing) return 0n;
      return bounds !== undefined && bounds[0] === bounds[1] ? bounds[0] : undefined;
    case AtomOp.DIGIT:
      assert.fail("refused before");
  }
}
