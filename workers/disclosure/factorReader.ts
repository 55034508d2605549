/**
 * What the factors and products of a descriptor are, read off the vetted bytes and taken on trust from nobody: a factor is
 * evaluated on all classes of all fields it depends on. It is
 *
 *   a condition    0 or 1 everywhere, a set of rows, whatever combination of atoms and products it is;
 *   a variable     the value of a field, or any function of one field's classes: what is summed;
 *   digits         of a comparison that is not yet complete (`digitChains.ts`).
 *
 * A product is conditions and at most two variables. Without parameters, a factor that depends on one is *open*, and counts as no
 * condition; whether a query can be read does not depend on them, but for thresholds outside a field's bounds.
 */
import type { Atom, Descriptor, Factor, Term } from "../messages/descriptor.ts";
import { AtomOp } from "../messages/descriptor.ts";
import { bindAtom } from "../query/expandAtoms.ts";
import { atomFunction, comparisonFunction, named, valueOfClasses } from "./atomFunctions.ts";
import type { ClassCatalogue } from "./classCatalogue.ts";
import type { ClassFunction, Decision } from "./classFunction.ts";
import { add, fieldsIn, isConstant, isSet, ONE, scale, times, valuesOf, ZERO } from "./classFunction.ts";
import type { Comparison, DigitPart, Threshold } from "./digitChains.ts";
import { addParts, comparisonOf, digitOf, keyOfThreshold, multiplyParts } from "./digitChains.ts";
import { unsupported } from "./errors.ts";

/** What is summed of one field. */
export interface Variable {
  readonly field: number;
  /** The field's value; else a function of its classes. */
  readonly isValue: boolean;
  /** On each class; undefined where it is the field's value, and rows of the class differ. */
  readonly values: readonly (bigint | undefined)[];
}

export interface Reading {
  /** 0 or 1 everywhere. */
  readonly condition: ClassFunction;
  readonly variables: readonly Variable[];
  /** Undefined: no digits are left over. */
  readonly digits: DigitPart | undefined;
  /** Whether a factor that depends on unknown parameters was left out. */
  readonly isOpen: boolean;
}

const MOST_VARIABLES = 2;

export class FactorReader {
  readonly #descriptor: Descriptor;
  readonly #catalogue: ClassCatalogue;
  readonly #parameters: readonly bigint[] | undefined;
  readonly #factors = new Map<number, Reading>();
  readonly #products = new Map<number, Reading>();
  readonly #leaves = new Map<number, ReadonlySet<number>>();
  /** Factors that digits are in. */
  readonly #digits = new Map<number, boolean>();

  /** @param parameters checked against the bounds; undefined: any */
  constructor(descriptor: Descriptor, parameters: readonly bigint[] | undefined, catalogue: ClassCatalogue) {
    this.#descriptor = descriptor;
    this.#catalogue = catalogue;
    this.#parameters = parameters;
  }

  /** @throws CodedError DISCLOSURE_UNSUPPORTED | CIRCUIT_NO_PARAMETER */
  factor(index: number): Reading {
    let reading = this.#factors.get(index);
    if (reading === undefined) this.#factors.set(index, (reading = this.#readFactor(index)));
    return reading;
  }

  /** @throws CodedError DISCLOSURE_UNSUPPORTED | CIRCUIT_NO_PARAMETER */
  product(index: number): Reading {
    let reading = this.#products.get(index);
    if (reading === undefined) {
      const { left, right } = this.#descriptor.products[index]!;
      this.#products.set(index, (reading = this.multiply(this.factor(left), this.factor(right))));
    }
    return reading;
  }

  multiply(a: Reading, b: Reading): Reading {
    const isOpen = a.isOpen || b.isOpen;
    if (a.digits !== undefined || b.digits !== undefined) {
      const part = a.digits && b.digits && multiplyParts(a.digits, b.digits);
      if (part === undefined) throw this.#noComparison((a.digits ?? b.digits)!);
      return this.#ofDigits(part);
    }
    const variables = [...a.variables, ...b.variables];
    if (variables.length > MOST_VARIABLES) {
      throw unsupported(`a sum of products of more than ${MOST_VARIABLES} values`, this.#named(variables[0]!.field));
    }
    return { condition: times(a.condition, b.condition), variables, digits: undefined, isOpen };
  }

  /** @throws CodedError DISCLOSURE_UNSUPPORTED: digits are left over */
  whole(reading: Reading): Reading {
    if (reading.digits !== undefined) throw this.#noComparison(reading.digits);
    return reading;
  }

  /** The factors that a factor is the product of: itself, unless it is one product, but for digits. */
  leaves(index: number): ReadonlySet<number> {
    let leaves = this.#leaves.get(index);
    if (leaves === undefined) this.#leaves.set(index, (leaves = this.#readLeaves(index)));
    return leaves;
  }

  #readLeaves(index: number): ReadonlySet<number> {
    const { terms } = this.#descriptor.factors[index]!;
    const [only] = terms;
    const product = only === undefined ? undefined : this.#descriptor.products[this.#productOf(only)];
    const isProduct = terms.length === 1 && only!.coefficient === 1n && product !== undefined;
    const operands = isProduct ? [product.left, product.right] : [];
    const isDigits = operands.some((operand) => this.factor(operand).digits !== undefined);
    if (!isProduct || isDigits) return new Set([index]);
    return new Set(operands.flatMap((operand) => [...this.leaves(operand)]));
  }

  #productOf({ signal }: Term): number {
    return signal - this.#descriptor.atoms.length;
  }

  #readFactor(index: number): Reading {
    const { terms } = this.#descriptor.factors[index]!;
    const readings = terms.map((term) => this.#signal(term));
    const [only] = readings;
    if (only !== undefined && terms.length === 1 && terms[0]!.coefficient === 1n) return only;
    const parts = readings.flatMap(({ digits }) => digits ?? []);
    const isChain = parts.length === terms.length && terms.every(({ coefficient }) => coefficient === 1n);
    const chain = isChain ? addParts(parts) : undefined;
    if (chain !== undefined) return this.#ofDigits(chain);
    return this.#combination(terms, readings);
  }

  #signal(term: Term): Reading {
    const atom = this.#descriptor.atoms[term.signal];
    return atom === undefined ? this.product(this.#productOf(term)) : this.#atom(atom);
  }

  #atom(atom: Atom): Reading {
    const { op, field } = atom;
    if (op === AtomOp.VALUE) {
      const variable = { field, isValue: true, values: valueOfClasses(this.#catalogue, field) };
      return { ...conditionIs(ONE), variables: [variable] };
    }
    if (op === AtomOp.DIGIT) {
      const part = digitOf(atom, this.#digitsOf(field));
      if (part === undefined) throw unsupported("it has no such digit columns", this.#named(field));
      return this.#ofDigits(part);
    }
    if (atom.bind === 0) return conditionIs(atomFunction(this.#catalogue, atom));
    if (this.#parameters === undefined) return { ...conditionIs(ONE), isOpen: true };
    return conditionIs(atomFunction(this.#catalogue, bindAtom(atom, this.#parameters)));
  }

  #ofDigits(part: DigitPart): Reading {
    const comparison = comparisonOf(part, this.#digitsOf(part.at.field));
    if (comparison !== undefined) return this.#comparison(comparison);
    return { ...conditionIs(ONE), digits: part, isOpen: this.#isUnknown(part.at) };
  }

  #comparison(comparison: Comparison): Reading {
    const { lo, bind } = comparison.at;
    if (bind === 0) return conditionIs(comparisonFunction(this.#catalogue, comparison, lo));
    if (this.#parameters === undefined) return { ...conditionIs(ONE), isOpen: true };
    const atom = { op: AtomOp.DIGIT, field: comparison.at.field, lo, hi: 0n, bind };
    return conditionIs(comparisonFunction(this.#catalogue, comparison, bindAtom(atom, this.#parameters).lo));
  }

  #isUnknown({ bind }: Threshold): boolean {
    return bind !== 0 && this.#parameters === undefined;
  }

  /** Σ coefficient × signal, as one function of classes. */
  #combination(terms: Factor["terms"], readings: readonly Reading[]): Reading {
    const summed = readings.flatMap(({ variables }) => variables);
    if (summed.length > 0) throw unsupported("a value is combined with something else", this.#named(summed[0]!.field));
    const comparisons = this.#comparisonsIn(terms, readings);
    if ([...readings, ...comparisons.map(([, reading]) => reading)].some(({ isOpen }) => isOpen)) {
      return { ...conditionIs(ONE), isOpen: true };
    }
    const seen = new Set<string>();
    let sum: ClassFunction = ZERO;
    terms.forEach(({ coefficient, signal }, index) => {
      const atom = this.#descriptor.atoms[signal];
      if (atom?.op === AtomOp.EQ) {
        const key = `${atom.field},${bindAtom(atom, this.#parameters ?? []).lo}`;
        if (seen.has(key)) return; // IN is deduplicated, as in the circuit
        seen.add(key);
      }
      const { condition, digits } = readings[index]!;
      if (digits === undefined) sum = add(sum, scale(condition, coefficient));
    });
    for (const [coefficient, { condition }] of comparisons) sum = add(sum, scale(condition, coefficient));
    return this.#variableOr(sum, terms);
  }

  /** F(top) = greater(top) + equal(top) × F(top − 1), term by term: each as often as the other. */
  #comparisonsIn(terms: Factor["terms"], readings: readonly Reading[]): (readonly [bigint, Reading])[] {
    const found: (readonly [bigint, Reading])[] = [];
    const left = new Map<string, { readonly part: DigitPart; count: bigint }>();
    terms.forEach(({ coefficient }, index) => {
      const part = readings[index]!.digits;
      if (part === undefined) return;
      const top = this.#digitsOf(part.at.field) - 1;
      if ((part.kind !== "greater" && part.kind !== "step") || part.position !== top) throw this.#noComparison(part);
      const key = keyOfThreshold(part.at);
      const open = left.get(key) ?? { part, count: 0n };
      left.set(key, open);
      if (part.kind === "greater") open.count += coefficient;
      else {
        open.count -= coefficient;
        found.push([coefficient, this.#comparison({ at: part.at, relation: part.orEqual ? ">=" : ">" })]);
      }
    });
    for (const { part, count } of left.values()) if (count !== 0n) throw this.#noComparison(part);
    return found;
  }

  #variableOr(sum: ClassFunction, terms: Factor["terms"]): Reading {
    if (isSet(sum)) return conditionIs(sum);
    if (isConstant(sum)) return this.#multiple(sum.value, terms);
    const [field, other] = fieldsIn(sum).keys();
    if (other !== undefined) throw unsupported("a factor is a number that depends on two fields");
    if (this.#hasDigits(terms)) throw unsupported("digit columns are no comparison", this.#named(field!));
    return { ...conditionIs(ONE), variables: [{ field: field!, isValue: false, values: valuesOf(sum as Decision) }] };
  }

  /** A field of one class has one value: the square of a constant column is such a number. */
  #multiple(value: bigint, terms: Factor["terms"]): Reading {
    const fields = new Set(terms.flatMap(({ signal }) => this.#descriptor.atoms[signal]?.field ?? []));
    const [field, other] = fields;
    const isOne = field !== undefined && other === undefined && this.#catalogue.schema.fields[field] !== undefined;
    if (!isOne || this.#catalogue.classes(field).count !== 1) {
      throw unsupported("a factor is a multiple of the number of rows");
    }
    return { ...conditionIs(ONE), variables: [{ field, isValue: false, values: [value] }] };
  }

  #hasDigits(terms: Factor["terms"]): boolean {
    return terms.some((term) => {
      const atom = this.#descriptor.atoms[term.signal];
      if (atom !== undefined) return atom.op === AtomOp.DIGIT;
      const { left, right } = this.#descriptor.products[this.#productOf(term)]!;
      return [left, right].some((operand) => {
        const found = this.#digits.get(operand) ?? this.#hasDigits(this.#descriptor.factors[operand]!.terms);
        this.#digits.set(operand, found);
        return found;
      });
    });
  }

  #digitsOf(field: number): number {
    const on = this.#catalogue.schema.fields[field];
    return on === undefined || on.type === "category" ? 0 : on.digits;
  }

  #noComparison({ at }: DigitPart): Error {
    return unsupported("digit columns are no comparison", this.#named(at.field));
  }

  #named(field: number): ReturnType<typeof named> {
    return named(this.#catalogue.schema, field);
  }
}

function conditionIs(condition: ClassFunction): Reading {
  return { condition, variables: [], digits: undefined, isOpen: false };
}
