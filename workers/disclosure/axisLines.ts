/**
 * The lines of a table, as conditions. A line that is no category is a factor of the descriptor, which is read like any other: it must
 * be 1 on exactly the values that the axis says, and then these rows are the line.
 */
import type { Axis, Descriptor } from "../messages/descriptor.ts";
import { named, presentClasses, valuesBetween } from "./atomFunctions.ts";
import type { ClassCatalogue } from "./classCatalogue.ts";
import type { ClassFunction } from "./classFunction.ts";
import { oneOn } from "./classFunction.ts";
import { unsupported } from "./errors.ts";
import type { FactorReader } from "./factorReader.ts";
import { allOf } from "./rowSet.ts";

/** By axis, then line. @throws CodedError DISCLOSURE_UNSUPPORTED */
export function axisLines({ steps }: Descriptor, reader: FactorReader, catalogue: ClassCatalogue): ClassFunction[][] {
  return steps[0]!.axes.map((axis) => {
    if (axis.lines.length === 0) return categoryLines(axis, catalogue);
    const lines = intervalLines(axis, catalogue);
    const isRead =
      axis.lines.length === lines.length && axis.lines.every((line, at) => isExactly(reader, line, lines[at]!));
    if (isRead) return lines;
    throw unsupported(
      "table lines that are not the intervals they are said to be",
      named(catalogue.schema, axis.field),
    );
  });
}

/** Indices of lines that are one number each: categories that are numbers, intervals of one value. */
export function numberLines({ field, cuts }: Pick<Axis, "field" | "cuts">, { schema }: ClassCatalogue): number[] {
  const on = schema.fields[field]!;
  if (on.type === "category") return on.numeric === undefined ? [] : [...on.categories.keys()];
  const ends = [...cuts, on.maximum + 1n];
  return [on.minimum, ...cuts].flatMap((start, line) => (start + 1n === ends[line] ? [line] : []));
}

/** Lines that depend on parameters, or sum, are none. */
function isExactly(reader: FactorReader, factor: number, line: ClassFunction): boolean {
  const { condition, variables, digits, isOpen } = reader.factor(factor);
  return !isOpen && digits === undefined && variables.length === 0 && condition.key === line.key;
}

/** One class each, in order; "missing" is the last. */
function categoryLines({ field, missing, cuts }: Axis, catalogue: ClassCatalogue): ClassFunction[] {
  const on = catalogue.schema.fields[field];
  if (on === undefined) throw unsupported("table lines of no field of the schema");
  if (on.type !== "category" || cuts.length > 0 || (missing && on.required)) {
    throw unsupported("table lines that it does not have", named(catalogue.schema, field));
  }
  const all = allOf(catalogue.classes(field).count);
  const count = on.categories.length + (missing ? 1 : 0);
  return Array.from({ length: count }, (_, line) => oneOn(field, 1n << BigInt(line), all));
}

/** Below the first cut, between cuts, from the last one on, and "missing". */
function intervalLines({ field, missing, cuts }: Axis, catalogue: ClassCatalogue): ClassFunction[] {
  const on = catalogue.schema.fields[field];
  if (on === undefined) throw unsupported("table lines of no field of the schema");
  const isAscending = cuts.every((cut, at) => at === 0 || cut > cuts[at - 1]!);
  if (on.type === "category" || !isAscending || (missing && on.required)) {
    throw unsupported("table lines that it does not have", named(catalogue.schema, field));
  }
  const starts = [on.minimum, ...cuts];
  const lines = starts.map((lo, at) => valuesBetween(catalogue, field, lo, (starts[at + 1] ?? on.maximum + 1n) - 1n));
  const classes = catalogue.classes(field);
  const all = allOf(classes.count);
  return missing ? [...lines, oneOn(field, all & ~presentClasses(classes), all)] : lines;
}
