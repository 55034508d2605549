/**
 * The one number that the random cases of a run are drawn from: fast-check's (`support/fastCheck.ts`) and those of Solidity's
 * fuzz and invariant tests (`hardhat.config.ts`). `npm test` always draws the same, so that it fails for a change and not by
 * chance; `npm run test:deep` draws others each time. Both print it, and
 *
 *   OPALINE_SEED=17 node --test FILE      draws what a run with 17 drew
 *   OPALINE_SEED=random npm test          draws others
 */
import { randomInt } from "node:crypto";
import { budget } from "./budget.ts";

/** Of no meaning; another one would draw other cases. */
export const DEFAULT_SEED = 1;
/** fast-check takes 32 bits with a sign, and says a seed as it was given only where it is not negative. */
const SEEDS = 2 ** 31;

/** @param given OPALINE_SEED; @throws Error where it is neither a whole number below 2^31 nor "random" */
export function chooseSeed(given: string | undefined, deep: boolean, draw: () => number): number {
  if (given === undefined || given === "") return deep ? draw() : DEFAULT_SEED;
  if (given === "random") return draw();
  if (/^\d{1,10}$/.test(given) && Number(given) < SEEDS) return Number(given);
  throw new Error(`OPALINE_SEED=${given}: a whole number from 0 to ${SEEDS - 1}, or the word random, expected`);
}

const given = process.env["OPALINE_SEED"];

/** Of this process, and of those that get `SEED_ENVIRONMENT`. */
export const seed = chooseSeed(given, budget.deep, () => randomInt(SEEDS));
export const SEED_ENVIRONMENT: Readonly<Record<string, string>> = { OPALINE_SEED: String(seed) };
/** Whoever started this process knows the number already. */
export const isSeedGiven = given === String(seed);
export const seedLine = `OPALINE_SEED=${seed} repeats the random cases of this run`;
