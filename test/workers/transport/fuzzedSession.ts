/** What the worker under fuzz and its peer agree on. */
export const WORKER_PARTY = 1;
export const PEER_PARTY = 2;
export const FUZZED_STEP = "fuzz";
export const ROUND_BYTES = 32;

/** To the worker. "measure" frees what can be freed first. */
export type Asked = "measure" | "stop";

/** From the worker. */
export type Told =
  | { readonly told: "ready"; readonly port: number }
  /** A new attempt is open: the earlier one has ended. */
  | { readonly told: "opened"; readonly attempt: string; readonly rounds: number }
  | {
      readonly told: "measured";
      /** Living objects and buffers. */
      readonly bytes: number;
      readonly residentBytes: number;
      /** How often a link ended or was refused, by code; "other" has none. */
      readonly ends: Readonly<Record<string, number>>;
    };
