/**
 * The circuit that computes sizes: which linear forms and product columns hold the indicators of which sets, and how the number of rows
 * in the intersection of two sets is one inner product. It extends the query's own circuit and uses what is there wherever
 * that is a set already.
 *
 * A box is the product of its conditions, built one by one. A shape is that of the conditions that do not depend on others, and of
 * the rest, which is the sum over the edges at the top of its diagram: classes of one field × what is below. A node that
 * several edges lead to is built once. A condition at thresholds by digits takes a chain of products (`thresholdForms.ts`).
 */
import assert from "node:assert/strict";

import type { Circuit, CircuitOutput, CircuitProduct, LinearForm } from "../messages/circuit.ts";
import { columnId } from "../messages/columnId.ts";
import type { ColumnTerm } from "../query/expandAtoms.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import { ColumnKind, NO_FIELD } from "../schema/studySchema.ts";
import { oneOn, withoutField, ZERO } from "./classFunction.ts";
import type { ClassTerm, FieldClasses } from "./fieldClasses.ts";
import { combineForms, ofProduct, textOfProduct } from "./linearForms.ts";
import type { KnownForm } from "./querySets.ts";
import type { Condition, RowSet } from "./rowSet.ts";
import { classesIn, intersect, isSubset, keyOf, setWhere } from "./rowSet.ts";
import { thresholdForm } from "./thresholdForms.ts";

/** A committed column over the universe's rows, zero outside `parts`, which are parts of it. */
export interface PartialColumn {
  readonly columnId: string;
  /** Bit i: part i of the universe. */
  readonly parts: bigint;
}

export interface SetVectorFacts {
  readonly schema: StudySchema;
  classes(field: number): FieldClasses;
  /** The query's own circuit, over columns of `parts`. */
  readonly circuit: Circuit;
  readonly parts: bigint;
  /** Forms of that circuit that are indicators. */
  readonly known: readonly KnownForm[];
}

export interface SetCircuit {
  readonly circuit: Circuit;
  /** What `circuit.columns` are. */
  readonly columns: readonly PartialColumn[];
  /** Products that are indicators, by index. */
  readonly indicators: ReadonlyMap<number, RowSet>;
  /** Outputs that are sizes, by index: all that were added but totals. */
  readonly sizes: ReadonlyMap<number, RowSet>;
}

const ACTIVE: ColumnTerm = { coefficient: 1n, field: NO_FIELD, kind: ColumnKind.ACTIVE, argument: 0n };

export class SetVectors {
  readonly #facts: SetVectorFacts;
  readonly #columns: PartialColumn[];
  readonly #positions = new Map<string, number>();
  readonly #products: CircuitProduct[];
  readonly #productKeys = new Map<string, number>();
  /** Indicators that are no linear form of columns, by the set's key. */
  readonly #built = new Map<string, KnownForm>();
  /** By threshold and parts. */
  readonly #thresholds = new Map<string, LinearForm>();
  readonly #sizes: CircuitOutput[] = [];
  /** By size, the set; none at totals. */
  readonly #sets: RowSet[] = [];
  readonly #totalOf = new Map<string, number>();
  readonly #sizeOf = new Map<string, number>();
  /** The same by the two sets themselves: tests by the hundred thousand ask for few sizes. */
  readonly #sizeOfTwo = new Map<RowSet, Map<RowSet, number | undefined>>();
  #isFinished = false;

  constructor(facts: SetVectorFacts) {
    this.#facts = facts;
    this.#columns = facts.circuit.columns.map((id) => ({ columnId: id, parts: facts.parts }));
    this.#columns.forEach((column, position) => this.#positions.set(nameOf(column), position));
    this.#products = [...facts.circuit.products];
    this.#products.forEach((product, index) => this.#productKeys.set(textOfProduct(product), index));
    for (const { set, form } of facts.known) if (!this.#built.has(keyOf(set))) this.#remember(set, form);
  }

  /** The number of rows in both, as an index among the sizes; undefined when there are none by construction. */
  size(a: RowSet, b: RowSet = a): number | undefined {
    const known = this.#sizeOfTwo.get(a) ?? new Map<RowSet, number | undefined>();
    this.#sizeOfTwo.set(a, known);
    if (!known.has(b)) known.set(b, this.#sizeOfBoth(a, b));
    return known.get(b);
  }

  #sizeOfBoth(a: RowSet, b: RowSet): number | undefined {
    const both = intersect(a, b);
    if (both === undefined) return undefined;
    const key = keyOf(both);
    let index = this.#sizeOf.get(key);
    if (index === undefined) {
      assert(!this.#isFinished, "a size was not named before the circuit was finished");
      index = this.#sizes.push(this.#sum(both) ?? this.#sumOfBuilt(a, b)) - 1;
      this.#sets[index] = both;
      this.#sizeOf.set(key, index);
    }
    return index;
  }

  /** An output of the query once more, as an index among the sizes: all of it, or what rows of some parts add to it. */
  total(output: number, parts = this.#facts.parts): number {
    const key = `${output}|${parts}`;
    let index = this.#totalOf.get(key);
    if (index === undefined) {
      assert(!this.#isFinished, "a total was not named before the circuit was finished");
      const whole = this.#facts.circuit.outputs[output]!;
      index = this.#sizes.push(parts === this.#facts.parts ? whole : this.#outputOf(whole, parts)) - 1;
      this.#totalOf.set(key, index);
    }
    return index;
  }

  /** One factor's columns are enough to leave out other rows; a product column is of all. */
  #outputOf({ left, right }: CircuitOutput, parts: bigint): CircuitOutput {
    const within = (form: LinearForm): LinearForm =>
      combineForms(
        form.columns.map(([position, coefficient]) => {
          const column = this.#position({ ...this.#columns[position]!, parts });
          return [coefficient, { columns: [[column, 1n]], products: [] }];
        }),
      );
    const [first, second] = [left, right ?? this.#combine(parts, [ACTIVE])];
    if (second.products.length === 0) return { left: first, right: within(second) };
    if (first.products.length === 0) return { left: within(first), right: second };
    return { left: this.#product(first, this.#combine(parts, [ACTIVE])), right: second };
  }

  /** The query's circuit with products and sizes added, and what it is about. */
  finish(): SetCircuit {
    this.#isFinished = true;
    const { outputs } = this.#facts.circuit;
    const sizes = this.#sizes.flatMap((_, index) => {
      const set = this.#sets[index];
      return set === undefined ? [] : [[outputs.length + index, set] as const];
    });
    const names = this.#columns.map(nameOf);
    const indicators = [...this.#built.values()].flatMap(({ set, form }) => {
      const product = productOf(form);
      return product === undefined ? [] : [[product, set] as const];
    });
    return {
      circuit: { columns: names, products: this.#products, outputs: [...outputs, ...this.#sizes] },
      columns: this.#columns,
      indicators: new Map(indicators),
      sizes: new Map(sizes),
    };
  }

  /** Without new products, but for thresholds, or not at all. */
  #sum(set: RowSet): CircuitOutput | undefined {
    const whole = this.#find(set);
    if (whole !== undefined) return { left: whole, right: undefined };
    for (const vector of this.#built.values()) {
      if (!isSubset(set, vector.set)) continue;
      const rest = conditionsBeside(set, vector.set);
      // A form is only made where it is needed: a condition at thresholds takes products.
      if (!this.#isThere(rest) || !isBoth(set, vector.set, rest)) continue;
      return { left: this.#find(rest) as LinearForm, right: vector.form };
    }
    const { conditions, shape } = set;
    if (conditions.length !== 2 || shape !== undefined) return undefined;
    const [first, second] = conditions.map((condition) => this.#oneCondition(set.parts, condition));
    return { left: first as LinearForm, right: second };
  }

  /** Builds one of the two, and the other only if that is not enough; of one set, all its conditions but one. */
  #sumOfBuilt(a: RowSet, b: RowSet): CircuitOutput {
    const [first, second] = isSubset(b, a) ? [b, a] : [a, b];
    const parts = isSubset(first, second) ? this.#withoutOne(first) : undefined;
    if (parts !== undefined) return { left: this.#build(parts.rest), right: parts.condition };
    const left = this.#build(first);
    if (isSubset(first, second)) return { left, right: undefined };
    return this.#sum(intersect(a, b) as RowSet) ?? { left, right: this.#build(second) };
  }

  /** Cells of a table share what is left without the condition on the field of most classes; undefined where a set has no two. */
  #withoutOne(set: RowSet): { readonly rest: RowSet; readonly condition: LinearForm } | undefined {
    const { conditions, shape, parts } = set;
    if (shape !== undefined || conditions.length < 2) return undefined;
    const classesOf = ([field]: Condition): number => this.#facts.classes(field).count;
    const condition = conditions.reduce((most, each) => (classesOf(each) > classesOf(most) ? each : most));
    const rest = { parts, conditions: conditions.filter((each) => each !== condition) };
    return { rest, condition: this.#oneCondition(parts, condition) };
  }

  #isThere(set: RowSet): boolean {
    return (set.conditions.length <= 1 && set.shape === undefined) || this.#built.has(keyOf(set));
  }

  /** A set's indicator as it is there: a form of one condition, or one that was built. */
  #find(set: RowSet): LinearForm | undefined {
    if (!this.#isThere(set)) return undefined;
    return this.#built.get(keyOf(set))?.form ?? this.#oneCondition(set.parts, set.conditions[0]);
  }

  /** Adds product columns: one where a built set needs but one more condition. */
  #build(set: RowSet): LinearForm {
    const found = this.#find(set);
    if (found !== undefined) return found;
    for (const vector of this.#built.values()) {
      if (vector.set.parts !== set.parts || !isSubset(set, vector.set)) continue;
      const rest = conditionsBeside(set, vector.set);
      if (rest.conditions.length > 1 || !isBoth(set, vector.set, rest)) continue;
      return this.#multiply(set, vector.form, this.#oneCondition(set.parts, rest.conditions[0]));
    }
    for (const condition of set.conditions.toReversed()) {
      const others = withoutCondition(set, condition);
      if (others === undefined) continue;
      return this.#multiply(set, this.#build(others), this.#oneCondition(set.parts, condition));
    }
    return this.#buildShape(set);
  }

  /** Σ over the edges at the top: disjoint sets, each of which has a condition that does not depend on others. */
  #buildShape({ parts, conditions, shape }: RowSet): LinearForm {
    assert(shape !== undefined, "every condition of a box is one of its factors");
    const { field, all, edges } = shape;
    const inside = edges.flatMap(([classes, child]) => {
      const below = setWhere(parts, child);
      const own = setWhere(parts, oneOn(field, classes, all));
      return below === undefined || own === undefined ? [] : [intersect(own, below) as RowSet];
    });
    const form = combineForms(inside.map((set) => [1n, this.#build(set)]));
    this.#remember({ parts, conditions, shape }, form);
    return form;
  }

  #multiply(set: RowSet, left: LinearForm, right: LinearForm): LinearForm {
    const form = this.#product(left, right);
    this.#remember(set, form);
    return form;
  }

  #product(left: LinearForm, right: LinearForm): LinearForm {
    const product = { left, right };
    const index =
      this.#productKeys.get(textOfProduct(product)) ??
      this.#productKeys.get(textOfProduct({ left: right, right: left })) ??
      this.#products.push(product) - 1;
    this.#productKeys.set(textOfProduct(product), index);
    return ofProduct(index);
  }

  /** A form of columns is made again as it is needed. */
  #remember(set: RowSet, form: LinearForm): void {
    const isLinear = set.conditions.length <= 1 && set.shape === undefined && form.products.length === 0;
    if (!isLinear) this.#built.set(keyOf(set), { set, form });
  }

  /** @param condition undefined: all rows of the parts */
  #oneCondition(parts: bigint, condition: Condition | undefined): LinearForm {
    const terms = condition === undefined ? [ACTIVE] : this.#conditionTerms(condition);
    return this.#combine(parts, terms);
  }

  #combine(parts: bigint, terms: readonly ClassTerm[]): LinearForm {
    const sums = new Map<string, bigint>();
    const named = new Map<string, ClassTerm>();
    for (const term of terms) {
      const name = `${term.field}|${"threshold" in term ? term.threshold : `${term.kind}|${term.argument}`}`;
      named.set(name, term);
      sums.set(name, (sums.get(name) ?? 0n) + term.coefficient);
    }
    const needed = [...sums].filter(([, coefficient]) => coefficient !== 0n);
    return combineForms(needed.map(([name, coefficient]) => [coefficient, this.#term(parts, named.get(name)!)]));
  }

  #term(parts: bigint, term: ClassTerm): LinearForm {
    if ("threshold" in term) return this.#threshold(parts, term.field, term.threshold);
    const { field, kind, argument } = term;
    const id = columnId(this.#facts.schema.hash, field, kind, argument);
    return { columns: [[this.#position({ columnId: id, parts }), 1n]], products: [] };
  }

  /** [field >= threshold], as the query has it or of digit columns. */
  #threshold(parts: bigint, field: number, threshold: bigint): LinearForm {
    const key = `${field}|${threshold}|${parts}`;
    let form = this.#thresholds.get(key);
    if (form === undefined) {
      form = this.#built.get(keyOf(this.#setFrom(parts, field, threshold)))?.form;
      form ??= thresholdForm(this.#facts.schema, field, threshold, {
        columns: (terms) => this.#combine(parts, terms),
        multiply: (left, right) => this.#product(left, right),
      });
      this.#thresholds.set(key, form);
    }
    return form;
  }

  #setFrom(parts: bigint, field: number, threshold: bigint): RowSet {
    const { count, bounds } = this.#facts.classes(field);
    let classes = 0n;
    for (let index = 0; index < count; index++)
      if ((bounds(index)?.[0] ?? threshold - 1n) >= threshold) classes |= 1n << BigInt(index);
    return { parts, conditions: [[field, classes, (1n << BigInt(count)) - 1n]] };
  }

  /** The classes in it, or active less those outside: whichever are fewer. Neighbouring intervals cancel. */
  #conditionTerms([field, classes]: Condition): ClassTerm[] {
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
function conditionsBeside({ parts, conditions }: RowSet, within: RowSet): RowSet {
  return { parts, conditions: conditions.filter(([field, classes]) => classesIn(within, field) !== classes) };
}

/** Whether `set` is what its superset `within` and these of its conditions have in common: of boxes it always is. */
function isBoth(set: RowSet, within: RowSet, beside: RowSet): boolean {
  if (set.shape === undefined && within.shape === undefined) return true;
  const both = intersect(within, beside);
  return both !== undefined && keyOf(both) === keyOf(set);
}

/** Undefined where the condition depends on others. */
function withoutCondition({ parts, conditions, shape }: RowSet, condition: Condition): RowSet | undefined {
  if (shape === undefined) return { parts, conditions: conditions.filter((each) => each !== condition) };
  const rest = withoutField(shape, condition[0]);
  return rest === undefined || rest.key === ZERO.key ? undefined : setWhere(parts, rest);
}

/** The product column that a form is. */
function productOf({ columns, products }: LinearForm): number | undefined {
  const [only, other] = products;
  return columns.length === 0 && only?.[1] === 1n && other === undefined ? only[0] : undefined;
}

function nameOf({ columnId: id, parts }: PartialColumn): string {
  return `${id}/${parts.toString(16)}`;
}
