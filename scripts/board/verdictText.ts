/** A verdict in words: what a member reads before it signs, and everybody afterwards. */
import type { TrialRules } from "#chain";
import { type TrialVerdict, UNSTATED_POSTERIOR, WHOLE_BPS, ZERO_HASH } from "#messages";
import { armWord, decisionWord } from "./openTrial.ts";

export interface VerdictRow {
  readonly stratum: string;
  readonly arm: string;
  /** Null: the board keeps it to itself. */
  readonly posterior: string | null;
  readonly state: string;
  readonly allocation: string;
}

export interface VerdictText {
  readonly look: number;
  readonly decision: string;
  readonly request: string | null;
  readonly responded: number | null;
  readonly reason: string;
  readonly cells: readonly VerdictRow[];
}

export function verdictText({ arms, strata }: TrialRules, verdict: TrialVerdict): VerdictText {
  const cited = verdict.requestId !== ZERO_HASH;
  const cells = strata.flatMap((stratum, s) =>
    arms.map(({ name }, a): VerdictRow => {
      const cell = s * arms.length + a;
      const posterior = verdict.posteriors[cell]!;
      return {
        stratum,
        arm: name,
        posterior: posterior === UNSTATED_POSTERIOR ? null : percent(posterior),
        state: armWord(verdict.states[cell]!),
        allocation: percent(verdict.allocation[cell]!),
      };
    }),
  );
  return {
    look: verdict.look,
    decision: decisionWord(verdict.decision),
    request: cited ? verdict.requestId : null,
    responded: cited ? verdict.responded : null,
    reason: verdict.reason,
    cells,
  };
}

/** `25.00%` of basis points. */
export function percent(bps: number): string {
  return `${((100 * bps) / WHOLE_BPS).toFixed(2)}%`;
}

/** Seconds since 1970 as `2026-12-24T10:00:00Z`; what is beyond any calendar as it is. */
export function instant(seconds: bigint): string {
  const ms = 1_000n * seconds;
  return ms <= 8_640_000_000_000_000n ? new Date(Number(ms)).toISOString().replace(".000Z", "Z") : `${seconds} s`;
}
