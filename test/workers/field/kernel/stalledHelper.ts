/** A helper thread that comes up, takes a call and never returns from it. */
import { workerData } from "node:worker_threads";

import { CONTROL_WORDS, STATE } from "../../../../workers/field/kernel/threadControl.ts";
import type { HelperStart } from "../../../../workers/field/kernel/threadControl.ts";

const { memory, control } = workerData as HelperStart;
const words = new Int32Array((memory as { buffer: SharedArrayBuffer }).buffer, control, CONTROL_WORDS);
Atomics.store(words, 0, STATE.IDLE);
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
