/**
 * Sees every frame that honest workers send, every log line and every signature, and notes what must never happen:
 *
 *  1. A mask or key used twice (`freshWords.ts`).
 *  2. An honest worker sends a round of an attempt that it has given up, or that has failed at it: nothing but that it gives up.
 *  3. An honest worker sends a share of anything that opens, or signs, after a step before it was altered (`openings.ts`).
 *  4. An honest worker ends its link to another honest one for what that one sent.
 *  5. An honest worker alarms its operator, or meets an error that is not one of ours: a bug.
 */
import { type Hash, createHash } from "node:crypto";
import { FrameKind, decodeFrame } from "../../workers/messages/frame.ts";
import type { Adversary } from "./adversary.ts";
import { FreshWords } from "./freshWords.ts";
import { WORKERS } from "./genesis.ts";
import { KeySets } from "./keySets.ts";
import { Openings } from "./openings.ts";
import type { Incarnation } from "./simulatedMesh.ts";
import type { LogEntry, SignedRecord } from "./simulatedWorker.ts";
import type { VirtualTime } from "./virtualTime.ts";

/** Ends of a link that are nobody's fault: network, crash, stop, registry. */
const FAULTLESS_ENDS = new Set([
  ...["TRANSPORT_CLOSED", "TRANSPORT_PEER_SILENT", "TRANSPORT_UNREACHABLE", "TRANSPORT_TIMEOUT", "TRANSPORT_STOPPED"],
  ...["TRANSPORT_UNKNOWN_PEER", "CHAIN_UNREACHABLE"],
]);

export interface TrafficEntry {
  readonly atMs: number;
  readonly from: number;
  readonly to: number;
  readonly kind: number;
  readonly step: number;
  readonly bytes: number;
}

export class Observer {
  readonly violations: string[] = [];
  readonly signed: SignedRecord[] = [];
  readonly log: (LogEntry & { readonly atMs: number })[] = [];
  /** Every frame that left an honest worker, in order: what an onlooker learns without keys. */
  readonly traffic: TrafficEntry[] = [];
  /** An owner has dealt malformed columns. */
  isMalformedDealt = false;
  /** An owner has dealt a worker shares that do not fit the others'. */
  isInconsistentDealt = false;
  readonly #time: VirtualTime;
  readonly #adversary: Adversary;
  readonly #trace: Hash = createHash("sha256");
  readonly #keySets = new KeySets();
  readonly #freshWords = new FreshWords();
  readonly #openings = new Openings();
  /** `sender session:attempt` that a worker has given up, or that has failed at it. */
  readonly #givenUp = new Set<string>();

  constructor(time: VirtualTime, adversary: Adversary) {
    this.#time = time;
    this.#adversary = adversary;
    adversary.onLie = (liar, { session, attempt, step }) => this.#openings.lied(liar, `${session}:${attempt}`, step);
  }

  /** Of everything that happened. */
  traceHash(): string {
    return this.#trace.copy().digest("hex");
  }

  note(what: string, bytes: Uint8Array | string = ""): void {
    this.#trace.update(`${this.#time.nowMs} ${what} `).update(bytes);
  }

  violated(what: string): void {
    this.violations.push(`${(this.#time.nowMs / 1_000).toFixed(3)} s: ${what}`);
  }

  /** A worker's store is an old one: it may begin again what it gave up since. */
  restored(index: number): void {
    for (const given of this.#givenUp) if (given.startsWith(`${index} `)) this.#givenUp.delete(given);
  }

  onSend(from: Incarnation, to: Incarnation, bytes: Uint8Array): void {
    const { kind, step, payload, session, attempt } = decodeFrame(bytes);
    this.traffic.push({ atMs: this.#time.nowMs, from: from.index, to: to.index, kind, step, bytes: bytes.length });
    const place = `${session}:${attempt}`;
    const isHonest = !this.#adversary.isCorrupted(from.index);
    if (kind === FrameKind.ABORT && isHonest) this.#givenUp.add(`${from.index} ${place}`);
    if (kind !== FrameKind.ROUND && kind !== FrameKind.ROUND_PART) return;
    const round = { from: from.index, to: to.index, place, step, payload };
    const keySet = this.#keySets.numberOf(round);
    const opens = this.#openings.check(round, keySet);
    if (!isHonest) return;
    if (this.#givenUp.has(`${from.index} ${place}`))
      this.violated(`worker ${from.index} goes on in ${place}, given up`);
    for (const wrong of [opens, this.#freshWords.check(round, keySet)]) if (wrong !== undefined) this.violated(wrong);
  }

  onDeliver(from: Incarnation, to: Incarnation, bytes: Uint8Array): void {
    this.note(`${from.index} ${to.index}`, bytes);
  }

  onLog(entry: LogEntry): void {
    const { index, level, event, fields } = entry;
    this.note(`${index} ${level} ${event}`);
    this.log.push({ ...entry, atMs: this.#time.nowMs });
    if (this.#adversary.isCorrupted(index)) return;
    const error = fields["error"];
    if (event === "attempt-failed") this.#givenUp.add(`${index} ${placeOf(fields["requestId"], fields["attempt"])}`);
    if (level === "alarm" && !this.#isDue(event)) this.violated(`worker ${index} alarms: ${event} ${String(error)}`);
    if (typeof error === "string" && error !== "AbortError" && !/^[A-Z]+_[A-Z_]+$/.test(error)) {
      this.violated(`worker ${index} meets ${error} in ${event}`);
    }
    if (event === "peer-disconnected" || event === "peer-refused") this.#checkLinkEnd(index, entry);
  }

  onSigned(record: SignedRecord): void {
    this.note(`${record.index} signs`, record.statement);
    if (this.#adversary.isCorrupted(record.index)) return;
    this.signed.push(record);
    const wrong = this.#openings.checkVerdict(record.index, placeOf(record.requestId, record.attempt));
    if (wrong !== undefined) this.violated(wrong);
  }

  /** Alarms that say what is so. */
  #isDue(event: string): boolean {
    if (event === "dataset-rejected") return this.isMalformedDealt || this.isInconsistentDealt;
    if (event === "dealing-inconsistent") return this.isInconsistentDealt;
    return event === "signature-equivocation" && this.#adversary.corrupted.length > 0;
  }

  #checkLinkEnd(index: number, { event, fields }: LogEntry): void {
    const peer = WORKERS.findIndex(({ address }) => address.toLowerCase() === fields["peer"]) + 1;
    const error = String(fields["error"]);
    if (FAULTLESS_ENDS.has(error) || this.#adversary.isCorrupted(peer)) return;
    this.violated(
      `worker ${index} ends its link to honest worker ${peer}: ${event} ${error} ${String(fields["message"])}`,
    );
  }
}

/** Of a request, whose id is its session. */
function placeOf(requestId: unknown, attempt: unknown): string {
  return `${String(requestId).toLowerCase()}:${String(attempt)}`;
}
