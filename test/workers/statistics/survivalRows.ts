/** Follow-up in clear as the steps that the estimators take. */
import type { RiskStep } from "../../../workers/statistics/kaplanMeier.ts";
import type { GroupRisk } from "../../../workers/statistics/logRank.ts";

export interface FollowUp {
  /** Scaled. */
  readonly time: bigint;
  readonly event: boolean;
}

function distinctTimes(subjects: readonly FollowUp[]): bigint[] {
  return [...new Set(subjects.map(({ time }) => time))].sort((a, b) => (a < b ? -1 : 1));
}

function countWhere(subjects: readonly FollowUp[], holds: (subject: FollowUp) => boolean): bigint {
  return BigInt(subjects.filter(holds).length);
}

/** One step at every time at which someone leaves. */
export function riskSteps(subjects: readonly FollowUp[]): RiskStep[] {
  return distinctTimes(subjects).map((time) => ({
    time,
    atRisk: countWhere(subjects, (subject) => subject.time >= time),
    events: countWhere(subjects, (subject) => subject.time === time && subject.event),
  }));
}

/** The times of one stratum, by group. */
export function groupRisks(groups: readonly (readonly FollowUp[])[]): GroupRisk[] {
  return distinctTimes(groups.flat()).map((time) => ({
    atRisk: groups.map((group) => countWhere(group, (subject) => subject.time >= time)),
    events: groups.map((group) => countWhere(group, (subject) => subject.time === time && subject.event)),
  }));
}
