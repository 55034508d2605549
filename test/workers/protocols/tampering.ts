/** What a lying party may do to its frames, and how a test reads what came of it. */
import assert from "node:assert/strict";

import { isCoded } from "../../../workers/errors.ts";
import type { CodedError } from "../../../workers/errors.ts";
import type { Field } from "../../../workers/field/field.ts";
import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";

export type Tamper = (frame: LoopbackFrame) => Uint8Array | null;

/** Changes the frames of one step from one party, to one receiver or, without `to`, to all. */
export function onFrames(
  { step, from, to }: { step: string; from: PartyIndex; to?: PartyIndex },
  change: (payload: Uint8Array, frame: LoopbackFrame) => Uint8Array | null,
): Tamper {
  return (frame) => {
    const hit = frame.step === step && frame.from === from && (to === undefined || frame.to === to);
    return hit ? change(new Uint8Array(frame.payload), frame) : frame.payload;
  };
}

/** Adds the offset to elements of a payload: those listed, or all. */
export function addTo(field: Field, payload: Uint8Array, offset: bigint, elements?: readonly number[]): Uint8Array {
  const residues = field.toResidues(field.fromWords(payload));
  const changed = residues.map((residue, index) => (elements?.includes(index) === false ? residue : residue + offset));
  return field.toWords(field.fromIntegers(changed.map((value) => field.reduce(value))));
}

export function flipBit(payload: Uint8Array, byte: number): Uint8Array {
  const changed = new Uint8Array(payload);
  changed[byte] = (changed[byte] as number) ^ 1;
  return changed;
}

/** Whether any of these parties sent its share of an output. */
export function sentOutputs(frames: readonly LoopbackFrame[], parties: readonly PartyIndex[]): boolean {
  return frames.some(({ step, from }) => step === "outputs" && parties.includes(from));
}

export function assertNeverSent(frames: readonly LoopbackFrame[], steps: readonly string[], context = ""): void {
  const sent = frames.find(({ step }) => steps.includes(step));
  assert(sent === undefined, `${sent?.step} was sent: ${context}`);
}

export function assertRejected(outcome: PromiseSettledResult<unknown> | undefined, ...codes: string[]): CodedError {
  const expected = codes.length === 0 ? "a coded error" : codes.join(" or ");
  assert(outcome?.status === "rejected", `expected ${expected}, but it succeeded`);
  const error: unknown = outcome.reason;
  assert(
    isCoded(error) && (codes.length === 0 || codes.includes(error.code)),
    `expected ${expected}, got ${String(error)}`,
  );
  return error;
}
