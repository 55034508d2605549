/**
 * Digit columns of a field with `search: digits`: the offset x − minimum of a present value, written in base 16, one
 * 0/1 column per position and digit. They answer a comparison with any threshold, from the least digit up: a sum of
 * columns for the first, one product more for each further digit. Base 16 is a compromise: base 2 would need
 * four times as many products, base 256 sixteen times as many columns per bit.
 */
import type { NumericField } from "./studySchema.ts";

const BITS = 4n;
/** Digits per position, except at the top. */
export const DIGIT_BASE = 1n << BITS;

type Range = Pick<NumericField, "minimum" | "maximum">;

/** A column's place: `position` counts from the least significant digit, 0. */
export interface DigitPlace {
  readonly position: number;
  /** 0 … 15 */
  readonly digit: number;
}

/** How many digits the largest offset has: 1 to 16. */
export function digitsOfRange({ minimum, maximum }: Range): number {
  return (maximum - minimum).toString(16).length;
}

/** Position by position from the least significant, digit by digit; empty for a field that is not searched by digits. */
export function digitPlaces(field: Range & Pick<NumericField, "digits">): DigitPlace[] {
  return Array.from({ length: field.digits }, (_, position) => {
    const top = position === field.digits - 1;
    // The top digit goes no further than the maximum's.
    const count = Number(top ? digitAt(field.maximum - field.minimum, position) + 1n : DIGIT_BASE);
    return Array.from({ length: count }, (__, digit) => ({ position, digit }));
  }).flat();
}

/** 16·position + digit: what a DIGIT column's `argument` says. */
export function digitArgument({ position, digit }: DigitPlace): bigint {
  return DIGIT_BASE * BigInt(position) + BigInt(digit);
}

/** The place that a DIGIT column's argument names. */
export function digitPlace(argument: bigint): DigitPlace {
  return { position: Number(argument / DIGIT_BASE), digit: Number(argument % DIGIT_BASE) };
}

/** The base-16 digit of an offset >= 0 at a position. */
export function digitAt(offset: bigint, position: number): bigint {
  return (offset >> (BITS * BigInt(position))) % DIGIT_BASE;
}
