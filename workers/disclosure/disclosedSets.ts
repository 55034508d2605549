/**
 * The sets an answer discloses (DESIGN, section 6): its cohort, every cell, and every cell's rows that have the column
 * summed over them. A sum that, with its count, tells how many rows have each value is a table of counts: those rows are
 * *level* sets, and obey the same rules.
 */
import type { Descriptor } from "../messages/descriptor.ts";
import { axisSizes, cellsOf } from "../query/buildCircuit.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import { unsupported } from "./errors.ts";
import type { Conditions, OutputSet } from "./outputSets.ts";
import { OutputReader } from "./outputSets.ts";
import type { RowSet } from "./rowSet.ts";
import { allOf, classesIn, makeSet } from "./rowSet.ts";

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
  /** Fields summed over the set. */
  readonly summed: ReadonlySet<number>;
  readonly levels: readonly RowSet[];
}

export interface DisclosedSets {
  /** Undefined: empty by construction. */
  readonly cohort: RowSet | undefined;
  readonly cells: readonly (RowSet | undefined)[];
  /** By cell, in the order of their first output. */
  readonly groups: readonly DisclosedGroup[];
}

/** Deciding what follows from what takes cubic time in the sets that an answer and its history disclose. */
export const MAX_SETS = 512;

/** A vetted query with its parameters, over some of a study's data. */
export interface VettedRequest {
  readonly descriptor: Descriptor;
  readonly parameters: readonly bigint[];
  readonly schema: StudySchema;
}

/**
 * @param parts bits of the universe's
 * @param request without parameters: the sets as if no condition were on any, and no levels of fields that have one
 * @throws CodedError DISCLOSURE_UNSUPPORTED | CIRCUIT_*
 */
export function disclosedSets(
  { descriptor, parameters, schema }: VettedRequest | (Omit<VettedRequest, "parameters"> & { parameters?: undefined }),
  parts: bigint,
): DisclosedSets {
  const reader = new OutputReader(descriptor, parameters, schema);
  const step = descriptor.steps[0]!;
  const outputs = reader.outputs();
  const full = (field: number): bigint => allOf(reader.classes(field).count);
  const cohort = commonConditions(outputs, full);
  const kinds = kindsOf(outputs, reader);
  const cells = cellsOf(axisSizes(step, schema)).map((lines) => {
    const line = new Map(lines.map((index, axis) => [step.axes[axis]!.field, 1n << BigInt(index)]));
    return { line, set: makeSet(parts, both(cohort, line), full) };
  });
  return {
    cohort: makeSet(parts, cohort, full),
    cells: cells.map(({ set }) => set),
    groups: cells.flatMap(({ line }, cell) =>
      kinds.map(({ conditions, members }, kind): DisclosedGroup => {
        const set = makeSet(parts, both(conditions, line), full);
        const position = (output: number): number => cell * outputs.length + output;
        return {
          cell,
          kind,
          set,
          outputs: members.map(position),
          counts: members.filter((output) => outputs[output]!.measure === undefined).map(position),
          summed: new Set(members.flatMap((output) => outputs[output]!.measure?.field ?? [])),
          levels:
            set === undefined
              ? []
              : levelsOf(
                  members.map((output) => outputs[output]!),
                  set,
                  reader,
                ),
        };
      }),
    ),
  };
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
  groups.forEach(({ kind, set, levels }, group) => {
    if (set === undefined) return;
    add(`${kind}`, { set, group });
    for (const level of levels) {
      const own = level.conditions.filter(([field, classes]) => classesIn(set, field) !== classes);
      add([kind, ...own].join("|"), { set: level, group });
    }
  });
  return [...families.values()];
}

/** The smallest set of conditions that all outputs satisfy: a measure's presence is not one of them. */
function commonConditions(outputs: readonly OutputSet[], full: (field: number) => bigint): Conditions {
  const fields = new Set(outputs.flatMap(({ conditions }) => [...conditions.keys()]));
  return new Map(
    [...fields].map((field) => {
      const classes = outputs.map(({ conditions }) => conditions.get(field) ?? full(field));
      return [field, classes.reduce((union, each) => union | each)] as const;
    }),
  );
}

interface Kind {
  readonly conditions: Conditions;
  readonly members: readonly number[];
}

/** Outputs by the set they sum over, cells apart. */
function kindsOf(outputs: readonly OutputSet[], reader: OutputReader): Kind[] {
  const kinds = new Map<string, { conditions: Conditions; members: number[] }>();
  outputs.forEach(({ conditions, measure }, index) => {
    const own = measure === undefined ? conditions : both(conditions, present(measure.field, reader));
    const proper = [...own].filter(([field, classes]) => classes !== allOf(reader.classes(field).count));
    const key = proper
      .sort(([a], [b]) => a - b)
      .map(([field, classes]) => `${field}:${classes}`)
      .join(",");
    const kind = kinds.get(key) ?? { conditions: own, members: [] };
    kind.members.push(index);
    kinds.set(key, kind);
  });
  return [...kinds.values()];
}

function present(field: number, reader: OutputReader): Conditions {
  const { count, missing } = reader.classes(field);
  return new Map([[field, missing === undefined ? allOf(count) : allOf(count) & ~(1n << BigInt(missing))]]);
}

function both(a: Conditions, b: Conditions): Map<number, bigint> {
  const result = new Map(a);
  for (const [field, classes] of b) result.set(field, (result.get(field) ?? classes) & classes);
  return result;
}

/**
 * With v possible values and s different sums over a set, the counts of all values follow when v <= s + 1: two values from
 * a sum, three from a sum and a sum of squares.
 */
function levelsOf(members: readonly OutputSet[], set: RowSet, reader: OutputReader): RowSet[] {
  const fields = new Set(members.flatMap(({ measure }) => measure?.field ?? []));
  const known = [...fields].filter((field) => !reader.isOpen(field));
  return known.flatMap((field) => {
    const measures = members.flatMap(({ measure }) => (measure?.field === field ? [measure] : []));
    const sums = new Set(measures.map(({ power, values }) => `${power}|${values.join()}`)).size;
    const classes = possibleClasses(set, field, reader);
    const areTold = classes.every((index) => measures.every(({ values }) => values[index] !== undefined));
    if (!areTold) {
      if (possibleValues(classes, field, reader) > BigInt(sums + 1)) return [];
      throw unsupported(
        "a sum over so few values counts them; the schema needs a cut-point at each",
        reader.named(field),
      );
    }
    const levels = new Map<string, bigint>();
    for (const index of classes) {
      const value = measures.map(({ values }) => values[index]).join();
      levels.set(value, (levels.get(value) ?? 0n) | (1n << BigInt(index)));
    }
    if (levels.size === 1 || levels.size > sums + 1) return [];
    return [...levels.values()].map((level) => withClasses(set, field, level));
  });
}

function possibleValues(classes: readonly number[], field: number, reader: OutputReader): bigint {
  return classes.reduce((total, index) => {
    const [lo, hi] = reader.classes(field).bounds(index) ?? [0n, 0n];
    return total + hi - lo + 1n;
  }, 0n);
}

function possibleClasses({ conditions }: RowSet, field: number, reader: OutputReader): number[] {
  const allowed = conditions.find(([on]) => on === field)?.[1];
  const indices = Array.from({ length: reader.classes(field).count }, (_, index) => index);
  return indices.filter((index) => allowed === undefined || ((allowed >> BigInt(index)) & 1n) === 1n);
}

function withClasses({ parts, conditions }: RowSet, field: number, classes: bigint): RowSet {
  const others = conditions.filter(([on]) => on !== field);
  return { parts, conditions: [...others, [field, classes] as const].sort(([a], [b]) => a - b) };
}
