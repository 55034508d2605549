/** What a reader is told of the gate: why a request was refused, and how much of an answer is hidden. */
import { Outcome } from "#messages";
import type { HiddenCells } from "#statistics";

/** One reason for every test, so that a refusal says nothing of which test failed. */
export const TOO_SMALL_OR_CLOSE = "too small or too close to an earlier answer";

/** Why there is no answer; undefined when there is one. */
export const REASONS: Readonly<Partial<Record<Outcome, string>>> = {
  [Outcome.REFUSED_EMPTY_SET]: "no patient can match these parameters",
  [Outcome.REFUSED_DISCLOSURE]: TOO_SMALL_OR_CLOSE,
  [Outcome.FAILED_UNAVAILABLE]:
    "the workers could not compute it; the price is the querier's again: `opaline querier withdraw`",
};

/** @param k the study's; @returns no line when everything is shown */
export function hiddenLines({ cells, hidden, partlyHidden }: HiddenCells, k: number): string[] {
  // A cell of many patients is hidden as well: its numbers are about other sets, too.
  const because =
    "a set of patients behind the number (the cell, those who have the column, those with one value, or the same without one data " +
    `owner's) has fewer than ${k}, or is too close to all patients, an earlier answer or another cell`;
  const of = (count: number): string =>
    `${count} of ${cells} ${cells === 1 ? "cell" : "cells"} ${count === 1 ? "is" : "are"}`;
  const whole = hidden === 0 ? [] : [`${of(hidden)} hidden: ${because}`];
  const part = partlyHidden === 0 ? [] : [`${of(partlyHidden)} hidden in part: ${because}`];
  return [...whole, ...part];
}
