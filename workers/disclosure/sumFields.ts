/** Of which columns a sum is: whose values it multiplies. */
import type { Variable } from "./factorReader.ts";
import type { FieldClasses } from "./fieldClasses.ts";
import type { Sum } from "./summedPoints.ts";

/** Whose values are multiplied; undefined where it is something else of a field. */
export function fieldsMultiplied(sum: Sum, classes: (field: number) => FieldClasses): number[] | undefined {
  const fields = sum.map((variable) => {
    if (variable.isValue) return [variable.field];
    return isSquare(variable, classes(variable.field)) ? [variable.field, variable.field] : undefined;
  });
  return fields.every((each) => each !== undefined) ? fields.flat() : undefined;
}

/** The square of a category's number is one variable. */
function isSquare({ values }: Variable, classes: FieldClasses): boolean {
  const bounds = Array.from({ length: classes.count }, (_, index) => classes.bounds(index));
  const isItsOwn = bounds.every((each) => each === undefined || each[0] * each[0] === each[0]);
  return (
    !isItsOwn &&
    bounds.every((each, index) => {
      const value = values[index] ?? 0n;
      return each === undefined ? value === 0n : each[0] === each[1] && each[0] * each[0] === value;
    })
  );
}
