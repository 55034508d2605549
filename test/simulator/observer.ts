/**
 * Sees every frame that honest workers send, every log line and every signature, and notes what must never happen:
 *
 *  1. A mask or key used twice: no honest round payload that is masked or fresh begins with bytes seen before.
 *  2. An honest worker sends a round of an attempt that it has given up.
 *  3. An honest worker sends a share of the outputs of an attempt in which an earlier step was altered.
 *  4. An honest worker ends its link to another honest one for what that one sent.
 *  5. An honest worker alarms its operator, or meets an error that is not one of ours: a bug.
 */
import { type Hash, createHash } from "node:crypto";
import { FrameKind, decodeFrame } from "../../workers/messages/frame.ts";
import { LISTS_STEP, SUMMARIES_STEP } from "../../workers/protocols/agreeHistory.ts";
import { CONTRIBUTIONS_STEP } from "../../workers/protocols/agreeKeys.ts";
import { stepTag } from "../../workers/transport/session.ts";
import type { Adversary } from "./adversary.ts";
import { WORKERS } from "./genesis.ts";
import type { Incarnation } from "./simulatedMesh.ts";
import type { LogEntry, SignedRecord } from "./simulatedWorker.ts";
import type { VirtualTime } from "./virtualTime.ts";

const OUTPUTS = stepTag("outputs");
const CONTRIBUTIONS = stepTag(CONTRIBUTIONS_STEP);
/**
 * Rounds whose payload may come again in another attempt: hashes of what is public before a challenge was drawn (of requests and
 * of input checks), the history and which vectors were kept, and shares of linear outputs, which are what was stored.
 */
const PUBLIC_ROUNDS = new Set(
  [
    ...["inputs/ready", "verify/weights/ready", "tests/ready", "outputs/ready", "outputs"],
    ...[SUMMARIES_STEP, LISTS_STEP, "kept", "weights/ready"],
  ].map(stepTag),
);
const WORD_BYTES = 32;

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
  readonly #seen = new Map<string, string>();
  /** `sender session:attempt` that a worker has given up. */
  readonly #givenUp = new Set<string>();

  constructor(time: VirtualTime, adversary: Adversary) {
    this.#time = time;
    this.#adversary = adversary;
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

  onSend(from: Incarnation, to: Incarnation, bytes: Uint8Array): void {
    const { kind, step, payload, session, attempt } = decodeFrame(bytes);
    this.traffic.push({ atMs: this.#time.nowMs, from: from.index, to: to.index, kind, step, bytes: bytes.length });
    if (this.#adversary.isCorrupted(from.index)) return;
    const place = `${session}:${attempt}`;
    if (kind === FrameKind.ABORT) this.#givenUp.add(`${from.index} ${place}`);
    if (kind !== FrameKind.ROUND && kind !== FrameKind.ROUND_PART) return;
    if (this.#givenUp.has(`${from.index} ${place}`))
      this.violated(`worker ${from.index} goes on in ${place}, given up`);
    if (step === OUTPUTS && this.#adversary.tainted.has(place)) {
      this.violated(`worker ${from.index} opens outputs of ${place}, in which a step was altered`);
    }
    if (!PUBLIC_ROUNDS.has(step)) this.#checkFresh(from.index, `${place}:${step}`, step, payload);
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
    if (level === "alarm" && !this.#isDue(event)) this.violated(`worker ${index} alarms: ${event} ${String(error)}`);
    if (typeof error === "string" && error !== "AbortError" && !/^[A-Z]+_[A-Z_]+$/.test(error)) {
      this.violated(`worker ${index} meets ${error} in ${event}`);
    }
    if (event === "peer-disconnected" || event === "peer-refused") this.#checkLinkEnd(index, entry);
  }

  onSigned(record: SignedRecord): void {
    this.note(`${record.index} signs`, record.statement);
    if (!this.#adversary.isCorrupted(record.index)) this.signed.push(record);
  }

  /** Contributions are each member's own; what is sent in another step may be the same for all, but only in that step. */
  #checkFresh(index: number, place: string, step: number, payload: Uint8Array): void {
    const last = step === CONTRIBUTIONS ? payload.length : Math.min(payload.length, WORD_BYTES);
    for (let at = 0; at + WORD_BYTES <= last; at += WORD_BYTES) {
      const word = Buffer.from(payload.subarray(at, at + WORD_BYTES)).toString("hex");
      const owner = step === CONTRIBUTIONS ? `${place} of ${index}` : place;
      const earlier = this.#seen.get(word);
      if (earlier !== undefined && earlier !== owner) this.#repeated(owner, earlier, step);
      this.#seen.set(word, owner);
    }
  }

  #repeated(owner: string, earlier: string, step: number): void {
    this.violated(`${owner} (step ${step}) begins with what ${earlier} sent: a mask or key is used twice`);
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
