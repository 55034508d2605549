/**
 * How a request's gate was first planned: against which history, and which outputs it hid. All attempts of a request are planned
 * alike, so that they open the same bits and the same outputs: what two of them showed, hidden differently, would together tell
 * what each of them hides. Belongs to the transactions of `disclosureStore.ts`.
 */
import type { StatementSync } from "node:sqlite";
import type { Database } from "./database.ts";
import { storeError } from "./errors.ts";
import { bytesToHex, hexToBytes, storedInteger } from "./hex.ts";

const ID_BYTES = 32;

/** What the participants of an attempt agreed to test against. */
export interface PlannedHistory {
  /** 0x-hex bytes32. */
  readonly requestIds: readonly string[];
  /** As of which answers are known. */
  readonly block: number;
}

export interface PlannedAttempt extends PlannedHistory {
  readonly requestId: string;
  readonly attempt: bigint;
}

export class PlannedGates {
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #hide: StatementSync;

  constructor(database: Database) {
    this.#select = database.prepare("SELECT history, block, hidden_outputs FROM planned_gate WHERE request_id = ?");
    this.#insert = database.prepare("INSERT INTO planned_gate (request_id, history, block) VALUES (?, ?, ?)");
    this.#hide = database.prepare("UPDATE planned_gate SET hidden_outputs = ? WHERE request_id = ?");
  }

  /** Undefined: nothing of the request was ever about to open here. Ids lower-case and ascending. */
  read(requestId: string): PlannedHistory | undefined {
    const row = this.#row(requestId);
    if (row === undefined) return undefined;
    const history = Buffer.from(row["history"] as Uint8Array);
    const requestIds = Array.from({ length: history.length / ID_BYTES }, (_, i) =>
      bytesToHex(history.subarray(i * ID_BYTES, (i + 1) * ID_BYTES)),
    );
    return { requestIds, block: Number(row["block"]) };
  }

  /** The first attempt's; of later ones it is the same. */
  record({ requestId, requestIds, block }: PlannedAttempt): void {
    if (this.#row(requestId) !== undefined) return;
    const history = Buffer.concat(requestIds.map((id) => idBytes(id)).sort((a, b) => Buffer.compare(a, b)));
    this.#insert.run(idBytes(requestId), history, storedInteger(block, "block"));
  }

  /** The same of what outputs hide, by ascending index. @throws CodedError STORE_HIDDEN_CHANGED */
  recordHidden({ requestId, attempt }: PlannedAttempt, hidden: readonly number[]): void {
    const text = JSON.stringify(hidden.map((index) => Number(storedInteger(index, "hidden"))));
    const known = this.#row(requestId)?.["hidden_outputs"];
    if (known === null) this.#hide.run(text, idBytes(requestId));
    else if (known !== text) {
      const detail = { code: "STORE_HIDDEN_CHANGED", requestId, attempt } as const;
      throw storeError(detail, `request ${requestId}: an earlier attempt was about to open other outputs`);
    }
  }

  #row(requestId: string): Record<string, unknown> | undefined {
    return this.#select.get(idBytes(requestId));
  }
}

/** Ids in any order and case. */
export function isSameHistory(a: PlannedHistory, b: PlannedHistory): boolean {
  const [own, other] = [a, b].map(({ requestIds }) => requestIds.map((id) => id.toLowerCase()).sort());
  return a.block === b.block && own!.join() === other!.join();
}

export function historyChanged(requestId: string, attempt: bigint): Error {
  const detail = { code: "STORE_HISTORY_CHANGED", requestId, attempt } as const;
  return storeError(detail, `request ${requestId}: an earlier attempt was tested against another history`);
}

function idBytes(requestId: string): Uint8Array {
  return hexToBytes(requestId, ID_BYTES, "requestId");
}
