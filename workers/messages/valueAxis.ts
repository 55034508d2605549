/** Statistics of the order of values: which of a table's axes is the one of values. */
import type { Column, Descriptor } from "./descriptor.ts";
import { Finish } from "./descriptor.ts";

/** What the lines of a query's axis of values are. */
export interface ValueAxis {
  /** Among the step's. */
  readonly axis: number;
  readonly lines: number;
}

export function isOrdered(finish: Finish): boolean {
  return finish === Finish.QUANTILE || finish === Finish.KAPLAN_MEIER || finish === Finish.LOGRANK;
}

/** Which of a statistic's own axes is the one of values. */
export function valuePosition({ finish }: Pick<Column, "finish">): number {
  return finish === Finish.LOGRANK ? 1 : 0;
}

/** Undefined where no statistic is of the order of values, or its lines are no intervals of a number or date. */
export function valueAxis({ columns, steps }: Pick<Descriptor, "columns" | "steps">): ValueAxis | undefined {
  const column = columns.find(({ finish }) => isOrdered(finish));
  const axis = column?.axes[valuePosition(column)];
  const on = axis === undefined ? undefined : steps[0]?.axes[axis];
  if (axis === undefined || on === undefined || on.missing || on.lines.length !== on.cuts.length + 1) return undefined;
  return { axis, lines: on.lines.length };
}
