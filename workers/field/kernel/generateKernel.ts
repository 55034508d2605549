/**
 * The kernel of one prime: WebAssembly made from the prime when a field is made, in some 50 ms, so that no binary is
 * shipped and none can differ from its source.
 */
import { arithmeticKernels } from "./arithmeticKernels.ts";
import { CONSTANTS_END, ConstantTable } from "./constants.ts";
import { fusedLimbs } from "./fusedLimbs.ts";
import { integerLimbs } from "./integerLimbs.ts";
import type { KernelLimits, LimbFormat } from "./limbArithmetic.ts";
import { movingKernels } from "./movingKernels.ts";
import { PrimeConstants } from "./primeConstants.ts";
import { assembleModule } from "./wasm.ts";
import { wordKernels } from "./wordKernels.ts";

export interface GeneratedKernel {
  readonly format: LimbFormat;
  readonly prime: PrimeConstants;
  /** The module for a memory of MAXIMUM_PAGES. */
  assemble(isShared: boolean): Uint8Array<ArrayBuffer>;
  /** To be written to the memory before the first call. */
  readonly constants: { readonly address: number; readonly lanes: BigInt64Array<ArrayBuffer> };
  /** By kernel: what was proved of its results, |v| <= bound·p, rounded up to thousandths. */
  readonly residueBounds: ReadonlyMap<string, number>;
  /** First byte free for vectors. */
  readonly firstFreeAddress: number;
}

/** 4 GiB, all that 32-bit addresses reach: reserved, not taken. */
export const MAXIMUM_PAGES = 65_536;

export const LIMB_FORMATS: Readonly<Record<LimbFormat["name"], LimbFormat>> = {
  fused: fusedLimbs,
  integer: integerLimbs,
};

/**
 * @param limits other block sizes than the format's own, to be proved like those
 * @throws AssertionError naming the bound, if the prime or the limits break one
 */
export function generateKernel(
  prime: bigint,
  arithmetic: LimbFormat["name"],
  limits: Partial<KernelLimits> = {},
): GeneratedKernel {
  const own = LIMB_FORMATS[arithmetic];
  return generateForFormat(prime, { ...own, limits: { ...own.limits, ...limits } });
}

/** As `generateKernel`, for a format that need not be one of ours: the same bounds are demanded of it. */
export function generateForFormat(prime: bigint, format: LimbFormat): GeneratedKernel {
  const constants = new PrimeConstants(prime, format);
  const table = new ConstantTable();
  const kernels = [
    ...arithmeticKernels(constants, table),
    ...wordKernels(constants, table),
    ...movingKernels(constants, table),
  ];
  const functions = kernels.map(({ fn }) => fn);
  return {
    format,
    prime: constants,
    assemble: (isShared) => assembleModule(functions, { maximumPages: MAXIMUM_PAGES, isShared }),
    constants: table.image(),
    residueBounds: new Map(kernels.map(({ fn, residueBound }) => [fn.name, residueBound])),
    firstFreeAddress: CONSTANTS_END,
  };
}
