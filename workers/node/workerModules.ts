/** What a worker is made of besides its own code: configuration, keys and the edges of the process (from `main.ts`). */
import type { BaseWallet } from "ethers";
import type { RandomBytes } from "../field/field.ts";
import type { WasmField } from "../field/wasmField.ts";
import type { TlsIdentity } from "../transport/identity.ts";
import type { Configuration } from "./configuration.ts";
import type { Log } from "./log.ts";

export interface WorkerModules {
  readonly configuration: Configuration;
  /** Signs and sends for the worker; which worker that is, the registry says. */
  readonly wallet: BaseWallet;
  /** 32 secret bytes: what is at rest is sealed under them. */
  readonly storeKey: Uint8Array;
  readonly identity: TlsIdentity;
  readonly version: string;
  /** All arithmetic of this worker. `main.ts` makes it; its threads end with the process. */
  readonly field: WasmField;
  readonly randomBytes: RandomBytes;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  /** Milliseconds since 1970, for certificates and log lines. */
  readonly now: () => number;
  /** Milliseconds that never run backwards. */
  readonly monotonic: () => number;
  readonly log: Log;
}
