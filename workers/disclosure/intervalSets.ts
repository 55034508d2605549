/**
 * The sets that quantiles and survival disclose: for each output, slice of the table and interval of values, the rows that are counted.
 * They are cells of their own, which are disjoint.
 */
import type { Descriptor } from "../messages/descriptor.ts";
import { valueAxis } from "../messages/valueAxis.ts";
import { requireFewValues } from "../query/openedValues.ts";
import type { Merges } from "../messages/merges.ts";
import { mergedCells, singleLines } from "../query/mergedLines.ts";
import type { ClassCatalogue } from "./classCatalogue.ts";
import type { ClassFunction } from "./classFunction.ts";
import { add, ONE, times, ZERO } from "./classFunction.ts";
import type { DisclosedGroup } from "./disclosedSets.ts";
import { unsupported } from "./errors.ts";
import type { OutputSet } from "./outputSets.ts";
import { setWhere } from "./rowSet.ts";

/**
 * @param lines of each axis
 * @param merges absent: every line by itself
 * @throws CodedError DISCLOSURE_UNSUPPORTED | CIRCUIT_TOO_LARGE
 */
export function intervalGroups(
  descriptor: Descriptor,
  outputs: readonly OutputSet[],
  lines: readonly (readonly ClassFunction[])[],
  { parts, catalogue }: { readonly parts: bigint; readonly catalogue: ClassCatalogue },
  merges: Merges = singleLines(descriptor),
): DisclosedGroup[] {
  requireFewValues(
    lines.map(({ length }) => length),
    outputs.length,
  );
  if (outputs.some(({ variables }) => variables.length > 0)) throw unsupported("sums over an order of values");
  const { axis } = valueAxis(descriptor)!;
  const others = lines.filter((_, at) => at !== axis);
  const isApart = outputs.every(({ condition }, at) =>
    outputs.slice(0, at).every((other) => times(other.condition, condition).key === ZERO.key),
  );
  // What one of them counts and another does not, no test would look at.
  if (!isApart) throw unsupported("outputs over an order of values that count the same rows");
  return mergedCells(descriptor, catalogue.schema, merges).map((cell, index): DisclosedGroup => {
    const interval = lines[axis]!.slice(...cell.lines).reduce(add);
    const slice = cell.slice.reduce<ClassFunction>((condition, line, at) => times(condition, others[at]![line]!), ONE);
    return {
      cell: index,
      kind: 0,
      set: setWhere(parts, times(times(outputs[cell.output]!.condition, slice), interval)),
      outputs: cell.positions.slice(0, 1),
      counts: cell.positions.slice(0, 1),
      ...{ summed: new Set(), sums: [], levels: [], ownLevels: 0, levelKinds: [] },
    };
  });
}
