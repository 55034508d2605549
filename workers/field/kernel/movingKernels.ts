/** Kernels that move elements and compute nothing. */
import type { ConstantTable } from "./constants.ts";
import { KernelFunction } from "./kernelFunction.ts";
import type { PrimeConstants } from "./primeConstants.ts";
import { op } from "./wasm.ts";
import type { Code, Local } from "./wasm.ts";
import { elementAddress } from "./wordKernels.ts";

export function movingKernels(prime: PrimeConstants, table: ConstantTable): KernelFunction[] {
  return [clear(prime, table), move(prime, table), copy(prime, table), gather(prime, table)];
}

/** clear(r, bytes): zeros. */
function clear(prime: PrimeConstants, table: ConstantTable): KernelFunction {
  const kernel = new KernelFunction("clear", 2, prime, table);
  const [r, bytes] = kernel.fn.parameters as [Local, Local];
  return kernel.finish(op.memoryClear(op.get(r), op.get(bytes)));
}

/** move(r, a, bytes): whole pairs. */
function move(prime: PrimeConstants, table: ConstantTable): KernelFunction {
  const kernel = new KernelFunction("move", 3, prime, table);
  const [r, a, bytes] = kernel.fn.parameters as [Local, Local, Local];
  return kernel.finish(op.memoryCopy(op.get(r), op.get(a), op.get(bytes)));
}

/** copy(r, rIndex, a, aIndex, count): r[rIndex + i] = a[aIndex + i]. */
function copy(prime: PrimeConstants, table: ConstantTable): KernelFunction {
  const kernel = new KernelFunction("copy", 5, prime, table);
  const [r, rIndex, a, aIndex, count] = kernel.fn.parameters as [Local, Local, Local, Local, Local];
  const { end, setup } = kernel.endOf(aIndex, count, 1);
  const loop = op.whileLoop(op.i32LessUnsigned(op.get(aIndex), op.get(end)), [
    ...copyElement(kernel, elementAddress(kernel, r, op.get(rIndex)), elementAddress(kernel, a, op.get(aIndex))),
    ...kernel.advance(rIndex, 1),
    ...kernel.advance(aIndex, 1),
  ]);
  return kernel.finish(setup, loop);
}

/** gather(r, a, aIndex, indices, count): r[i] = a[aIndex + indices[i]], indices in 32 bits. */
function gather(prime: PrimeConstants, table: ConstantTable): KernelFunction {
  const kernel = new KernelFunction("gather", 5, prime, table);
  const [r, a, aIndex, indices, count] = kernel.fn.parameters as [Local, Local, Local, Local, Local];
  const position = kernel.fn.local("i32");
  const source = op.i32Add(op.i32Load(op.get(indices)), op.get(aIndex));
  const chosen = kernel.fn.local("i32");
  const loop = op.whileLoop(op.i32LessUnsigned(op.get(position), op.get(count)), [
    ...op.set(chosen, source),
    ...copyElement(kernel, elementAddress(kernel, r, op.get(position)), elementAddress(kernel, a, op.get(chosen))),
    ...kernel.advance(position, 1),
    ...kernel.advance(indices, 4),
  ]);
  return kernel.finish(loop);
}

function copyElement(kernel: KernelFunction, to: Code, from: Code): Code {
  const { limbs, limbBytes } = kernel.prime.format;
  const [target, source] = [kernel.fn.local("i32"), kernel.fn.local("i32")];
  const [load, store] = limbBytes === 8 ? [op.i64Load, op.i64Store] : [op.i32Load, op.i32Store];
  const moves = Array.from({ length: limbs }, (_, j) =>
    store(op.get(target), load(op.get(source), 2 * limbBytes * j), 2 * limbBytes * j),
  );
  return [...op.set(target, to), ...op.set(source, from), ...moves.flat()];
}
