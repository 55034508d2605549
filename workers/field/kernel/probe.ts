/**
 * Whether this machine and engine round a·b + c once. `f64x2.relaxed_madd` may legally round twice, which would break
 * the fused kernel, so it is asked with a product that needs all 106 bits.
 * Source: https://github.com/WebAssembly/relaxed-simd/blob/main/proposals/relaxed-simd/Overview.md
 */
import { assembleModule, op, WasmFunction } from "./wasm.ts";
import { WebAssembly } from "./webAssembly.ts";

export function hasFusedMultiplyAdd(): boolean {
  const probe = probeModule();
  if (!WebAssembly.validate(probe)) return false;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: false });
  const doubles = new Float64Array(memory.buffer, 0, 8);
  // (2^27 + 1)² = 2^54 + 2^28 + 1 and (1 + 2^−30)² = 1 + 2^−29 + 2^−60: the last bit is lost by rounding first.
  doubles.set([2 ** 27 + 1, 1 + 2 ** -30, 2 ** 27 + 1, 1 + 2 ** -30, -(2 ** 54), -1]);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(probe), { env: { memory } });
  (exports["probe"] as () => void)();
  return doubles[6] === 2 ** 28 + 1 && doubles[7] === 2 ** -29 + 2 ** -60;
}

function probeModule(): Uint8Array<ArrayBuffer> {
  const probe = new WasmFunction("probe", 0);
  const zero = op.i32(0);
  probe.setBody(op.store(zero, op.f64x2MultiplyAdd(op.load(zero), op.load(zero, 16), op.load(zero, 32)), 48));
  return assembleModule([probe], { maximumPages: 1, isShared: false });
}
