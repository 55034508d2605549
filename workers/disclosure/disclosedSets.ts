/**
 * The sets an answer discloses (docs/query-language.md, "The gate"): its cohort, every cell, and every cell's rows that have
 * the columns summed over them. Counts that follow from sums are of *level* sets (`levels.ts`), which obey the same rules.
 */
import type { Descriptor } from "../messages/descriptor.ts";
import type { Merges } from "../messages/merges.ts";
import { valueAxis } from "../messages/valueAxis.ts";
import { cellsOf } from "../query/axisSizes.ts";
import { requireFewValues } from "../query/openedValues.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import { axisLines, numberLines } from "./axisLines.ts";
import type { ClassCatalogue } from "./classCatalogue.ts";
import type { ClassFunction } from "./classFunction.ts";
import { ONE, requireSmall, times } from "./classFunction.ts";
import { FactorReader } from "./factorReader.ts";
import { intervalGroups, intervalMargins, intervalTotals } from "./intervalSets.ts";
import type { LevelSums } from "./levelSums.ts";
import type { CellLevels } from "./levels.ts";
import { LevelReader } from "./levels.ts";
import type { DisclosedMargin, TableAxis } from "./margins.ts";
import { marginsOf } from "./margins.ts";
import { openFields } from "./openFields.ts";
import type { OutputSet } from "./outputSets.ts";
import { cohortOf, readOutputs } from "./outputSets.ts";
import type { RowSet } from "./rowSet.ts";
import { setWhere } from "./rowSet.ts";
import type { Sum } from "./summedPoints.ts";

/** The outputs over one set of one cell: shown or hidden together. */
export interface DisclosedGroup {
  readonly cell: number;
  /** Tells groups of different cells that sum the same: the count, the rows with field f, … */
  readonly kind: number;
  /** Undefined: empty by construction. */
  readonly set: RowSet | undefined;
  /** Positions among the answer's outputs, ascending. */
  readonly outputs: readonly number[];
  /** Those of `outputs` that are the number of rows in `set`. */
  readonly counts: readonly number[];
  /** Fields summed over the set, alone, squared or multiplied by another: what is told of one is told of all its sums. */
  readonly summed: ReadonlySet<number>;
  /** Products of variables that are summed over the set. */
  readonly sums: readonly Sum[];
  /** Its own first. */
  readonly levels: readonly RowSet[];
  /** How many of these are its own: the others it tells only with other groups of the cell. */
  readonly ownLevels: number;
  /** Of each level: tells those of different cells that are of the same values. */
  readonly levelKinds: readonly string[];
  /** Of each level: whether its number follows from the sums themselves (`levels.ts`). */
  readonly exactLevels: readonly boolean[];
  /** Of each level: what is told over it beside its number. */
  readonly levelSums: readonly LevelSums[];
}

/** What several groups add up to, which they tell together. */
export interface DisclosedTotal {
  readonly set: RowSet;
  /** Their indices, ascending. */
  readonly groups: readonly number[];
}

export interface DisclosedSets {
  /** Undefined: empty by construction. */
  readonly cohort: RowSet | undefined;
  readonly cells: readonly (RowSet | undefined)[];
  /** By cell, in the order of their first output. */
  readonly groups: readonly DisclosedGroup[];
  /** Of statistics of the order of values. */
  readonly totals: readonly DisclosedTotal[];
  /** Of tables. */
  readonly margins: readonly DisclosedMargin[];
}

/** Deciding what follows from what takes cubic time in the sets that an answer and its history disclose. */
export const MAX_SETS = 512;

/** A vetted query with its parameters, over some of a study's data. */
export interface VettedRequest {
  readonly descriptor: Descriptor;
  readonly parameters: readonly bigint[];
  readonly schema: StudySchema;
  /** Of a query of the order of values whose lines were merged; absent: every line by itself. */
  readonly merges?: Merges | undefined;
}

/**
 * @param parts bits of the universe's
 * @param request without parameters: the sets as if no condition were on any, and no levels of fields that have one
 * @param catalogue of a plan that has this request; may be asked for more classes, without which levels are missing
 * @throws CodedError DISCLOSURE_UNSUPPORTED | CIRCUIT_*
 */
export function disclosedSets(
  {
    descriptor,
    parameters,
    merges,
  }: Pick<VettedRequest, "descriptor" | "merges"> & { readonly parameters?: readonly bigint[] | undefined },
  parts: bigint,
  catalogue: ClassCatalogue,
): DisclosedSets {
  const reader = new FactorReader(descriptor, parameters, catalogue);
  const outputs = readOutputs(descriptor, reader, catalogue);
  const cohort = cohortOf(outputs, reader);
  const lines = axisLines(descriptor, reader, catalogue);
  if (valueAxis(descriptor) !== undefined) {
    const query = { descriptor, outputs, lines, parts, catalogue, merges };
    const [groups, totals] = [intervalGroups(query), intervalTotals(query)];
    const cells = groups.map(({ set }) => set);
    return withSmallShapes({ cohort: setWhere(parts, cohort), cells, groups, totals, margins: intervalMargins(query) });
  }
  const open = parameters === undefined ? openFields(descriptor) : new Set<number>();
  const levels = new LevelReader(catalogue, (field) => open.has(field));
  const kinds = kindsOf(outputs);
  requireFewValues(
    lines.map(({ length }) => length),
    outputs.length,
  );
  const cells = cellConditions(lines);
  const groups = cells.flatMap((condition, cell) => {
    const sets = kinds.map(({ summedOver }) => setWhere(parts, times(summedOver, condition)));
    const sums = kinds.map(({ members }) => members.map((output) => outputs[output]!.variables));
    const found = levelsOfCell(levels, sets, sums);
    return kinds.map(({ members }, kind): DisclosedGroup => {
      const { own, joint } = found[kind]!;
      const all = [...own, ...joint];
      const position = (output: number): number => cell * outputs.length + output;
      return {
        cell,
        kind,
        set: sets[kind],
        outputs: members.map(position),
        counts: members.filter((_, index) => sums[kind]![index]!.length === 0).map(position),
        summed: new Set(sums[kind]!.flat().map(({ field }) => field)),
        sums: sums[kind]!.filter((sum) => sum.length > 0),
        levels: all.map(({ set }) => set),
        ownLevels: own.length,
        levelKinds: all.map((level) => level.kind),
        exactLevels: all.map(({ isExact }) => isExact),
        levelSums: all.map(({ told }) => told),
      };
    });
  });
  const conditions = kinds.map(({ summedOver }) => summedOver);
  return withSmallShapes({
    cohort: setWhere(parts, cohort),
    cells: cells.map((cell) => setWhere(parts, times(cohort, cell))),
    groups,
    totals: [],
    margins: marginsOf(tableAxes(descriptor, lines, catalogue), conditions, groups, parts),
  });
}

function tableAxes(
  { steps }: Descriptor,
  conditions: readonly (readonly ClassFunction[])[],
  catalogue: ClassCatalogue,
): TableAxis[] {
  return steps[0]!.axes.map((axis, at) => {
    return { lines: conditions[at]!, field: axis.field, numbers: numberLines(axis, catalogue) };
  });
}

/** @throws CodedError DISCLOSURE_UNSUPPORTED unless the diagram of each set is small */
function withSmallShapes(disclosed: DisclosedSets): DisclosedSets {
  const sets = [...setsIn(disclosed), ...disclosed.margins.map(({ set }) => set)];
  for (const { shape } of sets) if (shape !== undefined) requireSmall(shape);
  return disclosed;
}

/** None of sets that are empty. */
function levelsOfCell(
  levels: LevelReader,
  sets: readonly (RowSet | undefined)[],
  sums: readonly (readonly Sum[])[],
): CellLevels[] {
  const there = sets.flatMap((set, kind) => (set === undefined ? [] : [{ kind, set, sums: sums[kind]! }]));
  const found = levels.levelsOfCell(there);
  return sets.map((_, kind) => found[there.findIndex((each) => each.kind === kind)] ?? { own: [], joint: [] });
}

/** Row-major, as outputs are. */
function cellConditions(lines: readonly (readonly ClassFunction[])[]): ClassFunction[] {
  return cellsOf(lines.map(({ length }) => length)).map((cell) =>
    cell.reduce<ClassFunction>((condition, line, axis) => times(condition, lines[axis]![line]!), ONE),
  );
}

/** Of the cohort, the cells and the levels. */
export function setsIn({ cohort, groups }: DisclosedSets): RowSet[] {
  const sets = [cohort, ...groups.flatMap(({ set, levels }) => [set, ...levels])];
  return sets.filter((set) => set !== undefined);
}

export interface FamilyMember {
  readonly set: RowSet;
  /** Index of the group that shows it. */
  readonly group: number;
}

/** The sets that say the same of each cell, disjoint: of each kind, and of each level of it. */
export function familiesOf(groups: readonly DisclosedGroup[]): FamilyMember[][] {
  const families = new Map<string, FamilyMember[]>();
  const add = (key: string, member: FamilyMember): void => {
    families.set(key, [...(families.get(key) ?? []), member]);
  };
  groups.forEach(({ kind, set, levels, levelKinds }, group) => {
    if (set === undefined) return;
    add(`${kind}`, { set, group });
    levels.forEach((level, index) => add(`${kind}|${levelKinds[index]!}`, { set: level, group }));
  });
  return [...families.values()];
}

interface Kind {
  readonly summedOver: ClassFunction;
  readonly members: readonly number[];
}

/** Outputs by the set they sum over, cells apart. */
function kindsOf(outputs: readonly OutputSet[]): Kind[] {
  const kinds = new Map<string, { summedOver: ClassFunction; members: number[] }>();
  outputs.forEach(({ summedOver }, index) => {
    const kind = kinds.get(summedOver.key) ?? { summedOver, members: [] };
    kind.members.push(index);
    kinds.set(summedOver.key, kind);
  });
  return [...kinds.values()];
}
