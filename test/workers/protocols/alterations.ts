/** Lies at any step of a run: which there are is read off an honest run's frames. */
import { bn254Fr as field } from "../../../workers/field/bn254Fr.ts";
import { MASK_KEYS_STEP } from "../../../workers/protocols/agreeMaskKeys.ts";
import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import { subsets } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { lagrangeAtZero } from "../../../workers/sharing/shamir.ts";
import { seed as runSeed } from "../../seed.ts";
import { seededBytes } from "../field/seededBytes.ts";
import { addTo, flipBit } from "./tampering.ts";
import type { Tamper } from "./tampering.ts";

const WORD = 32;

const offsets = ["1", "random", "r - 1"] as const;
const targets = ["one receiver", "all receivers"] as const;
const extents = ["first element", "all elements"] as const;

/** What the liars do in one run: all of them alike, each to its own frames of one step. */
export interface Alteration {
  /** Positions among the participants. */
  readonly liars: readonly number[];
  readonly step: string;
  readonly offset: (typeof offsets)[number];
  readonly target: (typeof targets)[number];
  readonly extent: (typeof extents)[number];
}

/** By step: each liar alone and any t together × offset × target × extent, without those that come to the same. */
export function enumerate(
  frames: readonly LoopbackFrame[],
  participants: readonly PartyIndex[],
  t: number,
): Alteration[][] {
  const liarSets = [...new Set([1, t])].flatMap((count) => subsets(participants, count));
  const steps = [...new Set(frames.map(({ step }) => step))];
  return steps.map((step) =>
    liarSets.flatMap((liars) => {
      const sent = frames.filter((frame) => frame.step === step && liars.includes(frame.from));
      const [isLong, isRepeated] = [sent.some(({ payload }) => payload.length > WORD), sent.length > liars.length];
      const choices = {
        offset: isOfElements(step) ? offsets : offsets.slice(0, 1),
        target: isRepeated ? targets : targets.slice(1),
        extent: isLong ? extents : extents.slice(0, 1),
      };
      const positions = liars.map((liar) => participants.indexOf(liar));
      return choices.offset.flatMap((offset) =>
        choices.target.flatMap((target) =>
          choices.extent.map((extent) => ({ liars: positions, step, offset, target, extent })),
        ),
      );
    }),
  );
}

/**
 * All, so ordered that any beginning has nearly as many of each step: a turn is one of each, those of the steps named first
 * before the others. Which of a step, and in which order the steps, is drawn from the run's number and `seed`.
 */
export function spread(
  bySteps: readonly Alteration[][],
  seed: string,
  isFirst: (step: string) => boolean = () => false,
): Alteration[] {
  const bytes = seededBytes(`${seed}, ${runSeed}`);
  const draw = (): number => Buffer.from(bytes(6)).readUIntBE(0, 6);
  const keyed = bySteps.flatMap((cases) => {
    const shuffled = cases
      .map((alteration) => ({ alteration, key: draw() }))
      .sort((left, right) => left.key - right.key);
    return shuffled.map(({ alteration }, turn) => {
      return { alteration, turn, rank: isFirst(alteration.step) ? 0 : 1, key: draw() };
    });
  });
  return keyed
    .sort((left, right) => left.turn - right.turn || left.rank - right.rank || left.key - right.key)
    .map(({ alteration }) => alteration);
}

/** Hashes and keys are no field elements: there a bit is flipped. */
export function isOfElements(step: string): boolean {
  return !step.startsWith("keys/") && step !== MASK_KEYS_STEP && !step.endsWith("/ready");
}

/** Adds to `altered` every frame it changes. */
export function tamperWith(
  { step, offset, target, extent }: Alteration,
  liars: readonly PartyIndex[],
  honest: readonly PartyIndex[],
  seed: string,
  altered: LoopbackFrame[],
): Tamper {
  const bytes = seededBytes(seed);
  const random = BigInt(`0x${Buffer.from(bytes(31)).toString("hex")}`) + 2n;
  const added = { "1": 1n, random, "r - 1": -1n }[offset];
  const shift = (bytes(1)[0] as number) % honest.length;
  const preferred = [...honest.slice(shift), ...honest.slice(0, shift)];
  return (frame) => {
    const { from, to, payload } = frame;
    if (frame.step !== step || !liars.includes(from)) return payload;
    if (target === "one receiver") {
      const isReturn = step.endsWith("/return");
      const already = altered.some((earlier) => earlier.from === from);
      if (already || (!isReturn && to !== preferred[0])) return payload;
    }
    altered.push(frame);
    if (!isOfElements(step)) {
      const words = payload.length / WORD;
      return integers(0, extent === "first element" ? 0 : words - 1).reduce<Uint8Array>(
        (changed, word) => flipBit(changed, WORD * word),
        new Uint8Array(payload),
      );
    }
    return extent === "first element" ? addTo(field, payload, added, [0]) : addTo(field, payload, added);
  };
}

/**
 * Whether equal offsets in all of these frames change anything. A block may be empty; and what several liars add may
 * cancel where a collector combines it, as that of parties 1 and 4 of five does.
 */
export function hasEffect(
  altered: readonly LoopbackFrame[],
  step: string,
  participants: readonly PartyIndex[],
): boolean {
  const full = altered.filter(({ payload }) => payload.length > 0);
  if (!step.endsWith("/collect")) return full.length > 0;
  const weights = lagrangeAtZero(field, participants);
  return full.some(({ to }) => {
    const senders = full.filter((frame) => frame.to === to).map(({ from }) => weights[participants.indexOf(from)]);
    return field.reduce(senders.reduce<bigint>((sum, weight) => sum + (weight as bigint), 0n)) !== 0n;
  });
}

function integers(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
