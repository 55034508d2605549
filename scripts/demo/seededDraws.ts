/**
 * Reproducible draws for made-up data: SHA-256 in counter mode over a text seed. Not for secrets: whoever knows the
 * seed knows every draw.
 */
import { createHash } from "node:crypto";

/** Each call gives the next number, uniform over multiples of 2^-32 in [0, 1). */
export type Draw = () => number;

export function seededDraw(seed: string): Draw {
  let counter = 0;
  return () => {
    const digest = createHash("sha256").update(`${seed}\n${counter}`).digest();
    counter += 1;
    return digest.readUInt32BE(0) / 2 ** 32;
  };
}

/** An index, with probability proportional to its weight. At least one weight is above 0. */
export function drawIndex(draw: Draw, weights: readonly number[]): number {
  let left = draw() * weights.reduce((sum, weight) => sum + weight, 0);
  const index = weights.findIndex((weight) => (left -= weight) < 0);
  return index < 0 ? weights.length - 1 : index;
}

/** Approximately normal: the sum of twelve uniform draws has variance 1. */
export function drawNormal(draw: Draw, mean: number, deviation: number): number {
  const sum = Array.from({ length: 12 }, draw).reduce((total, value) => total + value, 0);
  return mean + deviation * (sum - 6);
}
