/**
 * The vetted query's canonical form, mirroring `contracts/types/Descriptor.sol` word for word. There the meaning of
 * every field is stated; here are the TypeScript shapes and the ABI codec. Decoding is strict: the bytes must be the
 * one encoding of a well-formed value, so that equal hashes mean equal queries.
 */
import { AbiCoder, getBytes } from "ethers";
import { CodedError } from "../errors.ts";

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
} as const;
export type Finish = (typeof Finish)[keyof typeof Finish];

export const ParameterKind = { INTEGER: 0, DECIMAL: 1, DATE: 2, CATEGORY: 3 } as const;
export type ParameterKind = (typeof ParameterKind)[keyof typeof ParameterKind];

/** `Output.right` when there is no second factor. */
export const NO_FACTOR = 0xffff;
export const DESCRIPTOR_FORMAT = 1;

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
  readonly sums: readonly number[];
  readonly decimals: number;
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

const DESCRIPTOR =
  "tuple(uint16 format, bytes32 schemaHash," +
  " tuple(uint8 op, uint16 field, int256 lo, int256 hi, uint8 bind)[] atoms," +
  " tuple(tuple(int256 coefficient, uint16 signal)[] terms)[] factors," +
  " tuple(uint16 left, uint16 right)[] products," +
  " tuple(tuple(uint16 field)[] axes, tuple(uint16 left, uint16 right)[] outputs)[] steps," +
  " tuple(string name, uint8 finish, uint16[] sums, uint8 decimals)[] columns)";
const BOUNDS =
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

export type DescriptorErrorCode =
  /** Not the ABI encoding of this shape, or not the canonical one. */
  | "DESCRIPTOR_NOT_CANONICAL"
  | "DESCRIPTOR_TOO_LARGE"
  | "DESCRIPTOR_FORMAT"
  /** An atom, term, product, output or column that means nothing, or an index that points nowhere or forward. */
  | "DESCRIPTOR_MALFORMED"
  | "DESCRIPTOR_BOUNDS"
  | "DESCRIPTOR_PARAMETERS";

export interface DescriptorErrorDetail {
  readonly code: DescriptorErrorCode;
  /** Which element: `atoms[3]`. */
  readonly at: string;
}

/** Kept on chain as contract code: EIP-170's 24,576 bytes less the leading STOP. */
export const MAX_DESCRIPTOR_BYTES = 24_575;
/** Bounds travel in the catalogue's storage: 32 parameters of 64 values, or one of 2,048. */
export const MAX_BOUNDS_BYTES = 65_536;
export const MAX_PARAMETERS = 64;
/** Larger tables are published as several queries; a cell's outputs are 32 bytes of event each. */
export const MAX_AXES = 8;
export const MAX_OUTPUTS = 256;
const MAX_COLUMNS = 256;
/** 10^18 < 2^62, the largest scaled integer. */
const MAX_DECIMALS = 18;

/** How many sums each way of finishing reads. */
const SUMS: Readonly<Record<Finish, number>> = {
  [Finish.GROUP]: 1,
  [Finish.COUNT]: 1,
  [Finish.SUM]: 2,
  [Finish.AVG]: 2,
  [Finish.VAR_POP]: 3,
  [Finish.VAR_SAMP]: 3,
  [Finish.STDDEV_POP]: 3,
  [Finish.STDDEV_SAMP]: 3,
};

function isOneOf<T extends number>(values: Readonly<Record<string, T>>, value: number): value is T {
  return (Object.values(values) as number[]).includes(value);
}

function malformed(code: DescriptorErrorCode, at: string, problem: string): CodedError<DescriptorErrorDetail> {
  return new CodedError<DescriptorErrorDetail>({ code, at }, `descriptor ${at}: ${problem}`);
}

function check(condition: boolean, at: string, problem: string): void {
  if (!condition) throw malformed("DESCRIPTOR_MALFORMED", at, problem);
}

/**
 * Reads a descriptor of this format: one step, indices in range, products only of earlier products, terms ascending by
 * signal with nonzero coefficients, unused words zero.
 *
 * @param bytes 0x-hex or raw
 * @throws CodedError DESCRIPTOR_*
 */
export function decodeDescriptor(bytes: string | Uint8Array): Descriptor {
  const descriptor = decodeCanonical(bytes, DESCRIPTOR, MAX_DESCRIPTOR_BYTES, readDescriptor, encodeDescriptor);
  if (descriptor.format !== DESCRIPTOR_FORMAT) {
    throw malformed("DESCRIPTOR_FORMAT", "format", `is ${descriptor.format}, expected ${DESCRIPTOR_FORMAT}`);
  }
  descriptor.atoms.forEach(checkAtom);
  descriptor.factors.forEach((factor, index) => checkFactor(descriptor, factor, index));
  descriptor.products.forEach((product, index) => checkProduct(descriptor, product, index));
  checkStep(descriptor);
  return descriptor;
}

/** @throws CodedError DESCRIPTOR_* */
export function decodeBounds(bytes: string | Uint8Array): ParameterBound[] {
  const bounds = decodeCanonical(bytes, BOUNDS, MAX_BOUNDS_BYTES, readBounds, encodeBounds);
  const names = bounds.map(({ name }) => name);
  const wellFormed = (bound: ParameterBound, index: number): boolean =>
    /^[A-Za-z_][A-Za-z0-9_]*$/.test(bound.name) &&
    names.indexOf(bound.name) === index &&
    isOneOf(ParameterKind, bound.kind) &&
    bound.decimals <= MAX_DECIMALS &&
    bound.minimum <= bound.maximum &&
    allowedFits(bound);
  const bad = bounds.findIndex((bound, index) => !wellFormed(bound, index));
  if (bad >= 0) throw malformed("DESCRIPTOR_BOUNDS", `bounds[${bad}]`, "is not a well-formed parameter bound");
  if (bounds.length > MAX_PARAMETERS) throw malformed("DESCRIPTOR_BOUNDS", "bounds", `has more than ${MAX_PARAMETERS}`);
  return bounds;
}

/** Scaled integers, one per bound; whether they are within the bounds is `checkParameters`' question. */
export function decodeParameters(bytes: string | Uint8Array): bigint[] {
  const read = (value: unknown): bigint[] => [...(value as Iterable<bigint>)];
  const values = decodeCanonical(bytes, "int256[]", 32 * (2 + MAX_PARAMETERS), read, encodeParameters);
  if (values.length <= MAX_PARAMETERS) return values;
  throw malformed("DESCRIPTOR_PARAMETERS", "parameters", `has more than ${MAX_PARAMETERS}`);
}

function decodeCanonical<T>(
  bytes: string | Uint8Array,
  type: string,
  limit: number,
  read: (value: unknown) => T,
  encode: (value: T) => string,
): T {
  const raw = rawBytes(bytes);
  if (raw.length > limit)
    throw malformed("DESCRIPTOR_TOO_LARGE", "bytes", `has ${raw.length}, at most ${limit} allowed`);
  let value: T;
  let again: Uint8Array;
  try {
    value = read(abi.decode([type], raw)[0]);
    again = getBytes(encode(value));
  } catch (cause) {
    const detail = { code: "DESCRIPTOR_NOT_CANONICAL", at: "bytes" } as const;
    throw new CodedError<DescriptorErrorDetail>(detail, "descriptor bytes: not an ABI encoding of this shape", {
      cause,
    });
  }
  if (raw.length === again.length && raw.every((byte, index) => byte === again[index])) return value;
  throw malformed("DESCRIPTOR_NOT_CANONICAL", "bytes", "encoding the value again gives other bytes");
}

function rawBytes(bytes: string | Uint8Array): Uint8Array {
  if (typeof bytes !== "string") return bytes;
  if (/^0x([0-9a-fA-F]{2})*$/.test(bytes)) return getBytes(bytes);
  throw malformed("DESCRIPTOR_NOT_CANONICAL", "bytes", "is not 0x-hex");
}

/** Struct values as ethers decodes them: integers are bigints, members have their names. */
type Decoded = { readonly [name: string]: unknown };
function list<T>(value: unknown, read: (item: Decoded) => T): T[] {
  return [...(value as Iterable<Decoded>)].map((item) => read(item));
}
function small(value: unknown): number {
  return Number(value as bigint);
}

function readDescriptor(value: unknown): Descriptor {
  const top = value as Decoded;
  return {
    format: small(top["format"]),
    schemaHash: top["schemaHash"] as string,
    atoms: list(top["atoms"], ({ op, field, lo, hi, bind }) => ({
      op: small(op) as AtomOp,
      field: small(field),
      lo: lo as bigint,
      hi: hi as bigint,
      bind: small(bind),
    })),
    factors: list(top["factors"], ({ terms }) => ({
      terms: list(terms, ({ coefficient, signal }) => ({ coefficient: coefficient as bigint, signal: small(signal) })),
    })),
    products: list(top["products"], ({ left, right }) => ({ left: small(left), right: small(right) })),
    steps: list(top["steps"], ({ axes, outputs }) => ({
      axes: list(axes, ({ field }) => ({ field: small(field) })),
      outputs: list(outputs, ({ left, right }) => ({ left: small(left), right: small(right) })),
    })),
    columns: list(top["columns"], ({ name, finish, sums, decimals }) => ({
      name: name as string,
      finish: small(finish) as Finish,
      sums: [...(sums as Iterable<bigint>)].map(small),
      decimals: small(decimals),
    })),
  };
}

function readBounds(value: unknown): ParameterBound[] {
  return list(value, ({ name, kind, field, decimals, minimum, maximum, allowed }) => ({
    name: name as string,
    kind: small(kind) as ParameterKind,
    field: small(field),
    decimals: small(decimals),
    minimum: minimum as bigint,
    maximum: maximum as bigint,
    allowed: [...(allowed as Iterable<bigint>)],
  }));
}

function allowedFits({ minimum, maximum, allowed }: ParameterBound): boolean {
  if (allowed.length === 0) return true;
  const ascending = allowed.every((value, index) => index === 0 || value > allowed[index - 1]!);
  return ascending && allowed[0] === minimum && allowed.at(-1) === maximum;
}

function checkAtom({ op, field, lo, hi, bind }: Atom, index: number): void {
  const at = `atoms[${index}]`;
  check(isOneOf(AtomOp, op), at, "has an unknown operation");
  const mayBind = op === AtomOp.RANGE ? 3 : op === AtomOp.EQ || op === AtomOp.DIGIT ? 1 : 0;
  check((bind & ~mayBind) === 0, at, "binds a parameter where its operation takes none");
  check(op !== AtomOp.ACTIVE || field === 0xffff, at, "ACTIVE belongs to no field (65535)");
  const unused = op === AtomOp.RANGE || op === AtomOp.DIGIT ? 0n : op === AtomOp.EQ ? hi : lo | hi;
  check(unused === 0n, at, "has a nonzero unused word");
  const bound = [...(bind & 1 ? [lo] : []), ...(bind & 2 ? [hi] : [])];
  check(
    bound.every((parameter) => parameter >= 0n && parameter < MAX_PARAMETERS),
    at,
    "binds no possible parameter",
  );
}

function checkFactor({ atoms, products }: Descriptor, { terms }: Factor, index: number): void {
  const at = `factors[${index}]`;
  check(terms.length > 0, at, "has no terms");
  check(
    terms.every(({ coefficient }) => coefficient !== 0n),
    at,
    "has a zero coefficient",
  );
  check(
    terms.every(({ signal }) => signal < atoms.length + products.length),
    at,
    "names a signal that does not exist",
  );
  const ascending = terms.every(({ signal }, term) => term === 0 || signal > terms[term - 1]!.signal);
  check(ascending, at, "has terms out of order");
}

function checkProduct({ atoms, factors }: Descriptor, { left, right }: Product, index: number): void {
  for (const factor of [left, right]) {
    const terms = factors[factor]?.terms;
    check(terms !== undefined, `products[${index}]`, "names a factor that does not exist");
    const earlier = terms!.every(({ signal }) => signal < atoms.length + index);
    check(earlier, `products[${index}]`, "uses itself or a later product");
  }
}

function checkStep({ steps, factors, columns }: Descriptor): void {
  const [step] = steps;
  check(step !== undefined && steps.length === 1, "steps", `has ${steps.length}, expected 1`);
  const { axes, outputs } = step!;
  check(axes.length <= MAX_AXES, "steps[0].axes", `has more than ${MAX_AXES}`);
  check(new Set(axes.map(({ field }) => field)).size === axes.length, "steps[0].axes", "repeats a field");
  check(
    outputs.length > 0 && outputs.length <= MAX_OUTPUTS,
    "steps[0].outputs",
    `has none or more than ${MAX_OUTPUTS}`,
  );
  outputs.forEach(({ left, right }, index) => {
    const exist = left < factors.length && (right === NO_FACTOR || right < factors.length);
    check(exist, `steps[0].outputs[${index}]`, "names a factor that does not exist");
  });
  check(columns.length > 0 && columns.length <= MAX_COLUMNS, "columns", `has none or more than ${MAX_COLUMNS}`);
  columns.forEach((column, index) => {
    const at = `columns[${index}]`;
    check(isOneOf(Finish, column.finish), at, "has an unknown finish");
    check(column.sums.length === SUMS[column.finish], at, "has another number of sums than its finish reads");
    const limit = column.finish === Finish.GROUP ? axes.length : outputs.length;
    check(
      column.sums.every((sum) => sum < limit),
      at,
      "names a sum or axis that does not exist",
    );
    check(column.decimals <= MAX_DECIMALS, at, `has more than ${MAX_DECIMALS} decimals`);
    const first = columns.findIndex(({ name }) => name === column.name);
    check(column.name !== "" && first === index, at, "has an empty or repeated name");
  });
}
