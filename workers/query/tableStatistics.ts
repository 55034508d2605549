/** Statistics that are finished from a table of their own: its axes, its sums and what else the finish reads (Descriptor.sol). */
import { areExternalCounts, isPower, isShape, isWeight } from "../messages/allocationArguments.ts";
import { ARGUMENT_DECIMALS, Finish } from "../messages/descriptor.ts";
import type { NumericField, StudySchema } from "../schema/studySchema.ts";
import { scale } from "./readConstants.ts";
import type { Measure } from "./measures.ts";
import { ROWS } from "./measures.ts";
import type { Argument, Option, SelectItem } from "./parsedQuery.ts";
import { readCategoryConstant, readNumericConstant } from "./readConstants.ts";
import type { ResolvedField } from "./resolveNames.ts";
import { resolveField } from "./resolveNames.ts";
import type { Span, SqlText } from "./sqlText.ts";
import type { AskedUse } from "./permittedSchema.ts";
import { refuse } from "./sqlText.ts";
import { STATISTIC_NAMES } from "./statisticNames.ts";
import { refuseBetweenCuts } from "./tableAxes.ts";
import type { PlannedAxis } from "./tableAxes.ts";

/** Above every scaled integer of a schema: what lies beyond it no field reaches. */
const BREAK_LIMIT = 1n << 62n;

export interface TableStatistic {
  /** In the order in which the finish reads them; of every row of the cohort that has all their fields. */
  readonly axes: readonly PlannedAxis[];
  readonly sums: readonly Measure[];
  readonly decimals: readonly number[];
  readonly arguments: readonly bigint[];
}

/** The GROUP BY column whose groups are compared. */
export interface ComparedGroups {
  readonly axis: PlannedAxis;
  /** Lines that WHERE's constants leave; the others are no groups. */
  readonly lines: readonly number[];
}

interface Place {
  readonly sql: SqlText;
  readonly schema: StudySchema;
  readonly item: SelectItem;
}

/**
 * @param compared the GROUP BY column whose groups are compared, where the statistic compares any
 * @throws CodedError SQL_*
 */
export function tableStatistic(
  sql: SqlText,
  schema: StudySchema,
  item: SelectItem,
  compared: ComparedGroups | undefined,
): TableStatistic {
  const place = { sql, schema, item };
  switch (item.aggregate) {
    case Finish.HISTOGRAM:
      return histogram(place);
    case Finish.CROSSTAB:
      return crossTable(place);
    case Finish.T_TEST:
    case Finish.ANOVA:
      return groupMeans(place, compared!.axis);
    case Finish.ALLOCATION:
      return allocation(place, compared!);
    default:
      throw new RangeError("not a statistic of a table");
  }
}

function counted(axes: readonly PlannedAxis[], args: readonly bigint[] = []): TableStatistic {
  return { axes, sums: [ROWS], decimals: [], arguments: args };
}

/** Breaks b0 < … < bm; bins [b, next), the last one closed; also how many lie below and above. */
function histogram({ sql, schema, item }: Place): TableStatistic {
  const [of, ...others] = item.arguments;
  const { index, field } = columnOf(sql, schema, of, item.span);
  if (field.type === "category") {
    const problem = `${field.name} is a category, which has no breaks; use COUNT(*) with GROUP BY ${field.name}`;
    throw refuse(sql, item.span, problem, "SQL_TYPE");
  }
  const breaks = others.map((argument) => readBreak(sql, field, argument));
  breaks.forEach((value, at) => {
    if (at === 0 || value > breaks[at - 1]!) return;
    throw refuse(sql, others[at]!.span, "the breaks of HISTOGRAM ascend strictly", "SQL_TYPE");
  });
  const inside = [...breaks.slice(0, -1), breaks.at(-1)! + 1n];
  const cuts = inside.filter((cut) => cut > field.minimum && cut <= field.maximum);
  refuseBetweenCuts(sql, field, cuts, item.span);
  return counted([{ field: index, missing: false, cuts }], breaks);
}

function readBreak(sql: SqlText, field: NumericField, argument: Argument): bigint {
  if (argument.kind !== "number" && argument.kind !== "text") {
    throw refuse(sql, argument.span, "HISTOGRAM takes a column and its breaks");
  }
  const { floor, ceiling } = readNumericConstant(sql, field, argument);
  if (floor <= -BREAK_LIMIT || floor >= BREAK_LIMIT) {
    throw refuse(sql, argument.span, `the break is beyond all that ${field.name} could be`, "SQL_TYPE");
  }
  if (floor === ceiling) return floor;
  throw refuse(sql, argument.span, `${field.name} has ${field.decimals} decimals; so must its breaks`, "SQL_TYPE");
}

function crossTable(place: Place): TableStatistic {
  const axes = [categoryAxis(place, 0), categoryAxis(place, 1)];
  if (axes[0]!.field !== axes[1]!.field) return counted(axes);
  throw refuse(place.sql, place.item.span, "the two columns must be different ones", "SQL_TYPE");
}

function groupMeans({ sql, schema, item }: Place, compared: PlannedAxis): TableStatistic {
  const { index, field } = columnOf(sql, schema, item.arguments[0], item.span, "sum");
  if (field.type === "date" || (field.type === "category" && field.numeric === undefined)) {
    throw refuse(sql, item.span, `${field.name} has no numbers to compare`, "SQL_TYPE");
  }
  const x = { kind: "value", field: index } as const;
  const sums = [[], [x], [x, x]].map((variables): Measure => ({ variables, present: [] }));
  return { axes: [compared], sums, decimals: [field.decimals], arguments: [] };
}

/** Subjects and successes of each group. */
function allocation({ sql, schema, item }: Place, { axis, lines }: ComparedGroups): TableStatistic {
  const [of] = item.arguments;
  const problem = "ALLOCATION takes the outcome that counts as a success: ALLOCATION(response = 1, PRIOR 1, 1)";
  if (of?.kind !== "condition" || of.condition.kind !== "compare" || of.condition.relation !== "=") {
    throw refuse(sql, of?.span ?? item.span, problem);
  }
  const { index, field } = resolveField(sql, of.condition.column, schema);
  const { value } = of.condition;
  if (field.type !== "category" || value.kind === "parameter") {
    throw refuse(sql, of.span, `${problem}, of a category and a constant`, "SQL_TYPE");
  }
  const success = readCategoryConstant(sql, field, "=", value)[0]!;
  const [a, b] = optionNumbers(sql, item, "PRIOR", ["1", "1"], item.span);
  const [power] = optionNumbers(sql, item, "POWER", ["1"], item.span);
  if (!isShape(a!) || !isShape(b!))
    throw refuse(sql, item.span, "PRIOR takes two numbers from 0.05 to 1000000", "SQL_TYPE");
  if (!isPower(power!)) throw refuse(sql, item.span, "POWER takes a number from 0 to 100", "SQL_TYPE");
  const external = externalCounts(sql, item, lines.length);
  const arms = lines.reduce((bits, line) => bits | (1n << BigInt(line)), 0n);
  const clause = { kind: "categories", field: index, indices: [success] } as const;
  const successes: Measure = { variables: [{ kind: "indicator", clause }], present: [] };
  return { axes: [axis], sums: [ROWS, successes], decimals: [], arguments: [a!, b!, power!, arms, ...external] };
}

/** The weight, then subjects and successes of an earlier study for each arm, in the order of its lines. */
function externalCounts(sql: SqlText, item: SelectItem, arms: number): bigint[] {
  const option = item.options.find(({ name }) => name === "EXTERNAL");
  if (option === undefined) {
    const weighted = item.options.find(({ name }) => name === "WEIGHT");
    if (weighted === undefined) return [];
    throw refuse(sql, weighted.span, "WEIGHT weighs the counts of EXTERNAL, which are missing", "SQL_TYPE");
  }
  const counts = option.values.map((value) =>
    value.kind === "number" && /^\d{1,9}$/.test(value.text) ? BigInt(value.text) : -1n,
  );
  if (counts.length !== 2 * arms || !areExternalCounts(counts)) {
    const problem = `EXTERNAL takes, for each of the ${arms} groups in the schema's order, its subjects and successes`;
    throw refuse(sql, option.span, problem, "SQL_TYPE");
  }
  const [weight] = optionNumbers(sql, item, "WEIGHT", ["1"], option.span);
  if (!isWeight(weight!)) {
    throw refuse(sql, option.span, "WEIGHT takes a number from 0 to 1", "SQL_TYPE");
  }
  return [weight!, ...counts];
}

function optionNumbers(
  sql: SqlText,
  item: SelectItem,
  name: Option["name"],
  otherwise: readonly string[],
  span: Span,
): readonly bigint[] {
  const option = item.options.find((each) => each.name === name);
  const texts = option?.values.map((value) => (value.kind === "number" ? value.text : "")) ?? otherwise;
  const place = option?.span ?? span;
  if (texts.length !== otherwise.length || texts.includes("")) {
    throw refuse(sql, place, `${name} takes ${otherwise.length === 1 ? "one number" : "two numbers"}`, "SQL_TYPE");
  }
  return texts.map((text) => {
    const { floor, ceiling } = scale(text, ARGUMENT_DECIMALS);
    if (floor === ceiling) return floor;
    throw refuse(sql, place, `${name} takes numbers of at most ${ARGUMENT_DECIMALS} decimals`, "SQL_TYPE");
  });
}

function categoryAxis({ sql, schema, item }: Place, position: number): PlannedAxis {
  const { index, field } = columnOf(sql, schema, item.arguments[position], item.span);
  if (field.type === "category") return { field: index, missing: false, cuts: [] };
  const name = STATISTIC_NAMES[item.aggregate!];
  throw refuse(sql, item.span, `${field.name} is not a category; ${name} takes categorical columns`, "SQL_TYPE");
}

function columnOf(
  sql: SqlText,
  schema: StudySchema,
  argument: Argument | undefined,
  span: Span,
  asked: AskedUse = "split",
): ResolvedField {
  if (argument?.kind === "column") return resolveField(sql, argument.column, schema, asked);
  throw refuse(sql, argument?.span ?? span, "a column is expected here");
}
