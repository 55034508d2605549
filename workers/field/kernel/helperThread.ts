/** A helper thread: runs kernel functions on the shared memory until it is stopped. It holds nothing of its own. */
import { workerData } from "node:worker_threads";

import { CONTROL_WORDS, MAX_ARGUMENTS, STATE, waitWhile } from "./threadControl.ts";
import type { HelperStart } from "./threadControl.ts";
import { WebAssembly } from "./webAssembly.ts";
import type { WasmMemory, WasmModule } from "./webAssembly.ts";

const start = workerData as HelperStart;
const memory = start.memory as WasmMemory;
const { exports } = new WebAssembly.Instance(start.module as WasmModule, { env: { memory } });
const functions = Object.values(exports) as ((...addresses: number[]) => number)[];
const words = new Int32Array(memory.buffer, start.control, CONTROL_WORDS);

Atomics.store(words, 0, STATE.IDLE);
for (;;) {
  waitWhile(words, 0, STATE.IDLE);
  if (Atomics.load(words, 0) === STATE.STOPPED) break;
  const [, index, ...rest] = words;
  (functions[index as number] as (...addresses: number[]) => number)(...rest.slice(0, MAX_ARGUMENTS));
  Atomics.store(words, 0, STATE.IDLE);
  Atomics.notify(words, 0);
}
