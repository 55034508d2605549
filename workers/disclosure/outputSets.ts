/** What each output of a descriptor sums, and over which set of rows. */
import type { Descriptor } from "../messages/descriptor.ts";
import { NO_FACTOR } from "../messages/descriptor.ts";
import { presentClasses } from "./atomFunctions.ts";
import type { ClassCatalogue } from "./classCatalogue.ts";
import type { ClassFunction } from "./classFunction.ts";
import { ONE, oneOn, times, ZERO } from "./classFunction.ts";
import type { FactorReader, Reading, Variable } from "./factorReader.ts";
import type { Condition } from "./rowSet.ts";
import { allOf, classesIn, conditionOf, setWhere } from "./rowSet.ts";

export interface OutputSet {
  /** Of the rows, without the presence of what is summed. */
  readonly condition: ClassFunction;
  /** Rows that add to the sum: the condition's that have every field of a variable. */
  readonly summedOver: ClassFunction;
  /** At most two, whose product is summed; none: the rows are counted. */
  readonly variables: readonly Variable[];
  /** Factors that it is the product of. */
  readonly leaves: ReadonlySet<number>;
}

/** @throws CodedError DISCLOSURE_UNSUPPORTED */
export function readOutputs({ steps }: Descriptor, reader: FactorReader, catalogue: ClassCatalogue): OutputSet[] {
  return steps[0]!.outputs.map(({ left, right }) => {
    const factors = right === NO_FACTOR ? [left] : [left, right];
    const reading = reader.whole(
      factors.map((factor) => reader.factor(factor)).reduce((a, b) => reader.multiply(a, b)),
    );
    const { condition, variables } = reading;
    return {
      condition,
      summedOver: variables.reduce((over, { field }) => times(over, presence(catalogue, field)), condition),
      variables,
      leaves: new Set(factors.flatMap((factor) => [...reader.leaves(factor)])),
    };
  });
}

/**
 * The cohort: a set that all outputs lie in. That of one of them, where it contains all others': output 0 of a table, or a
 * count, is over all that WHERE selects. Else, as where each output asks for the presence of another column, the
 * rows that satisfy all factors that the outputs have in common, WHERE's among them, less those outside the smallest box
 * around all outputs. Either contains every output's set, so that a test of the cohort is one of what opens.
 */
export function cohortOf(outputs: readonly OutputSet[], reader: FactorReader): ClassFunction {
  const conditions = [...new Map(outputs.map(({ condition }) => [condition.key, condition])).values()];
  const largest = conditions.find((whole) => conditions.every((each) => times(each, whole).key === each.key));
  if (largest !== undefined) return largest;
  const [first, ...others] = outputs;
  const shared = [...first!.leaves].filter((leaf) => others.every(({ leaves }) => leaves.has(leaf)));
  const common = shared.map((leaf) => reader.factor(leaf)).filter(({ digits }) => digits === undefined);
  return common.reduce((rest, { condition }: Reading) => times(rest, condition), boxAround(conditions));
}

/** The smallest one. */
function boxAround(conditions: readonly ClassFunction[]): ClassFunction {
  const [first, ...others] = conditions.flatMap((condition) => setWhere(1n, condition) ?? []);
  const around = first?.conditions.flatMap(([field, classes, all]): Condition[] => {
    const union = others.reduce((bits, other) => bits | (classesIn(other, field) ?? all), classes);
    return union === all ? [] : [[field, union, all]];
  });
  return around === undefined ? ZERO : conditionOf({ parts: 1n, conditions: around });
}

function presence(catalogue: ClassCatalogue, field: number): ClassFunction {
  const classes = catalogue.classes(field);
  return classes.missing === undefined ? ONE : oneOn(field, presentClasses(classes), allOf(classes.count));
}
