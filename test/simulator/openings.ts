/**
 * What honest workers may still open after a lie. All participants take the same steps in the same order, and before whatever opens
 * they compare what they have come to; a worker that was lied to is not past the comparison, by itself or by the verification before
 * it, and without it nobody is. So of what opens after the lie no honest worker that computes with the liar sends a share; but
 *
 *  1. where the lie is in a share of what opens, or in the comparison right before it, those who were not lied to send their
 *     shares of the next one: they wait for nothing else;
 *  2. likewise a verdict counts as what comes after the last opening.
 */
import { LISTS_STEP, SUMMARIES_STEP } from "../../workers/protocols/agreeHistory.ts";
import { HASHES_STEP } from "../../workers/protocols/agreeKeys.ts";
import { stepTag } from "../../workers/transport/stepTag.ts";
import type { SentRound } from "./keySets.ts";

/** More turns, outputs and lines than queries of the simulated study have. */
const [TURNS, OUTPUTS, LINES] = [16, 4, 12].map((length) => Array.from({ length }, (_, i) => i)) as [
  number[],
  number[],
  number[],
];
const INTERVALS = OUTPUTS.flatMap((output) =>
  LINES.flatMap((first) => LINES.slice(first).map((last) => `output/${output}/${first}-${last}`)),
);
const NAMES = new Map(
  ["cohort", "zeros", "groups", ...TURNS.map((turn) => `lines/${turn}/open`), ...INTERVALS, "outputs", "verdict"].map(
    (step) => [stepTag(step), step],
  ),
);
const BEFORE_OPENING = new Set(
  [
    ...["tests/ready", "outputs/ready", "verdict/ready"],
    ...TURNS.map((turn) => `lines/${turn}/ready`),
    ...OUTPUTS.map((output) => `output/${output}/ready`),
  ].map(stepTag),
);
/** What is known after them may be a refusal for public reasons. */
const BEFORE_PLAN = new Set([HASHES_STEP, SUMMARIES_STEP, LISTS_STEP].map(stepTag));

interface Limit {
  readonly liar: number;
  /** Openings that may have been begun. */
  readonly most: number;
  /** A verdict may follow so many. */
  readonly mostBeforeVerdict: number;
}

interface Progress {
  readonly opened: Set<string>;
  readonly peers: Set<number>;
}

export class Openings {
  /** By sender and attempt. */
  readonly #progress = new Map<string, Progress>();
  /** By attempt. */
  readonly #limits = new Map<string, Limit[]>();

  /** To be told of every round before anyone lies about it. @returns what is wrong, were the sender honest */
  check({ from, to, place, step }: SentRound, keySet: number): string | undefined {
    const { opened, peers } = this.#progressOf(from, place);
    peers.add(to);
    const name = NAMES.get(step);
    if (name === undefined) return undefined;
    opened.add(`${keySet} ${name}`);
    const isLate = this.#limitsOf(from, place).some(({ most }) => opened.size > most);
    return isLate ? `worker ${from} opens ${name} of ${place}, in which a step before was altered` : undefined;
  }

  /** Of an honest worker. @returns what is wrong */
  checkVerdict(index: number, place: string): string | undefined {
    const { opened } = this.#progressOf(index, place);
    const isLate = this.#limitsOf(index, place).some(({ mostBeforeVerdict }) => opened.size > mostBeforeVerdict);
    return isLate ? `worker ${index} has a verdict of ${place}, in which a step was altered` : undefined;
  }

  /** A round of a liar does not reach some participant as it should. */
  lied(liar: number, place: string, step: number): void {
    const { size } = this.#progressOf(liar, place).opened;
    const most = size + (NAMES.has(step) || BEFORE_OPENING.has(step) ? 1 : 0);
    const limit = { liar, most, mostBeforeVerdict: BEFORE_PLAN.has(step) ? size : most - 1 };
    this.#limits.set(place, [...(this.#limits.get(place) ?? []), limit]);
  }

  /** Whoever computes without the liar, in an attempt of the same number, is not concerned. */
  #limitsOf(index: number, place: string): Limit[] {
    const { peers } = this.#progressOf(index, place);
    return (this.#limits.get(place) ?? []).filter(({ liar }) => peers.has(liar));
  }

  #progressOf(index: number, place: string): Progress {
    const key = `${index} ${place}`;
    const progress = this.#progress.get(key) ?? { opened: new Set<string>(), peers: new Set<number>() };
    this.#progress.set(key, progress);
    return progress;
  }
}
