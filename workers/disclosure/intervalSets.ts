/**
 * The sets that quantiles and survival disclose: for each output, slice of the table and interval of values, the rows that are counted.
 * They are cells of their own, which are disjoint.
 */
import type { Descriptor } from "../messages/descriptor.ts";
import type { Merges } from "../messages/merges.ts";
import { valueAxis } from "../messages/valueAxis.ts";
import type { MergedCell } from "../query/mergedLines.ts";
import { mergedCells, singleLines } from "../query/mergedLines.ts";
import { requireFewValues } from "../query/openedValues.ts";
import { numberLines } from "./axisLines.ts";
import type { ClassCatalogue } from "./classCatalogue.ts";
import type { ClassFunction } from "./classFunction.ts";
import { add, ONE, times, ZERO } from "./classFunction.ts";
import type { DisclosedGroup, DisclosedTotal } from "./disclosedSets.ts";
import { unsupported } from "./errors.ts";
import type { DisclosedMargin } from "./margins.ts";
import type { OutputSet } from "./outputSets.ts";
import { setWhere } from "./rowSet.ts";

/** A query of the order of values, as it is read. */
export interface OrderedQuery {
  readonly descriptor: Descriptor;
  readonly outputs: readonly OutputSet[];
  /** Of each axis. */
  readonly lines: readonly (readonly ClassFunction[])[];
  readonly parts: bigint;
  readonly catalogue: ClassCatalogue;
  /** Absent: every line by itself. */
  readonly merges: Merges | undefined;
}

/** @throws CodedError DISCLOSURE_UNSUPPORTED | CIRCUIT_TOO_LARGE */
export function intervalGroups(query: OrderedQuery): DisclosedGroup[] {
  const { descriptor, outputs, lines, parts } = query;
  requireFewValues(
    lines.map(({ length }) => length),
    outputs.length,
  );
  if (outputs.some(({ variables }) => variables.length > 0)) throw unsupported("sums over an order of values");
  const isApart = outputs.every(({ condition }, at) =>
    outputs.slice(0, at).every((other) => times(other.condition, condition).key === ZERO.key),
  );
  // What one of them counts and another does not, no test would look at.
  if (!isApart) throw unsupported("outputs over an order of values that count the same rows");
  return cellsIn(query).map((cell, index): DisclosedGroup => {
    return {
      cell: index,
      kind: 0,
      set: setWhere(parts, times(outputs[cell.output]!.condition, within(descriptor, lines, cell))),
      outputs: cell.positions.slice(0, 1),
      counts: cell.positions.slice(0, 1),
      ...{ summed: new Set(), sums: [], levels: [], ownLevels: 0, levelKinds: [], exactLevels: [], levelSums: [] },
    };
  });
}

/**
 * What the intervals of a slice add up to, which answers print: of each output, and of all outputs together. Not what is one
 * interval.
 */
export function intervalTotals(query: OrderedQuery): DisclosedTotal[] {
  const { descriptor, outputs, lines, parts } = query;
  const slices = new Map<string, { readonly cell: MergedCell; readonly group: number }[]>();
  cellsIn(query).forEach((cell, group) => {
    slices.set(cell.slice.join(), [...(slices.get(cell.slice.join()) ?? []), { cell, group }]);
  });
  const end = valueAxis(descriptor)!.lines;
  return [...slices.values()].flatMap((cells) => {
    const all = within(descriptor, lines, { slice: cells[0]!.cell.slice, lines: [0, end] });
    return [...outputs.keys(), undefined].flatMap((output): DisclosedTotal[] => {
      const own = cells.filter(({ cell }) => output === undefined || cell.output === output);
      const conditions = outputs.filter((_, at) => output === undefined || at === output);
      const set = setWhere(parts, times(conditions.map(({ condition }) => condition).reduce(add), all));
      const isOne = own.length < 2 || (output === undefined && outputs.length < 2);
      return set === undefined || isOne ? [] : [{ set, groups: own.map(({ group }) => group) }];
    });
  });
}

/**
 * What intervals of one value each add up to in a slice, two or more: of each output, and of all outputs together. Their counts tell the
 * sum of the values.
 */
export function intervalMargins(query: OrderedQuery): DisclosedMargin[] {
  const { descriptor, outputs, lines, parts, catalogue } = query;
  const axis = descriptor.steps[0]!.axes[valueAxis(descriptor)!.axis]!;
  const numbers = numberLines(axis, catalogue);
  const cells = cellsIn(query).map((cell, group) => ({ cell, group }));
  const single = cells.filter(
    ({
      cell: {
        lines: [first, end],
      },
    }) => end === first + 1 && numbers.includes(first),
  );
  return [...Map.groupBy(single, ({ cell }) => cell.slice.join()).values()].flatMap((slice) =>
    [...outputs.keys(), undefined].flatMap((output): DisclosedMargin[] => {
      const own = slice.filter(({ cell }) => output === undefined || cell.output === output);
      const conditions = own.map(({ cell }) => times(outputs[cell.output]!.condition, within(descriptor, lines, cell)));
      if (own.length < 2 || (output === undefined && outputs.length < 2)) return [];
      const set = setWhere(parts, conditions.reduce(add));
      const groups = own.map(({ group }) => group);
      return set === undefined ? [] : [{ set, groups, summed: new Set([axis.field]), sums: [] }];
    }),
  );
}

/** The condition of some lines of values in a slice. */
function within(
  descriptor: Descriptor,
  lines: readonly (readonly ClassFunction[])[],
  { slice, lines: [first, end] }: Pick<MergedCell, "slice" | "lines">,
): ClassFunction {
  const { axis } = valueAxis(descriptor)!;
  const others = lines.filter((_, at) => at !== axis);
  const own = slice.reduce<ClassFunction>((condition, line, at) => times(condition, others[at]![line]!), ONE);
  return times(own, lines[axis]!.slice(first, end).reduce(add));
}

function cellsIn({ descriptor, catalogue, merges }: OrderedQuery): MergedCell[] {
  return mergedCells(descriptor, catalogue.schema, merges ?? singleLines(descriptor));
}
