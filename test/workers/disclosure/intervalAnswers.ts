/** What an attacker reads off answers of the order of values: which lines were merged, and what each interval counts. */
import type { Box } from "./attacker.ts";
import type { CellSet, Told } from "./attackStory.ts";
import type { OrderedStatistic, StudyField } from "./randomStudy.ts";

/** An interval is told at the place of its first line: one begins wherever any slice of the table shows something. */
export function intervalSets(
  { query, descriptor, outputs }: Told,
  { field, starts, event }: OrderedStatistic,
  segments: bigint,
  fields: readonly StudyField[],
): CellSet[] {
  const axes = descriptor.steps[0]!.axes.map((axis) => axis.field);
  const valuesAt = axes.indexOf(field);
  const sizes = axes.map((on) => (on === field ? starts.length : fields[on]!.representatives.length));
  const cells = sizes.reduce<number[][]>(
    (all, size) => all.flatMap((cell) => Array.from({ length: size }, (_, line) => [...cell, line])),
    [[]],
  );
  const texts = (on: number): number => fields[on]!.texts.length;
  const counted = event === undefined ? [undefined] : [below(texts(event)) & ~1n, 1n];
  return counted.flatMap((bits, output) => {
    const places = cells.map((lines, cell) => ({ lines, position: cell * counted.length + output }));
    const told = places.filter(({ position }) => outputs[position] !== undefined);
    const firsts = [...new Set([0, ...told.map(({ lines }) => lines[valuesAt]!)])].sort((a, b) => a - b);
    return places.flatMap(({ lines, position }): CellSet[] => {
      const at = firsts.indexOf(lines[valuesAt]!);
      if (at < 0) return [];
      const end = starts[firsts[at + 1] ?? starts.length] ?? texts(field);
      let box = within({ ...query.cohort, segments }, field, below(end) & ~below(starts[firsts[at]!]!));
      lines.forEach((line, axis) => {
        if (axis !== valuesAt) box = within(box, axes[axis]!, 1n << BigInt(line));
      });
      if (bits !== undefined) box = within(box, event!, bits);
      return [{ cell: position, box, kind: "rows", sums: [], outputs: [position], isLevel: false }];
    });
  });
}

/** What intervals add up to where all are shown: of a slice of the table, without an event, with it, and both. */
export function totalsOf(
  sets: readonly CellSet[],
  { field, event }: OrderedStatistic,
  isHidden: (set: CellSet) => boolean,
): Box[] {
  return [[field], ...(event === undefined ? [] : [[field, event]])].flatMap((fields) => {
    const totals = new Map<string, CellSet[]>();
    for (const set of sets) {
      const key = set.box.allowed.filter((_, at) => !fields.includes(at)).join();
      totals.set(key, [...(totals.get(key) ?? []), set]);
    }
    return [...totals.values()].flatMap((own): Box[] => {
      if (own.length < 2 || own.some(isHidden)) return [];
      const union = (at: number): bigint => own.reduce((all, { box }) => all | box.allowed[at]!, 0n);
      const [{ box }] = own as [CellSet];
      return [{ ...box, allowed: box.allowed.map((bits, at) => (fields.includes(at) ? union(at) : bits)) }];
    });
  });
}

function within(box: Box, field: number, bits: bigint): Box {
  return { ...box, allowed: box.allowed.map((own, at) => (at === field ? own & bits : own)) };
}

/** Representatives before one. */
function below(end: number): bigint {
  return (1n << BigInt(end)) - 1n;
}
