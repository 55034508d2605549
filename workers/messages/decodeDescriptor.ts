/**
 * Reads the canonical bytes of `descriptor.ts` back, strictly: encoding the value again must give the same bytes, every
 * index must point somewhere (products only backwards), and unused words must be zero. So one meaning has one hash.
 */
import { AbiCoder, getBytes } from "ethers";
import { CodedError } from "../errors.ts";
import { checkAnswer, MAX_DECIMALS } from "./answerColumns.ts";
import type { Atom, Descriptor, Factor, Finish, ParameterBound, Product } from "./descriptor.ts";
import {
  AtomOp,
  BOUNDS,
  DESCRIPTOR,
  DESCRIPTOR_FORMAT,
  encodeBounds,
  encodeDescriptor,
  encodeParameters,
  NO_FACTOR,
  ParameterKind,
} from "./descriptor.ts";

const abi = AbiCoder.defaultAbiCoder();

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
/** Of an active query they are part of its contract's code, after the study's policy: one parameter of some 700 values. */
export const MAX_BOUNDS_BYTES = 22_848;
export const MAX_PARAMETERS = 64;
/** Larger tables are published as several queries; a cell's outputs are 32 bytes of event each. */
export const MAX_OUTPUTS = 256;

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

function smallList(value: unknown): number[] {
  return [...(value as Iterable<bigint>)].map(small);
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
      axes: list(axes, ({ field, missing, cuts, lines }) => ({
        field: small(field),
        missing: missing as boolean,
        cuts: [...(cuts as Iterable<bigint>)],
        lines: smallList(lines),
      })),
      outputs: list(outputs, ({ left, right }) => ({ left: small(left), right: small(right) })),
    })),
    columns: list(top["columns"], ({ name, finish, axes, sums, decimals, arguments: args }) => ({
      name: name as string,
      finish: small(finish) as Finish,
      axes: smallList(axes),
      sums: smallList(sums),
      decimals: smallList(decimals),
      arguments: [...(args as Iterable<bigint>)],
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

function checkStep(descriptor: Descriptor): void {
  const { steps, factors } = descriptor;
  const [step] = steps;
  check(step !== undefined && steps.length === 1, "steps", `has ${steps.length}, expected 1`);
  const { outputs } = step!;
  check(
    outputs.length > 0 && outputs.length <= MAX_OUTPUTS,
    "steps[0].outputs",
    `has none or more than ${MAX_OUTPUTS}`,
  );
  outputs.forEach(({ left, right }, index) => {
    const exist = left < factors.length && (right === NO_FACTOR || right < factors.length);
    check(exist, `steps[0].outputs[${index}]`, "names a factor that does not exist");
  });
  checkAnswer(descriptor, check);
}
