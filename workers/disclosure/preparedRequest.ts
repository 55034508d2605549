/** What the gate's plans start from: whose rows a request reads, what its answer and earlier ones disclose, all as sets. */
import assert from "node:assert/strict";

import type { Circuit } from "../messages/circuit.ts";
import type { ClassCatalogue } from "./classCatalogue.ts";
import { withClasses } from "./classCatalogue.ts";
import type { DisclosedSets, VettedRequest } from "./disclosedSets.ts";
import { disclosedSets } from "./disclosedSets.ts";
import type { EarlierAnswer, HistorySets, SegmentRef } from "./historySets.ts";
import { historySets } from "./historySets.ts";
import { isSameFilter } from "./pairTests.ts";
import { relatedAnswers } from "./relatedAnswers.ts";
import { Universe } from "./universe.ts";

/** PUBLIC answers never show less, whatever the policy says. */
export const LEAST_K = 5;
/** Nor SEALED ones: from the sum of two patients' values, one who is, or knows, the one reads the other's. */
export const LEAST_SEALED_K = 3;
/** The tests grow with k: more than this no study and no owner may ask, as the contracts have it, too. */
export const MOST_K = 1_000;

/**
 * Parts of one dataset's rows that consent may have told apart, in the request and all answers before it, beside one for each
 * version. What follows from what is decided over parts, in cubic time: a hospital that changed its patients' consents between
 * answers without end would stop its study. Such a request is refused, and so is not one of the answers that later ones meet.
 */
export const MOST_MASKS = 128;

export interface GatedRequest extends VettedRequest {
  /** In the request's order of datasets, versions ascending. */
  readonly segments: readonly SegmentRef[];
  /** Of the descriptor with these parameters, not empty by construction; where lines were merged, as `mergeOutputs` has it. */
  readonly circuit: Circuit;
  /**
   * Of a SEALED answer with a k of its own: the k of PUBLIC ones, which holds for all that its recipients could tell from it and
   * from other answers, or from numbers of rows. Absent: one k for everything.
   */
  readonly jointK?: number;
  /** The most distinct sets of posted answers that the request is tested against; absent or 0: any number. */
  readonly historyCap?: number;
}

export type RefusedPlan =
  | "too few rows"
  | "too many masks"
  | "nobody is selected"
  | "same filter, too few changed rows"
  | "more earlier sets than the policy's cap";

export type Prepared<Made> =
  | { readonly refused: true; readonly reason: RefusedPlan }
  | {
      readonly refused: false;
      readonly disclosed: DisclosedSets;
      readonly earlier: HistorySets;
      readonly universe: Universe;
      readonly parts: bigint;
      readonly k: number;
      /** Of tests against what others told, at least k. */
      readonly jointK: number;
      readonly catalogue: ClassCatalogue;
      readonly made: Made;
    };

/**
 * @param answers oldest first, without the request itself; only related ones count
 * @param k of the request's release class
 * @param make reads what else a plan needs of the sets, and may ask for more classes
 * @throws CodedError DISCLOSURE_UNSUPPORTED | CIRCUIT_*
 */
export function prepareRequest<Made>(
  request: GatedRequest,
  answers: readonly EarlierAnswer[],
  k: number,
  make: (disclosed: DisclosedSets, earlier: HistorySets, classes: ClassCatalogue, parts: bigint) => Made,
): Prepared<Made> {
  assert(!request.segments.some(({ isErased }) => isErased), "nothing is asked of erased data");
  const history = relatedAnswers(request.segments, answers);
  const universe = new Universe([request, ...history].map(({ segments }) => segments));
  const parts = universe.bits(request.segments);
  const least = Math.max(k, request.jointK === undefined ? LEAST_K : LEAST_SEALED_K);
  const jointK = Math.max(least, request.jointK ?? LEAST_K);
  if (isSmallTable(universe, parts, least)) return { refused: true, reason: "too few rows" };
  if (universe.masksOf(request.segments) > MOST_MASKS) return { refused: true, reason: "too many masks" };
  const { made, catalogue } = withClasses(request.schema, [request, ...history], (classes) => {
    const disclosed = disclosedSets(request, parts, classes);
    const earlier = historySets(history, (refs) => universe.bits(refs), classes);
    return { disclosed, earlier, made: make(disclosed, earlier, classes, parts) };
  });
  const { disclosed, earlier } = made;
  if (disclosed.cohort === undefined) return { refused: true, reason: "nobody is selected" };
  if (isSameCohort(disclosed, earlier, universe, jointK)) {
    return { refused: true, reason: "same filter, too few changed rows" };
  }
  // Never tested against fewer than there are.
  const { historyCap = 0 } = request;
  if (historyCap > 0 && earlier.posted > historyCap) {
    return { refused: true, reason: "more earlier sets than the policy's cap" };
  }
  return { refused: false, disclosed, earlier, universe, parts, k: least, jointK, catalogue, made: made.made };
}

/** Sizes of the whole table are public, and not tested; but its sums would be about fewer than k patients, or tell an owner so. */
function isSmallTable(universe: Universe, parts: bigint, k: number): boolean {
  const owners = universe.owners(parts);
  const others = owners.length > 1 ? owners.map((own) => parts & ~own) : [];
  return [parts, ...others].some((rows) => universe.rows(rows) < k);
}

/** One filter over data that differ in some rows, new or taken out, but fewer than k: the difference would be about them. */
function isSameCohort({ cohort }: DisclosedSets, { cohorts }: HistorySets, universe: Universe, k: number): boolean {
  if (cohort === undefined) return false;
  return cohorts.some(({ set: known }) => {
    const changed = universe.rows(known.parts ^ cohort.parts);
    return isSameFilter(known, cohort) && changed > 0 && changed < k;
  });
}
