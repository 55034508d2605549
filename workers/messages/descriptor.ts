/**
 * The vetted query's canonical form, mirroring `contracts/types/Descriptor.sol` word for word. There the meaning of
 * every field is stated; here are the TypeScript shapes and the ABI encoders; `decodeDescriptor.ts` reads the bytes
 * back, strictly.
 */
import { AbiCoder } from "ethers";

export const AtomOp = { ACTIVE: 0, VALUE: 1, VALID: 2, EQ: 3, RANGE: 4, DIGIT: 5 } as const;
export type AtomOp = (typeof AtomOp)[keyof typeof AtomOp];

export const Finish = {
  GROUP: 0,
  COUNT: 1,
  SUM: 2,
  AVG: 3,
  VAR_POP: 4,
  VAR_SAMP: 5,
  STDDEV_POP: 6,
  STDDEV_SAMP: 7,
  COVAR_POP: 8,
  COVAR_SAMP: 9,
  CORR: 10,
  REGR_SLOPE: 11,
  REGR_INTERCEPT: 12,
  REGR_R2: 13,
  REGR_COUNT: 14,
  LINEAR_REGRESSION: 15,
  HISTOGRAM: 16,
  CROSSTAB: 17,
  T_TEST: 18,
  ANOVA: 19,
  QUANTILE: 20,
  KAPLAN_MEIER: 21,
  LOGRANK: 22,
  TOXICITY: 23,
  PRO_CTCAE: 24,
  ALLOCATION: 25,
} as const;
export type Finish = (typeof Finish)[keyof typeof Finish];

export const ParameterKind = { INTEGER: 0, DECIMAL: 1, DATE: 2, CATEGORY: 3 } as const;
export type ParameterKind = (typeof ParameterKind)[keyof typeof ParameterKind];

/** Arguments of a finish that are real numbers (priors, powers, weights, probabilities) are kept with so many decimals. */
export const ARGUMENT_DECIMALS = 6;

/** `Output.right` when there is no second factor. */
export const NO_FACTOR = 0xffff;
export const DESCRIPTOR_FORMAT = 2;

/** The relations of a DIGIT atom, in the lowest bit of its `hi`. */
export const DigitRelation = { EQUAL: 0, GREATER: 1 } as const;
export type DigitRelation = (typeof DigitRelation)[keyof typeof DigitRelation];

export interface Atom {
  readonly op: AtomOp;
  readonly field: number;
  readonly lo: bigint;
  readonly hi: bigint;
  /** bit 0: lo is a parameter index; bit 1: hi is. */
  readonly bind: number;
}
export interface Term {
  readonly coefficient: bigint;
  readonly signal: number;
}
export interface Factor {
  readonly terms: readonly Term[];
}
export interface Product {
  readonly left: number;
  readonly right: number;
}
export interface Axis {
  readonly field: number;
  /** Whether "missing" is the last line. */
  readonly missing: boolean;
  /** Ascending; empty: the categories are the lines. */
  readonly cuts: readonly bigint[];
  /** A factor for each line; empty for categories. */
  readonly lines: readonly number[];
}
export interface Output {
  readonly left: number;
  readonly right: number;
}
export interface Step {
  readonly axes: readonly Axis[];
  readonly outputs: readonly Output[];
}
export interface Column {
  readonly name: string;
  readonly finish: Finish;
  /** Taken in by the statistic. */
  readonly axes: readonly number[];
  readonly sums: readonly number[];
  readonly decimals: readonly number[];
  readonly arguments: readonly bigint[];
}
export interface Descriptor {
  readonly format: number;
  readonly schemaHash: string;
  readonly atoms: readonly Atom[];
  readonly factors: readonly Factor[];
  readonly products: readonly Product[];
  readonly steps: readonly Step[];
  readonly columns: readonly Column[];
}
export interface ParameterBound {
  readonly name: string;
  readonly kind: ParameterKind;
  readonly field: number;
  readonly decimals: number;
  readonly minimum: bigint;
  readonly maximum: bigint;
  /** Ascending; empty = every value in [minimum, maximum]. */
  readonly allowed: readonly bigint[];
}

export const DESCRIPTOR =
  "tuple(uint16 format, bytes32 schemaHash," +
  " tuple(uint8 op, uint16 field, int256 lo, int256 hi, uint8 bind)[] atoms," +
  " tuple(tuple(int256 coefficient, uint16 signal)[] terms)[] factors," +
  " tuple(uint16 left, uint16 right)[] products," +
  " tuple(tuple(uint16 field, bool missing, int256[] cuts, uint16[] lines)[] axes, tuple(uint16 left, uint16 right)[] outputs)[] steps," +
  " tuple(string name, uint8 finish, uint16[] axes, uint16[] sums, uint8[] decimals, int256[] arguments)[] columns)";
export const BOUNDS =
  "tuple(string name, uint8 kind, uint16 field, uint8 decimals, int256 minimum, int256 maximum, int256[] allowed)[]";

const abi = AbiCoder.defaultAbiCoder();

export function encodeDescriptor(descriptor: Descriptor): string {
  return abi.encode([DESCRIPTOR], [descriptor]);
}

export function encodeBounds(bounds: readonly ParameterBound[]): string {
  return abi.encode([BOUNDS], [bounds]);
}

/** @param values scaled integers, one per bound, in order */
export function encodeParameters(values: readonly bigint[]): string {
  return abi.encode(["int256[]"], [values]);
}
