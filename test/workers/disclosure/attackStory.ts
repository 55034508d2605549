/** What an attacker writes down, answer by answer, and what it finds in it. */
import assert from "node:assert/strict";

import type { Descriptor } from "../../../workers/messages/descriptor.ts";
import type { Box, OpenSet, Population } from "./attacker.ts";
import { combine, isolations, popcount, RationalSpan, tell } from "./attacker.ts";
import { intervalSets, totalsOf } from "./intervalAnswers.ts";
import type { AskedQuery } from "./randomStudy.ts";

/** One set of one cell of an answer. */
export interface CellSet {
  readonly cell: number;
  readonly box: Box;
  /** Of several cells: "rows", "present f", "level l of f". */
  readonly kind: string;
  readonly sums: readonly number[];
  /** Outputs that tell it; of the number of its rows first. */
  readonly outputs: readonly number[];
  readonly isLevel: boolean;
}

interface ToldAnswer {
  readonly sets: readonly CellSet[];
  readonly isHidden: (set: CellSet) => boolean;
  /** Keys of those that were not open before. */
  readonly added: ReadonlySet<string>;
}

/** One set of each cell, some hidden. */
interface HiddenLine {
  readonly family: readonly CellSet[];
  readonly isHidden: (set: CellSet) => boolean;
  readonly rest: (set: CellSet) => number;
}

export interface Told {
  readonly query: AskedQuery;
  readonly descriptor: Descriptor;
  /** By owner: the segments asked about. */
  readonly owners: readonly bigint[];
  /** Undefined: hidden. */
  readonly outputs: readonly (bigint | undefined)[];
}

export class AttackStory {
  readonly k: number;
  /** Of PUBLIC answers: numbers of rows below it are no part that they are tested against. */
  readonly publicK: number;
  readonly found: string[] = [];
  readonly #population: Population;
  #turn = 0;
  readonly #open = new Map<string, OpenSet>();
  readonly #public = new Map<string, OpenSet>();
  readonly #secret: { readonly box: Box; readonly quantity: number | undefined }[] = [];
  readonly #cohorts: OpenSet[] = [];
  /** What answers of the order of values show, disjoint. */
  readonly #tables: { readonly segments: bigint; readonly boxes: readonly Box[] }[] = [];
  readonly #answers: ToldAnswer[] = [];

  constructor(population: Population, k: number, publicK = k) {
    this.#population = population;
    this.k = k;
    this.publicK = publicK;
  }

  /** Sets that are open. */
  get size(): number {
    return this.#open.size;
  }

  publish(segments: bigint): void {
    const box = this.#population.whole(segments);
    const rows = this.#population.rowsOf(box);
    // Fewer rows than k, all of whom are counted, say nothing about one of them; so near they are to any small cohort.
    if (popcount(rows) < this.publicK) return;
    const key = this.#population.keyOf(box);
    if (!this.#public.has(key)) this.#public.set(key, { ...this.#set(box), isPublic: true });
  }

  /** @returns how many margins it told */
  tell(told: Told): number {
    const segments = told.owners.reduce((all, part) => all | part, 0n);
    for (const part of [segments, ...told.owners]) this.publish(part);
    const sets = this.#setsOf(told, segments);
    this.#cohorts.push(this.#set({ ...told.query.cohort, segments }));
    const isHidden = ({ outputs }: CellSet): boolean => outputs.some((output) => told.outputs[output] === undefined);
    const before = this.#spans();
    const openBefore = new Set(this.#open.keys());
    const secret = this.#secret.filter(({ box, quantity }) => !before(box, quantity));
    for (const set of sets) {
      const { box, sums, outputs } = set;
      const states = new Set(outputs.map((output) => told.outputs[output] === undefined));
      if (states.size > 1) this.found.push(`half of ${set.kind} is hidden`);
      if (isHidden(set)) {
        const quantities = [undefined, ...sums].filter((quantity) => !before(box, quantity));
        secret.push(...quantities.map((quantity) => ({ box, quantity })));
        this.#secret.push(...quantities.map((quantity) => ({ box, quantity })));
      } else this.#record(set, told);
    }
    this.#checkZeros(told, sets, segments, openBefore);
    if (told.query.ordered !== undefined) this.#addUp(totalsOf(sets, told.query.ordered, isHidden));
    const margins = told.query.ordered === undefined ? this.#addMargins(sets, told.query, isHidden) : 0;
    for (const set of sets)
      if (!isHidden(set) && !openBefore.has(this.#population.keyOf(set.box))) this.#checkGrowth(set.box);
    if (told.query.ordered !== undefined)
      this.#tables.push({ segments, boxes: sets.filter((set) => !isHidden(set)).map(({ box }) => box) });
    const after = this.#spans();
    for (const { box, quantity } of secret)
      if (after(box, quantity) && !this.#mayFollow(box))
        this.found.push(`hidden ${tell(this.#set(box))} of ${quantity ?? "rows"} follows`);
    const key = ({ box }: CellSet): string => this.#population.keyOf(box);
    const added = new Set(sets.map(key).filter((each) => !openBefore.has(each)));
    this.#answers.push({ sets, isHidden, added });
    return margins;
  }

  /** A set of k rows or more that is hidden in PUBLIC answers for what it would tell of another, whoever was told more may know. */
  #mayFollow(box: Box): boolean {
    return this.k < this.publicK && popcount(this.#population.rowsOf(box)) >= this.publicK;
  }

  /** At the end. */
  conclude(): readonly string[] {
    const sets = [...this.#open.values()];
    const known = [...this.#public.values()].filter(({ box }) => !this.#open.has(this.#population.keyOf(box)));
    const unions = this.#answers.flatMap((answer) => this.#unionsOf(answer, sets));
    this.found.push(...isolations([...sets, ...known], this.#cohorts, unions, this.#population.fields, this.k));
    this.#checkLines([...sets, ...known]);
    return this.found;
  }

  #set(box: Box): OpenSet {
    return { box, rows: this.#population.rowsOf(box), sums: new Set(), isPublic: false, at: this.#turn++ };
  }

  #record({ box, sums, outputs, isLevel }: CellSet, { outputs: values, owners }: Told): void {
    const rows = this.#population.rowsOf(box);
    const count = popcount(rows);
    if (!isLevel) assert.equal(values[outputs[0]!], BigInt(count), "a number of rows is what opened");
    const isWhole = this.#population.isWhole(box);
    const before = this.#open.get(this.#population.keyOf(box));
    // What was a margin only is counted for the first time.
    const known = before?.isMargin === true ? undefined : before;
    const set = known ?? { ...this.#set(box), sums: new Set(before?.sums), isPublic: isWhole };
    sums.forEach((field) => set.sums.add(field));
    this.#open.set(this.#population.keyOf(box), set);
    if (isWhole || known !== undefined) return;
    if (count > 0 && count < this.k) this.found.push(`small ${tell(set)}`);
    if (owners.length < 2) return;
    for (const owner of owners) {
      const others = popcount(
        combine((a, b) => a! & ~b!, rows, this.#population.rowsOf(this.#population.whole(owner))),
      );
      if (others > 0 && others < this.k) this.found.push(`an owner subtracts itself from ${tell(set)}`);
    }
  }

  /** What intervals add up to is as open as they are. */
  #addUp(boxes: readonly Box[]): void {
    for (const box of boxes) {
      const key = this.#population.keyOf(box);
      const before = this.#open.get(key);
      if (before !== undefined && before.isMargin !== true) continue;
      const sums = new Set(before?.sums);
      this.#open.set(key, { ...this.#set(box), sums, isPublic: this.#population.isWhole(box) });
    }
  }

  /** Sums over the cells of some lines of a table that are shown. */
  #addMargins(sets: readonly CellSet[], { groups }: AskedQuery, isHidden: (set: CellSet) => boolean): number {
    let found = 0;
    const sizes = groups.map((field) => this.#population.fields[field]!.representatives.length);
    const lineOf = (cell: number, axis: number): number =>
      Math.floor(cell / sizes.slice(axis + 1).reduce((cells, size) => cells * size, 1)) % sizes[axis]!;
    for (const choice of linesOf(sizes)) {
      const isInside = ({ cell }: CellSet): boolean =>
        choice.every((line, axis) => line === undefined || line === lineOf(cell, axis));
      const inside = sets.filter((set) => set.sums.length > 0 && !set.isLevel && isInside(set));
      for (const members of Map.groupBy(inside, ({ kind }) => kind).values()) {
        const shown = members.filter((set) => !isHidden(set));
        // What some cells of several lines add up to is no box.
        const isBox = shown.length === members.length || choice.filter((line) => line === undefined).length === 1;
        if (shown.length < 2 || !isBox) continue;
        const [{ box, sums }] = shown as [CellSet];
        const allowed = box.allowed.map((_, field) => shown.reduce((bits, set) => bits | set.box.allowed[field]!, 0n));
        const margin = { ...box, allowed };
        const key = this.#population.keyOf(margin);
        const added = { ...this.#set(margin), isPublic: this.#population.isWhole(margin), isMargin: true as const };
        const known = this.#open.get(key) ?? added;
        sums.forEach((field) => known.sums.add(field));
        this.#open.set(key, known);
        found++;
      }
    }
    return found;
  }

  /** How many rows a set had on earlier data, a table's cells may tell together. */
  #checkGrowth(box: Box): void {
    if (this.#population.isWhole(box)) return;
    for (const { segments, boxes } of this.#tables) {
      if (segments === box.segments || (segments & box.segments) === 0n) continue;
      const then = { ...box, segments };
      const total = this.#population.shapeOf(then);
      const inside = boxes
        .map((each) => this.#population.shapeOf(each))
        .filter((shape) => shape.every((value, index) => value <= total[index]!));
      if (inside.length < 2) continue;
      if (total.some((value, index) => value !== inside.reduce((sum, shape) => sum + shape[index]!, 0))) continue;
      const [now, before] = [this.#population.rowsOf(box), this.#population.rowsOf(then)];
      const changed = popcount(combine((a, b) => a! ^ b!, now, before));
      if (changed > 0 && changed < this.k) this.found.push(`grown ${tell(this.#set(box))} by ${changed}`);
    }
  }

  /** But for zeros that were shown before, where they might be. */
  #checkZeros(
    { outputs, query }: Told,
    sets: readonly CellSet[],
    segments: bigint,
    openBefore: ReadonlySet<string>,
  ): void {
    const cells = sets.filter(({ kind }) => kind === "rows");
    const zero = cells.find(
      (cell) => outputs[cell.outputs[0]!] === 0n && !openBefore.has(this.#population.keyOf(cell.box)),
    );
    if (zero === undefined || (query.groups.length === 0 && (query.ordered === undefined || cells.length < 2))) return;
    const cohort = popcount(this.#population.rowsOf({ ...query.cohort, segments }));
    if (cohort < this.k * cells.length)
      this.found.push(`a zero is shown among ${cohort} rows in ${cells.length} cells`);
  }

  /** Whether a box's number of rows, or its sum of a field, follows from what is open. */
  #spans(): (box: Box, quantity: number | undefined) => boolean {
    const spans = new Map<number | undefined, RationalSpan>();
    return (box, quantity) => {
      let span = spans.get(quantity);
      if (span === undefined) {
        span = new RationalSpan();
        const counted = quantity === undefined ? [...this.#public.values()] : [];
        const summed = [...this.#open.values()].filter(({ sums }) => quantity === undefined || sums.has(quantity));
        for (const set of [...counted, ...summed]) span.add(this.#population.shapeOf(set.box));
        spans.set(quantity, span);
      }
      return span.contains(this.#population.shapeOf(box));
    };
  }

  /** Of each kind, cells that are shown and may have patients in common with a set that another answer told. */
  #unionsOf({ sets, isHidden, added }: ToldAnswer, open: readonly OpenSet[]): (readonly [OpenSet, OpenSet])[] {
    const kinds = Map.groupBy(
      sets.filter((set) => !isHidden(set) && !set.isLevel),
      ({ kind }) => kind,
    );
    const key = (box: Box): string => this.#population.keyOf(box);
    return [...kinds.values()].flatMap((cells) =>
      open.flatMap((set) => {
        const near = cells.filter(({ box }) => this.#population.mayMeet(box, set.box));
        // What cells add up to that were open before follows without this answer.
        const isNew = near.some(({ box }) => added.has(key(box)));
        if (near.length < 2 || !isNew || added.has(key(set.box))) return [];
        const box = this.#population.unionOf(near.map((cell) => cell.box));
        return [[{ ...this.#set(box), sums: new Set(near[0]!.sums) }, set] as const];
      }),
    );
  }

  /** Hidden cells whose sum is the rest of a line with a known total. */
  #checkLines(known: readonly OpenSet[]): void {
    for (const { sets, isHidden } of this.#answers) {
      for (const kind of new Set(sets.map((set) => set.kind))) {
        const family = sets.filter((set) => set.kind === kind);
        const rest = (set: CellSet): number => this.#rest(set, sets, isHidden);
        if (family.some(isHidden)) for (const whole of known) this.#checkLine({ family, isHidden, rest }, whole);
      }
    }
  }

  /** Rows of a hidden set that are not in a part of it which the answer shows. */
  #rest(set: CellSet, sets: readonly CellSet[], isHidden: (set: CellSet) => boolean): number {
    const isPart = ({ cell, box }: CellSet): boolean =>
      cell === set.cell && box.allowed.every((bits, field) => (bits & ~set.box.allowed[field]!) === 0n);
    const size = ({ box }: CellSet): number => popcount(this.#population.rowsOf(box));
    const parts = sets.filter((part) => isPart(part) && !isHidden(part));
    return size(set) - Math.max(0, ...parts.map(size));
  }

  #checkLine({ family, isHidden, rest }: HiddenLine, whole: OpenSet): void {
    const total = this.#population.shapeOf(whole.box);
    const members = family
      .map((set) => ({ set, shape: this.#population.shapeOf(set.box) }))
      .filter(({ shape }) => shape.every((value, index) => value <= total[index]!));
    const covered = total.map((_, index) => members.reduce((sum, { shape }) => sum + shape[index]!, 0));
    if (members.length < 2 || covered.some((value, index) => value !== total[index])) return;
    const hidden = members.filter(({ set }) => isHidden(set) && !this.#open.has(this.#population.keyOf(set.box)));
    if (hidden.length === 0 || hidden.length === members.length) return;
    if (hidden.every(({ set }) => this.#isMissing(set.box, whole.box))) return;
    const rows = hidden.reduce((sum, { set }) => sum + rest(set), 0);
    if (rows < this.k) this.found.push(`${hidden.length} hidden cells of ${tell(whole)} are ${rows} rows`);
  }

  /** The rows of a whole where one field is missing: how many they are, answers show. */
  #isMissing(part: Box, whole: Box): boolean {
    const changed = part.allowed.flatMap((bits, field) => (bits === whole.allowed[field] ? [] : [{ bits, field }]));
    const [only] = changed;
    if (only === undefined || changed.length > 1 || part.segments !== whole.segments) return false;
    if (part.only !== whole.only) return false;
    return this.#population.fields[only.field]!.representatives.every(
      (value, at) => ((only.bits >> BigInt(at)) & 1n) === (value === undefined ? 1n : 0n),
    );
  }

  #setsOf(told: Told, segments: bigint): CellSet[] {
    const { query, descriptor } = told;
    if (query.ordered !== undefined)
      return intervalSets(told, query.ordered, segments, this.#population.fields).filter(
        ({ box }) => !this.#population.isEmpty(box),
      );
    const { fields } = this.#population;
    const each = descriptor.steps[0]!.outputs.length;
    const cells = query.groups.reduce<number[][]>(
      (lines, field) => lines.flatMap((line) => fields[field]!.representatives.map((_, index) => [...line, index])),
      [[]],
    );
    return cells.flatMap((lines, cell) => {
      const allowed = query.cohort.allowed.map((bits, field) => {
        const axis = query.groups.indexOf(field);
        return axis < 0 ? bits : bits & (1n << BigInt(lines[axis]!));
      });
      const sets = query.aggregates.flatMap((_, index) =>
        this.#aggregateSets({ query, descriptor }, { ...query.cohort, segments, allowed }, index),
      );
      const rows = {
        box: { ...query.cohort, segments, allowed },
        kind: "rows",
        sums: [],
        outputs: [0],
        isLevel: false,
      };
      const all = query.groups.length > 0 ? [rows, ...sets.filter(({ kind }) => kind !== "rows")] : sets;
      return all
        .filter(({ box }) => !this.#population.isEmpty(box))
        .map((set) => ({ ...set, cell, outputs: set.outputs.map((output) => cell * each + output) }));
    });
  }

  #aggregateSets(
    { query, descriptor }: Pick<Told, "query" | "descriptor">,
    cell: Box,
    index: number,
  ): Omit<CellSet, "cell">[] {
    const { name, field, second } = query.aggregates[index]!;
    const { sums: told } = descriptor.columns[index]!;
    if (field === undefined) return [{ box: cell, kind: "rows", sums: [], outputs: told, isLevel: false }];
    const fields = second === undefined ? [field] : [field, second];
    const box = fields.reduce((within, each) => this.#within(within, each, this.#present(each)), cell);
    const sums = name === "COUNT" ? [] : fields;
    const outputs = this.#outputsOf(told, fields);
    const whole = { box, kind: `present ${fields.join()}`, sums, outputs, isLevel: false };
    if (name === "COUNT") return [whole];
    const level = (of: Box, kind: string): Omit<CellSet, "cell"> => ({ ...whole, box: of, kind, isLevel: true });
    const hasSquares = name === "VAR_SAMP" || second !== undefined;
    const single = fields.flatMap((each) =>
      this.#valuesOf(box, each, hasSquares ? 3 : 2).map((at) =>
        level(this.#within(box, each, 1n << BigInt(at)), `level ${at} of ${each} in ${fields.join()}`),
      ),
    );
    if (second === undefined) return [whole, ...single];
    const crossed = this.#valuesOf(box, field, 2).flatMap((a) =>
      this.#valuesOf(box, second, 2).map((b) => {
        const of = this.#within(this.#within(box, field, 1n << BigInt(a)), second, 1n << BigInt(b));
        return level(of, `levels ${a} and ${b} of ${fields.join()}`);
      }),
    );
    return [whole, ...single, ...crossed.filter((each) => !this.#population.isEmpty(each.box))];
  }

  /** Squares of 0 and 1 are a number of rows, with a life of its own, of which the sum tells as much. */
  #outputsOf(told: readonly number[], fields: readonly number[]): number[] {
    const squares = fields.length === 1 ? [2] : [3, 5];
    const apart = squares.filter((_, at) => this.#population.fields[fields[at]!]!.name === "response");
    return told.filter((_, at) => !apart.includes(at));
  }

  #within(box: Box, field: number, bits: bigint): Box {
    return { ...box, allowed: box.allowed.map((own, at) => (at === field ? own & bits : own)) };
  }

  #present(field: number): bigint {
    return this.#population.fields[field]!.representatives.reduce<bigint>(
      (bits, value, at) => (value === undefined ? bits : bits | (1n << BigInt(at))),
      0n,
    );
  }

  /** The values that a field has in a box, where sums tell how many have each: when there are two, or so many. */
  #valuesOf(box: Box, field: number, most: 2 | 3): number[] {
    const { representatives, name } = this.#population.fields[field]!;
    if (name === "age" || name === "dose") return [];
    const values = representatives.flatMap((value, at) =>
      value !== undefined && !this.#population.isEmpty(this.#within(box, field, 1n << BigInt(at))) ? [at] : [],
    );
    return values.length === 2 || values.length === most ? values : [];
  }
}

/** Of each axis one line, or all. */
function linesOf(sizes: readonly number[]): (number | undefined)[][] {
  return sizes.reduce<(number | undefined)[][]>(
    (choices, size) => choices.flatMap((choice) => [undefined, ...Array(size).keys()].map((line) => [...choice, line])),
    [[]],
  );
}
