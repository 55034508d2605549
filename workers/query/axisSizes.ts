/** Lines of a step's table axes, and the cells that they make. */
import type { Axis, Step } from "../messages/descriptor.ts";
import type { CategoryField, StudySchema } from "../schema/studySchema.ts";
import { circuitError } from "./circuitError.ts";

/** Lines of each axis; none without table lines. @throws CodedError CIRCUIT_NO_COLUMN */
export function axisSizes(step: Step, schema: StudySchema): number[] {
  return step.axes.map((axis) => (axis.lines.length > 0 ? axis.lines.length : categoryLines(axis, schema)));
}

/** Categories, then missing where it is a line. @throws CodedError CIRCUIT_NO_COLUMN */
export function categoryLines({ field, missing }: Axis, schema: StudySchema): number {
  return axisField(schema, field).categories.length + (missing ? 1 : 0);
}

/** 1 without axes. */
export function cellCount(step: Step, schema: StudySchema): number {
  return cellsWithin(axisSizes(step, schema));
}

/** Of axes with so many lines; as a double, which is exact for all that may be opened. */
export function cellsWithin(sizes: readonly number[]): number {
  return sizes.reduce((cells, lines) => cells * lines, 1);
}

/** Row-major: the last axis runs fastest. As many as `cellsWithin`: bound that before. */
export function cellsOf(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (cells, size) => cells.flatMap((cell) => Array.from({ length: size }, (_, line) => [...cell, line])),
    [[]],
  );
}

function axisField(schema: StudySchema, index: number): CategoryField {
  const field = schema.fields[index];
  if (field?.type === "category") return field;
  throw circuitError({ code: "CIRCUIT_NO_COLUMN", field: index }, `the axis field ${index} is not a category`);
}
