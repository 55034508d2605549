/**
 * At most t workers under one will. A corrupted worker has its own keys and links and nothing else: it sends what it likes
 * over them, to whom it likes, and signs what it likes; it cannot alter what honest workers send each other.
 *
 * The worker behind it goes on running honestly; its lies are made where its frames leave. So a lie hits any step of any
 * protocol, also such as are added later.
 */
import { type Frame, FrameKind, decodeFrame, encodeFrame } from "../../workers/messages/frame.ts";
import { encodeParticipants } from "../../workers/messages/proposal.ts";
import { encodeSignedVerdict } from "../../workers/messages/signedVerdict.ts";
import { Outcome, type RequestContext, ZERO_HASH, statementHash } from "../../workers/messages/statement.ts";
import { ANSWER } from "../../workers/messages/signedStructs.ts";
import { opalineDomain, signTypedData } from "../../workers/messages/typedData.ts";
import type { PartyIndex } from "../../workers/sharing/parties.ts";
import { ALTERATIONS, type Alteration, alterPayload, mayPassFor } from "./alterations.ts";
import { WORKERS } from "./genesis.ts";
import { CHAIN_ID } from "./modelDeployment.ts";
import type { Choices } from "./seededChoices.ts";
import type { Incarnation, SimulatedMesh } from "./simulatedMesh.ts";

const HEADER_FIELDS = ["session", "attempt", "step", "sender", "seq", "kind", "epoch"] as const;

/** How two swapped frames are numbered: each with its own number still, or with the other's, as if it had been sent in its place. */
export const NUMBERINGS = ["as sent", "anew"] as const;

/** The `after`-th round frame from now on comes after the next one to the same receiver, of the same attempt. */
export interface Swap {
  readonly kind: "swap";
  readonly numbered: (typeof NUMBERINGS)[number];
  readonly after: number;
  readonly to?: number;
  /** The first of the two, once it is there. */
  readonly held?: Frame;
}

export type Lie =
  /** The payload of the `after`-th round frame from now on, to all or to one. */
  | { readonly kind: "alter"; readonly alteration: Alteration; readonly after: number; readonly to?: number }
  | { readonly kind: "header"; readonly field: (typeof HEADER_FIELDS)[number]; readonly after: number }
  | { readonly kind: "replay"; readonly after: number }
  | Swap
  | { readonly kind: "drop"; readonly frames: number; readonly to?: number }
  | { readonly kind: "repeat"; readonly frames: number };

const MOST_REMEMBERED = 200;

/** A worker, and its Shamir point in some committee. */
export interface Seated {
  readonly index: number;
  readonly point: number;
}

/** Between whom, in which committee. */
export interface ForgedPlace {
  readonly from: Seated;
  readonly to: Seated;
  readonly epoch: bigint;
  readonly n: number;
  readonly t: number;
}

interface Liar {
  readonly lies: Lie[];
  /** Frames it sent or received, for replays. */
  readonly remembered: Uint8Array[];
  rounds: number;
}

export class Adversary {
  /** Told of every round that does not reach its receiver as it should, unless nothing may come of that. */
  onLie: (liar: number, frame: Frame) => void = () => undefined;
  /** Lies that took effect, for the trace. */
  lies = 0;
  readonly #choices: Choices;
  readonly #liars = new Map<number, Liar>();

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  get corrupted(): readonly number[] {
    return [...this.#liars.keys()];
  }

  isCorrupted(index: number): boolean {
    return this.#liars.has(index);
  }

  corrupt(index: number): void {
    if (!this.#liars.has(index)) this.#liars.set(index, { lies: [], remembered: [], rounds: 0 });
  }

  plan(index: number, lie: Lie): void {
    const liar = this.#liars.get(index);
    if (liar === undefined) throw new Error(`worker ${index} is honest`);
    liar.lies.push(lie);
  }

  /** From now on all behave; what they are does not change. */
  repent(): void {
    for (const liar of this.#liars.values()) liar.lies.length = 0;
  }

  drawLie(receivers: readonly number[]): Lie {
    const choices = this.#choices;
    const to = choices.chance(0.5) ? choices.of(receivers) : undefined;
    const after = choices.whole(0, 60);
    const addressed = to === undefined ? {} : { to };
    return choices.weighted<Lie>([
      [6, { kind: "alter", alteration: choices.of(ALTERATIONS), after, ...addressed }],
      [2, { kind: "header", field: choices.of(HEADER_FIELDS), after }],
      [2, { kind: "replay", after }],
      [2, { kind: "swap", numbered: choices.of(NUMBERINGS), after, ...addressed }],
      [2, { kind: "drop", frames: choices.of([1, 5, 60, 2_000]), ...addressed }],
      [1, { kind: "repeat", frames: choices.whole(1, 20) }],
    ]);
  }

  /** What the receiver gets in place of a frame. */
  onSend(from: Incarnation, to: Incarnation, bytes: Uint8Array): readonly Uint8Array[] {
    const liar = this.#liars.get(from.index);
    if (liar === undefined) return [bytes];
    const frame = decodeFrame(bytes);
    if (frame.kind === FrameKind.HELLO) return [bytes];
    const isRound = frame.kind === FrameKind.ROUND;
    if (isRound) liar.rounds += 1;
    let out: readonly Uint8Array[] = [bytes];
    for (const lie of [...liar.lies]) out = out.flatMap((each) => this.#tell(liar, lie, frame, to, each));
    const isLate = liar.lies.some((lie) => lie.kind === "swap" && lie.held === frame && lie.numbered === "as sent");
    const isPassed = isLate || out.some((each) => mayPassFor(frame, each));
    // What was lost is not replayed either.
    if ((isRound || frame.kind === FrameKind.ROUND_PART) && !isPassed) this.onLie(from.index, frame);
    else remember(liar, bytes);
    return out;
  }

  #tell(liar: Liar, lie: Lie, frame: Frame, to: Incarnation, bytes: Uint8Array): readonly Uint8Array[] {
    const isRound = frame.kind === FrameKind.ROUND;
    if ("to" in lie && lie.to !== undefined && lie.to !== to.index) return [bytes];
    if (lie.kind === "drop" || lie.kind === "repeat") {
      replaceLie(liar, lie, lie.frames > 1 ? { ...lie, frames: lie.frames - 1 } : undefined);
      this.lies += 1;
      return lie.kind === "drop" ? [] : [bytes, bytes];
    }
    if (!isRound) return [bytes];
    if (lie.kind === "swap") return this.#swap(liar, lie, frame, to, bytes);
    replaceLie(liar, lie, lie.after > 0 ? { ...lie, after: lie.after - 1 } : undefined);
    if (lie.after > 0) return [bytes];
    this.lies += 1;
    if (lie.kind === "replay") return [this.#choices.of(liar.remembered), bytes];
    if (lie.kind === "header") return [this.#withOtherHeader(frame, lie.field)];
    return [encodeFrame({ ...frame, payload: alterPayload(frame.payload, lie.alteration, this.#choices) })];
  }

  #swap(liar: Liar, lie: Swap, frame: Frame, to: Incarnation, bytes: Uint8Array): readonly Uint8Array[] {
    const { held, numbered, after } = lie;
    if (after > 0) {
      replaceLie(liar, lie, { ...lie, after: after - 1 });
      return [bytes];
    }
    if (held === undefined) {
      this.lies += 1;
      replaceLie(liar, lie, { ...lie, to: to.index, held: frame });
      return [];
    }
    if (held.session !== frame.session || held.attempt !== frame.attempt) return [bytes];
    replaceLie(liar, lie, undefined);
    const [one, other] = numbered === "as sent" ? [frame.seq, held.seq] : [held.seq, frame.seq];
    return [encodeFrame({ ...frame, seq: one }), encodeFrame({ ...held, seq: other })];
  }

  #withOtherHeader(frame: Frame, field: (typeof HEADER_FIELDS)[number]): Uint8Array {
    const choices = this.#choices;
    const other = (current: number): number => (current % 7) + 1;
    switch (field) {
      case "session":
        return encodeFrame({ ...frame, session: `0x${Buffer.from(choices.bytes(32)).toString("hex")}` });
      case "attempt":
        return encodeFrame({ ...frame, attempt: frame.attempt + BigInt(choices.whole(1, 5)) });
      case "epoch":
        return encodeFrame({ ...frame, epoch: frame.epoch + 1n });
      case "step":
        return encodeFrame({ ...frame, step: frame.step ^ 1 });
      case "seq":
        return encodeFrame({ ...frame, seq: frame.seq + choices.whole(1, 100) });
      case "kind":
        return encodeFrame({ ...frame, kind: FrameKind.ABORT });
      case "sender": {
        const sender = other(frame.sender);
        return encodeFrame({ ...frame, sender: sender === frame.receiver ? other(sender) : sender });
      }
    }
  }

  /** A proposal, an announcement or noise, straight over a link. */
  forge(mesh: SimulatedMesh, { from, to, epoch, n, t }: ForgedPlace, session: string): void {
    const choices = this.#choices;
    const attempt = BigInt(
      choices.weighted([
        [3, choices.whole(1, 8)],
        [1, choices.whole(9, 2_000_000)],
      ]),
    );
    const place = { session, epoch, attempt, step: 0, sender: 0, receiver: 0, seq: 0 };
    const all = Array.from({ length: n }, (_, i) => (i + 1) as PartyIndex);
    const some = choices.shuffled(all).slice(0, 2 * t + 1);
    const participants = some.sort((a, b) => a - b);
    const payload = choices.weighted<Uint8Array>([
      [3, encodeParticipants(participants)],
      [3, encodeParticipants([])],
      [1, choices.bytes(choices.whole(0, 40))],
    ]);
    const kind = choices.weighted([
      [5, FrameKind.PROPOSE],
      [1, FrameKind.SIGNATURE],
      [1, FrameKind.ABORT],
    ]);
    const parties = kind === FrameKind.ABORT ? { sender: from.point, receiver: to.point } : {};
    this.lies += 1;
    mesh.inject(from.index, to.index, encodeFrame({ kind, ...place, ...parties, payload }));
  }

  /** Signs a made-up result, properly, and sends it to one other worker. */
  async signFalsely(
    mesh: SimulatedMesh,
    from: Seated,
    to: number,
    { contract, context }: { readonly contract: string; readonly context: RequestContext },
  ): Promise<void> {
    const verdict = {
      attempt: BigInt(this.#choices.whole(1, 4)),
      outcome: Outcome.ANSWERED,
      suppressedBitmap: "0x",
      outputs: [BigInt(this.#choices.whole(0, 1_000))],
      sealedHash: ZERO_HASH,
    };
    const statement = statementHash({ chainId: CHAIN_ID, contract, context, verdict });
    const { wallet } = WORKERS[from.index - 1]!;
    const signature = await signTypedData(wallet, opalineDomain(CHAIN_ID, contract), ANSWER, { statement });
    const payload = encodeSignedVerdict({ verdict, signatures: [{ index: from.point as PartyIndex, signature }] });
    const { attempt } = verdict;
    const { requestId: session, committeeEpoch: epoch } = context;
    const place = { session, epoch, attempt, step: 0, sender: 0, receiver: 0, seq: 0 };
    this.lies += 1;
    mesh.inject(from.index, to, encodeFrame({ kind: FrameKind.SIGNATURE, ...place, payload }));
  }
}

function replaceLie(liar: Liar, lie: Lie, next: Lie | undefined): void {
  const at = liar.lies.indexOf(lie);
  // Two copies of one frame tell it twice.
  if (at < 0) return;
  if (next === undefined) liar.lies.splice(at, 1);
  else liar.lies[at] = next;
}

function remember(liar: Liar, bytes: Uint8Array): void {
  liar.remembered.push(bytes);
  if (liar.remembered.length > MOST_REMEMBERED) liar.remembered.shift();
}
