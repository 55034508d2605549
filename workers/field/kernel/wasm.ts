/**
 * Just enough of the WebAssembly binary format to assemble straight-line kernels: one imported memory, functions
 * over i32 addresses, SIMD. Source: WebAssembly Core Specification 3.0, chapters 5.4 and 5.5,
 * https://webassembly.github.io/spec/core/binary/index.html; relaxed SIMD is part of it.
 *
 * Code is a list of bytes that pushes its result, or nothing for a statement; operands come first, as on the stack.
 */
import assert from "node:assert/strict";

export type Code = readonly number[];
export type Local = number & { readonly __local: true };

type ValueType = "i32" | "i64" | "v128";
const VALUE_TYPE = { i32: 0x7f, i64: 0x7e, v128: 0x7b } as const;
const SIMD = 0xfd;
const VOID_BLOCK = 0x40;

/** LEB128 of an unsigned number below 2^32. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}

/** LEB128 of a signed integer of up to 64 bits. */
function signed(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 127n);
    if ((rest >> 7n === 0n && low < 64) || (rest >> 7n === -1n && low >= 64)) return [...bytes, low];
    bytes.push(low | 128);
  }
}

function simd(opcode: number, ...operands: Code[]): Code {
  return [...operands.flat(), SIMD, ...unsigned(opcode)];
}

/** Alignment is a hint; 0 promises none. */
function memoryArgument(offset: number): number[] {
  return [0, ...unsigned(offset)];
}

const plain =
  (opcode: number) =>
  (...operands: Code[]): Code => [...operands.flat(), opcode];
const vector =
  (opcode: number) =>
  (...operands: Code[]): Code =>
    simd(opcode, ...operands);
const loads =
  (...opcode: number[]) =>
  (address: Code, offset = 0): Code => [...address, ...opcode, ...memoryArgument(offset)];
const stores =
  (...opcode: number[]) =>
  (address: Code, value: Code, offset = 0): Code => [...address, ...value, ...opcode, ...memoryArgument(offset)];
const laneStores =
  (opcode: number) =>
  (address: Code, value: Code, lane: number, offset = 0): Code => [
    ...address,
    ...value,
    SIMD,
    ...unsigned(opcode),
    ...memoryArgument(offset),
    lane,
  ];

/** What 64 bits hold of `value`, read as a signed integer. */
export function wrap64(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

export const op = {
  get: (local: Local): Code => [0x20, ...unsigned(local)],
  set: (local: Local, value: Code): Code => [...value, 0x21, ...unsigned(local)],
  tee: (local: Local, value: Code): Code => [...value, 0x22, ...unsigned(local)],

  i32: (value: number): Code => [0x41, ...signed(BigInt(value))],
  i64: (value: bigint): Code => [0x42, ...signed(wrap64(value))],
  i32Add: plain(0x6a),
  i32Sub: plain(0x6b),
  i32Mul: plain(0x6c),
  i32And: plain(0x71),
  i32ShiftRight: plain(0x76),
  i32LessUnsigned: plain(0x49),
  i32IsZero: plain(0x45),
  /** select(whenTrue, whenFalse, condition). */
  select: plain(0x1b),
  i64Mul: plain(0x7e),
  i64ExtendUnsigned: plain(0xad),
  i32Wrap: plain(0xa7),
  i32Load: loads(0x28),
  i64Load: loads(0x29),
  i32Store: stores(0x36),
  i64Store: stores(0x37),

  /** v128 of the 16 bytes, or of 8 bytes and zeros. */
  load: loads(SIMD, 0x00),
  load64: loads(SIMD, 0x5d),
  store: stores(SIMD, 0x0b),
  store64Lane: laneStores(0x5b),
  store32Lane: laneStores(0x5a),
  shuffle: (a: Code, b: Code, lanes: readonly number[]): Code => [...a, ...b, SIMD, 0x0d, ...lanes],
  and: vector(0x4e),
  or: vector(0x50),
  anyTrue: vector(0x53),
  i32x4Add: vector(0xae),
  i32x4Sub: vector(0xb1),
  i64x2Splat: vector(0x12),
  i64x2Lane: (value: Code, lane: number): Code => [...value, SIMD, 0x1d, lane],
  i64x2Add: vector(0xce),
  i64x2Sub: vector(0xd1),
  i64x2ShiftLeft: (value: Code, bits: number): Code => simd(0xcb, value, op.i32(bits)),
  i64x2ShiftRightSigned: (value: Code, bits: number): Code => simd(0xcc, value, op.i32(bits)),
  i64x2ShiftRight: (value: Code, bits: number): Code => simd(0xcd, value, op.i32(bits)),
  i64x2LessSigned: vector(0xd8),
  /** i64x2 of the two low i32 lanes, sign-extended. */
  i64x2ExtendLow: vector(0xc7),
  /** i64x2 of the products of the two low i32 lanes. */
  i64x2MultiplyLow: vector(0xdc),
  f64x2Add: vector(0xf0),
  f64x2Sub: vector(0xf1),
  f64x2Mul: vector(0xf2),
  f64x2Nearest: vector(0x94),
  /** a·b + c, rounded once where the machine fuses it: `hasFusedMultiplyAdd` tells. */
  f64x2MultiplyAdd: vector(0x107),

  /** Moves bytes; the areas may overlap. */
  memoryCopy: (to: Code, from: Code, bytes: Code): Code => [...to, ...from, ...bytes, 0xfc, 0x0a, 0, 0],

  /** Sets bytes to zero. */
  memoryClear: (at: Code, bytes: Code): Code => [...at, ...op.i32(0), ...bytes, 0xfc, 0x0b, 0],

  /** Repeats `body` while `condition` holds. */
  whileLoop: (condition: Code, body: Code): Code => [
    ...[0x02, VOID_BLOCK],
    ...[0x03, VOID_BLOCK],
    ...op.i32IsZero(condition),
    ...[0x0d, 1],
    ...body,
    ...[0x0c, 0],
    ...[0x0b, 0x0b],
  ],
} as const;

/** One exported function: i32 parameters, at most one i32 result, locals as they are asked for. */
export class WasmFunction {
  readonly name: string;
  readonly parameters: readonly Local[];
  readonly returnsI32: boolean;
  readonly #locals: ValueType[] = [];
  #body: Code = [];

  constructor(name: string, parameterCount: number, returnsI32 = false) {
    this.name = name;
    this.parameters = Array.from({ length: parameterCount }, (_, index) => index as Local);
    this.returnsI32 = returnsI32;
  }

  local(type: ValueType): Local {
    this.#locals.push(type);
    return (this.parameters.length + this.#locals.length - 1) as Local;
  }

  setBody(...code: Code[]): void {
    this.#body = code.flat();
  }

  encode(): number[] {
    const locals = this.#locals.flatMap((type) => [1, VALUE_TYPE[type]]);
    return sized([...unsigned(this.#locals.length), ...locals, ...this.#body, 0x0b]);
  }
}

function sized(bytes: readonly number[]): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  return [id, ...sized([...unsigned(items.length), ...items.flat()])];
}

function text(value: string): number[] {
  return sized([...new TextEncoder().encode(value)]);
}

export interface ImportedMemory {
  readonly maximumPages: number;
  readonly isShared: boolean;
}

/** A module that imports `env.memory` and exports the functions by name. */
export function assembleModule(
  functions: readonly WasmFunction[],
  { maximumPages, isShared }: ImportedMemory,
): Uint8Array<ArrayBuffer> {
  assert(new Set(functions.map(({ name }) => name)).size === functions.length, "two kernels of one name");
  const types = functions.map(({ parameters, returnsI32 }) => [
    0x60,
    ...sized(parameters.map(() => VALUE_TYPE.i32)),
    ...sized(returnsI32 ? [VALUE_TYPE.i32] : []),
  ]);
  const limits = [isShared ? 0x03 : 0x01, ...unsigned(1), ...unsigned(maximumPages)];
  const memory = [...text("env"), ...text("memory"), 0x02, ...limits];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, types),
    ...section(2, [memory]),
    ...section(
      3,
      functions.map((_, index) => unsigned(index)),
    ),
    ...section(
      7,
      functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]),
    ),
    ...section(
      10,
      functions.map((each) => each.encode()),
    ),
  ]);
}
