/**
 * The circuit that computes sizes: which product columns hold the indicators of which sets, and how the number of rows in
 * the intersection of two sets is one inner product. It extends the query's own circuit and uses its products wherever
 * one of them is a set already.
 */
import assert from "node:assert/strict";

import { BN254_FR_MODULUS } from "../field/bn254.ts";
import type { Circuit, CircuitOutput, CircuitProduct, LinearForm } from "../messages/circuit.ts";
import { columnId } from "../messages/columnId.ts";
import type { ColumnTerm } from "../query/expandAtoms.ts";
import { ColumnKind, NO_FIELD } from "../schema/studySchema.ts";
import type { FieldClasses } from "./fieldClasses.ts";
import type { RowSet } from "./rowSet.ts";
import { classesIn, intersect, isSubset, keyOf } from "./rowSet.ts";

/** A committed column over the universe's rows, zero outside `parts`, which are parts of it. */
export interface PartialColumn {
  readonly columnId: string;
  /** Bit i: part i of the universe. */
  readonly parts: bigint;
}

export interface SetVectorFacts {
  readonly schemaHash: string;
  classes(field: number): FieldClasses;
  /** The query's own circuit, over columns of `parts`. */
  readonly circuit: Circuit;
  readonly parts: bigint;
  /** Products of that circuit that are indicators. */
  readonly indicators: ReadonlyMap<number, RowSet>;
}

export interface SetCircuit {
  readonly circuit: Circuit;
  /** What `circuit.columns` are. */
  readonly columns: readonly PartialColumn[];
  /** Products that are indicators, by index. */
  readonly indicators: ReadonlyMap<number, RowSet>;
  /** Outputs that are sizes, by index. */
  readonly sizes: ReadonlyMap<number, RowSet>;
}

interface Vector {
  readonly set: RowSet;
  readonly form: LinearForm;
}

const ACTIVE: ColumnTerm = { coefficient: 1n, field: NO_FIELD, kind: ColumnKind.ACTIVE, argument: 0n };

export class SetVectors {
  readonly #facts: SetVectorFacts;
  readonly #columns: PartialColumn[];
  readonly #positions = new Map<string, number>();
  readonly #products: CircuitProduct[];
  readonly #productKeys = new Map<string, number>();
  /** Product columns that are indicators, by the set's key. */
  readonly #built = new Map<string, Vector>();
  readonly #sizes: CircuitOutput[] = [];
  readonly #sets: RowSet[] = [];
  readonly #sizeOf = new Map<string, number>();

  constructor(facts: SetVectorFacts) {
    this.#facts = facts;
    this.#columns = facts.circuit.columns.map((id) => ({ columnId: id, parts: facts.parts }));
    this.#columns.forEach((column, position) => this.#positions.set(nameOf(column), position));
    this.#products = [...facts.circuit.products];
    this.#products.forEach((product, index) => this.#productKeys.set(textOf(product), index));
    for (const [product, set] of facts.indicators) this.#remember(set, { columns: [], products: [[product, 1n]] });
  }

  /** The number of rows in both, as an index among the sizes; undefined when there are none by construction. */
  size(a: RowSet, b: RowSet = a): number | undefined {
    const both = intersect(a, b);
    if (both === undefined) return undefined;
    const key = keyOf(both);
    let index = this.#sizeOf.get(key);
    if (index === undefined) {
      index = this.#sizes.push(this.#sum(both) ?? this.#sumOfBuilt(a, b)) - 1;
      this.#sets.push(both);
      this.#sizeOf.set(key, index);
    }
    return index;
  }

  /** The query's circuit with products and sizes added, and what it is about. */
  finish(): SetCircuit {
    const { outputs } = this.#facts.circuit;
    const sizes = this.#sizes.flatMap((_, index) => [[outputs.length + index, this.#sets[index] as RowSet] as const]);
    const names = this.#columns.map(nameOf);
    const indicators = new Map([...this.#built.values()].map(({ set, form }) => [form.products[0]![0], set] as const));
    return {
      circuit: { columns: names, products: this.#products, outputs: [...outputs, ...this.#sizes] },
      columns: this.#columns,
      indicators,
      sizes: new Map(sizes),
    };
  }

  /** Without new products, or not at all. */
  #sum(set: RowSet): CircuitOutput | undefined {
    const whole = this.#find(set);
    if (whole !== undefined) return { left: whole, right: undefined };
    for (const vector of this.#built.values()) {
      if (!isSubset(set, vector.set)) continue;
      const rest = this.#find(residual(set, vector.set));
      if (rest !== undefined) return { left: rest, right: vector.form };
    }
    const { conditions } = set;
    if (conditions.length !== 2) return undefined;
    const [first, second] = conditions.map((condition) => this.#linear({ ...set, conditions: [condition] }));
    return { left: first as LinearForm, right: second };
  }

  /** Builds one of the two, and the other only if that is not enough. */
  #sumOfBuilt(a: RowSet, b: RowSet): CircuitOutput {
    const [first, second] = isSubset(b, a) ? [b, a] : [a, b];
    const left = this.#build(first);
    if (isSubset(first, second)) return { left, right: undefined };
    return this.#sum(intersect(a, b) as RowSet) ?? { left, right: this.#build(second) };
  }

  /** A set's indicator as it is there: a linear form, or a product column that was built. */
  #find(set: RowSet): LinearForm | undefined {
    return set.conditions.length <= 1 ? this.#linear(set) : this.#built.get(keyOf(set))?.form;
  }

  /** Adds product columns: one where a built set needs but one more condition. */
  #build(set: RowSet): LinearForm {
    const found = this.#find(set);
    if (found !== undefined) return found;
    const near = [...this.#built.values()].find(
      (vector) =>
        vector.set.parts === set.parts && isSubset(set, vector.set) && residual(set, vector.set).conditions.length <= 1,
    );
    if (near !== undefined) return this.#multiply(set, near.form, this.#linear(residual(set, near.set)));
    const last = set.conditions.at(-1);
    assert(last !== undefined, "a set without conditions is linear");
    const others = { parts: set.parts, conditions: set.conditions.slice(0, -1) };
    return this.#multiply(set, this.#build(others), this.#linear({ parts: set.parts, conditions: [last] }));
  }

  #multiply(set: RowSet, left: LinearForm, right: LinearForm): LinearForm {
    const product = { left, right };
    const known = this.#productKeys.get(textOf(product));
    const index = known ?? this.#products.push(product) - 1;
    this.#productKeys.set(textOf(product), index);
    const form: LinearForm = { columns: [], products: [[index, 1n]] };
    this.#remember(set, form);
    return form;
  }

  #remember(set: RowSet, form: LinearForm): void {
    if (set.conditions.length > 1) this.#built.set(keyOf(set), { set, form });
  }

  /** Of a set with at most one condition. */
  #linear({ parts, conditions }: RowSet): LinearForm {
    const [condition] = conditions;
    const terms = condition === undefined ? [ACTIVE] : this.#conditionTerms(...condition);
    const columns = new Map<string, bigint>();
    for (const { coefficient, field, kind, argument } of terms) {
      const id = columnId(this.#facts.schemaHash, field, kind, argument);
      columns.set(id, (columns.get(id) ?? 0n) + coefficient);
    }
    const loaded = [...columns].filter(([, coefficient]) => coefficient !== 0n);
    const positioned = loaded.map(([id, coefficient]) => {
      return [this.#position({ columnId: id, parts }), residue(coefficient)] as const;
    });
    return { columns: positioned.sort(([x], [y]) => x - y), products: [] };
  }

  /** The classes in it, or active less those outside: whichever are fewer. Neighbouring intervals cancel. */
  #conditionTerms(field: number, classes: bigint): ColumnTerm[] {
    const { count, indicator } = this.#facts.classes(field);
    const indices = Array.from({ length: count }, (_, index) => index);
    const isInside = (index: number): boolean => ((classes >> BigInt(index)) & 1n) === 1n;
    const inside = indices.filter(isInside).flatMap(indicator);
    if (2 * indices.filter(isInside).length <= count) return inside;
    const outside = indices.filter((index) => !isInside(index)).flatMap(indicator);
    return [ACTIVE, ...outside.map((term) => ({ ...term, coefficient: -term.coefficient }))];
  }

  #position(column: PartialColumn): number {
    const name = nameOf(column);
    const position = this.#positions.get(name) ?? this.#columns.push(column) - 1;
    this.#positions.set(name, position);
    return position;
  }
}

/** The conditions of `set` that its superset `within` does not have; over `set`'s parts. */
function residual({ parts, conditions }: RowSet, within: RowSet): RowSet {
  return { parts, conditions: conditions.filter(([field, classes]) => classesIn(within, field) !== classes) };
}

function nameOf({ columnId: id, parts }: PartialColumn): string {
  return `${id}/${parts.toString(16)}`;
}

function textOf(product: CircuitProduct): string {
  return JSON.stringify(product, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value));
}

function residue(value: bigint): bigint {
  return value < 0n ? value + BN254_FR_MODULUS : value;
}
