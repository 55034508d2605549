/**
 * Which neighbouring lines of values are counted together, and what is lost for good.
 *
 * From the first line on, for each output by itself, an interval ends at the first line at which no slice counts few rows in it, nor does
 * without any one hospital's. What is left at the end joins the interval before, and the one before that, until it does not
 * count few. Where no row could be, there are not few. A slice that counts few rows over all lines, of any output, has no say; where none has one, there is one interval.
 */
import { isEmpty } from "./clearSet.ts";
import type { CellSet, JudgedSets } from "./judgedSets.ts";
import { cellsBetween } from "./cellsOfOrder.ts";
import type { OrderedLines } from "./cellsOfOrder.ts";
import { areZerosShown } from "./sizeRules.ts";
import type { RuleFacts } from "./sizeRules.ts";

/** Numbers of rows, by line; of all hospitals, then of all but each one. Undefined where no row can be. */
type Counts = readonly (readonly (number | undefined)[])[];

/** @param facts with every line by itself */
export function mergeLines(facts: RuleFacts, lines: OrderedLines): JudgedSets {
  const zerosShown = areZerosShown(facts);
  const isFew = (count: number): boolean => (count === 0 ? !zerosShown : count < facts.k);
  const countsFew = (counts: Counts, first: number, last: number): boolean =>
    counts.some((ofLines) => {
      const possible = ofLines.slice(first, last + 1).filter((count) => count !== undefined);
      return possible.length > 0 && isFew(possible.reduce((sum, count) => sum + count, 0));
    });
  const [width, slices] = [lines.lines.length, lines.slices.cells.length];
  const counted = lines.outputs.map((_, output) =>
    lines.slices.cells.map((_slice, slice) => {
      const start = (output * slices + slice) * width;
      return countsOf(facts, facts.sets.cells.slice(start, start + width));
    }),
  );
  const heard = lines.slices.cells.flatMap((_, slice) =>
    counted.some((ofOutput) => countsFew(ofOutput[slice]!, 0, width - 1)) ? [] : [slice],
  );
  const starts = counted.map((ofOutput) => {
    const own = heard.map((slice) => ofOutput[slice]!);
    return own.length === 0 ? [0] : intervals(width, (first, last) => own.some((each) => countsFew(each, first, last)));
  });
  return cellsBetween(lines, starts);
}

function countsOf({ owned }: RuleFacts, cells: readonly CellSet[]): Counts {
  const others = owned.length > 1 ? owned : [];
  const count = (is: (row: number) => boolean): (number | undefined)[] =>
    cells.map(({ set }) =>
      isEmpty(set) ? undefined : set.rows.reduce((sum, bit, row) => sum + (bit === 1 && is(row) ? 1 : 0), 0),
    );
  return [count(() => true), ...others.map((own) => count((row) => own.rows[row] === 0))];
}

/** @returns first lines */
function intervals(lines: number, isTooSmall: (first: number, last: number) => boolean): number[] {
  const ends: number[] = [];
  for (let line = 0; line < lines; line += 1) {
    const first = (ends.at(-1) ?? -1) + 1;
    if (!isTooSmall(first, line)) ends.push(line);
  }
  // Until the last interval reaches the last line.
  while (ends.length > 0 && ends.at(-1) !== lines - 1) {
    ends.pop();
    const first = (ends.at(-1) ?? -1) + 1;
    if (ends.length > 0 && !isTooSmall(first, lines - 1)) ends.push(lines - 1);
  }
  return [0, ...ends.slice(0, -1).map((end) => end + 1)];
}

/** All groups, where of some interval nothing is shown in any slice: it would read as part of another. */
export function withLostIntervals({ cells, groups }: JudgedSets, hidden: ReadonlySet<number>): ReadonlySet<number> {
  const shown = new Set(groups.flatMap(({ cell }, group) => (hidden.has(group) ? [] : [nameOf(cells[cell]!)])));
  return cells.every((cell) => shown.has(nameOf(cell))) ? hidden : new Set(groups.keys());
}

function nameOf({ interval }: CellSet): string {
  return `${interval!.output} from ${interval!.from}`;
}
