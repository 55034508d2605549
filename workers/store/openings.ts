/** What is recorded of openings, and what is known of them. */
import type { PlannedHistory } from "./plannedGates.ts";

/** The gate opens results of tests first, then outputs; `hidden`: indices of those that it does not open, ascending. */
export type Opening = { readonly stage: "tests" } | { readonly stage: "outputs"; readonly hidden: readonly number[] };
export type OpeningStage = Opening["stage"];

export interface OpeningAttempt {
  /** 0x-hex bytes32, like all ids here. */
  readonly requestId: string;
  readonly studyId: string;
  readonly attempt: bigint;
  /** What the attempt was planned against. */
  readonly history: PlannedHistory;
  /** Whether each two sets of participants of its committee have an honest worker in common: n <= 3t + 1. */
  readonly overlaps: boolean;
}

export type AboutToOpen = OpeningAttempt & Opening & { readonly knownWhenPlanned: EntriesWhenPlanned };

/** Ids of the study's entries when `DisclosureStore.checkPlan` found an attempt in order. */
export type EntriesWhenPlanned = ReadonlySet<string>;

export interface AnsweredRequest {
  readonly requestId: string;
  readonly studyId: string;
  /** 0x-hex, as posted. */
  readonly suppressedBitmap: string;
  /** Indices of the outputs posted as 0, ascending; hidden ones are among them. */
  readonly zeroOutputs: readonly number[];
  /** Block of the answer. */
  readonly block: number;
}

export type DisclosureEntry =
  | { readonly requestId: string; readonly status: "mayBeOpen" }
  | {
      readonly requestId: string;
      readonly status: "answered";
      readonly suppressedBitmap: string;
      readonly zeroOutputs: readonly number[];
      readonly answeredBlock: number;
    };
