/** Names of statistics in SQL, and which of them take in table axes. */
import { Finish } from "../messages/descriptor.ts";

/** As `Finish` has them. */
export const STATISTIC_NAMES = Object.fromEntries(
  Object.entries(Finish).map(([name, finish]) => [finish, name]),
) as Readonly<Record<Finish, string>>;

/** Finished from a table, not from a cell; such a statistic stands alone beside group columns. */
export function isTableStatistic(finish: Finish): boolean {
  const ofTables: readonly Finish[] = [
    Finish.HISTOGRAM,
    Finish.CROSSTAB,
    Finish.T_TEST,
    Finish.ANOVA,
    Finish.QUANTILE,
    Finish.KAPLAN_MEIER,
    Finish.LOGRANK,
    Finish.ALLOCATION,
  ];
  return ofTables.includes(finish);
}

/** Compares the groups of the one GROUP BY column that is not selected. */
export function comparesGroups(finish: Finish): boolean {
  const comparing: readonly Finish[] = [Finish.T_TEST, Finish.ANOVA, Finish.LOGRANK, Finish.ALLOCATION];
  return comparing.includes(finish);
}
