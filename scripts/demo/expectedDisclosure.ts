/**
 * What the gate must show, hide and refuse, worked out in clear: a plain twin of its first-order rules, for the
 * demonstration and for tests only. It shares no code with the gate, and it knows every patient, which the gate does not.
 *
 * A cohort is refused unless it has k patients, leaves k, has k beside each owner's own, and differs in none or in k from
 * every set disclosed earlier, every owner's patients and every file's. A cell is hidden when one of these numbers is 1..k−1;
 * an empty one, too, unless the cohort has k patients per cell. What the twin leaves open ("either"): several files together,
 * which count if a request was about just them; sets of one cell that come close; combinations of three sets, sets that happen to be equal, and complementary
 * suppression, which may hide more wherever anything is hidden.
 */
import { isHidden } from "#statistics";
import type { Cell } from "./clearAnswer.ts";
import type { ClearCell, ClearSets, PatientSet } from "./clearSets.ts";

/** Whether the workers run the gate; until they do they open everything, and nothing else may be expected of them. */
export const GATE_RUNS: boolean = true;

/** Whether something is shown (a cell's value) or answered (a request). */
export type Fate = "shown" | "hidden" | "either";

export interface ExpectedAnswer {
  /** Of the request: hidden is refused. */
  readonly request: Fate;
  readonly cells: readonly ExpectedCell[];
}

export interface ExpectedCell {
  readonly keys: readonly Cell[];
  readonly rows: Fate;
  /** Of each column of the answer; keys are shown. */
  readonly columns: readonly Fate[];
}

/** Sets of the answers that were given before, on the same data. */
export interface EarlierSets {
  readonly disclosed: readonly PatientSet[];
  /** Disclosed at the same time, perhaps before. */
  readonly perhaps: readonly PatientSet[];
}

export const NOTHING_EARLIER: EarlierSets = { disclosed: [], perhaps: [] };

interface Rules {
  readonly k: number;
  readonly everyone: PatientSet;
  readonly owners: readonly PatientSet[];
  readonly files: readonly PatientSet[];
  readonly earlier: EarlierSets;
}

/** What today's workers must answer. @param k no set of fewer patients is disclosed */
export function expectAnswer(sets: ClearSets, k: number, earlier: EarlierSets): ExpectedAnswer {
  return GATE_RUNS ? expectDisclosure(sets, k, earlier) : { request: "shown", cells: sets.cells.map(everythingShown) };
}

function everythingShown({ keys, columns }: ClearCell): ExpectedCell {
  return { keys, rows: "shown", columns: columns.map(() => "shown") };
}

/** What the gate's rules say. @param k no set of fewer patients is disclosed */
export function expectDisclosure(sets: ClearSets, k: number, earlier: EarlierSets): ExpectedAnswer {
  const { cohort, cells, owners, files } = sets;
  const everyone = cohort.map(() => 1);
  const rules = { k, everyone, owners: owners.length > 1 ? owners : [], files, earlier };
  const zeros: Fate = size(cohort) >= k * cells.length ? "shown" : "hidden";
  // Who has a value, of all patients: how many have none is shown, whatever part they are in.
  const ofParts = sets.wholeTable && cells.length === 1 ? (): Fate => "shown" : besideParts;
  const tested = cells.map((cell) => expectCell(cell, rules, zeros, ofParts));
  const anyHidden = tested.some(({ rows, columns }) => [rows, ...columns].some((fate) => fate !== "shown"));
  const complementary = (fate: Fate): Fate => (fate === "shown" && anyHidden ? "either" : fate);
  return {
    request: sets.wholeTable
      ? "shown"
      : worst([atLeast(rules, cohort), close(rules, cohort), besideParts(rules, cohort)]),
    cells: tested.map(({ keys, rows, columns }, index) => ({
      keys,
      rows: complementary(rows),
      columns: columns.map((fate, column) =>
        cells[index]!.columns[column]!.length === 0 ? fate : complementary(fate),
      ),
    })),
  };
}

/** What an answer disclosed, for the next answer's tests: of a hidden value nothing. @param rows the answer's */
export function disclosedSets(
  { cohort, cells }: ClearSets,
  rows: readonly (readonly unknown[])[],
  keysAt: readonly number[],
): PatientSet[] {
  const shownIn = new Map(rows.map((row) => [keyText(keysAt.map((column) => row[column])), row]));
  const ofCells = cells.flatMap(({ keys, rows: all, columns }) => {
    const row = shownIn.get(keyText(keys));
    if (row === undefined) return [all];
    return columns.flatMap((sets, column) => (isHidden(row[column]) ? [] : sets));
  });
  return [cohort, ...ofCells];
}

export function keyText(keys: readonly unknown[]): string {
  return JSON.stringify(keys);
}

function expectCell(
  { keys, rows, columns }: ClearCell,
  rules: Rules,
  zeros: Fate,
  ofParts: typeof besideParts,
): ExpectedCell {
  const fateOf = (set: PatientSet): Fate =>
    size(set) === 0 ? zeros : worst([notFew(rules, set), close(rules, set), ofParts(rules, set)]);
  const whole = fateOf(rows);
  // Without its number of rows nothing of a group is shown; without GROUP BY there is nothing to leave out.
  const grouped = keys.length > 0;
  const fates = columns.map((sets): Fate => {
    if (sets.length === 0) return "shown";
    const near: Fate = sets.some((set, index) => isNear(set, index > 0, columns, rules.k)) ? "either" : "shown";
    return worst([...(grouped ? [whole] : []), ...sets.map(fateOf), near]);
  });
  return { keys, rows: whole, columns: fates };
}

/** Of two columns' sets that few patients are apart the later is hidden, unless both are who has some value. */
function isNear(set: PatientSet, isLevel: boolean, columns: ClearCell["columns"], k: number): boolean {
  const isFew = (other: PatientSet): boolean => difference(set, other) > 0 && difference(set, other) < k;
  return columns.some((others) => others.some((other, index) => (isLevel || index > 0) && isFew(other)));
}

/** A cohort must have k patients, leave k, and have k beside each owner's own. */
function atLeast({ k, everyone, owners }: Rules, set: PatientSet): Fate {
  const sizes = [size(set), size(everyone) - size(set), ...owners.map((owner) => size(set) - common(set, owner))];
  return sizes.every((count) => count >= k) ? "shown" : "hidden";
}

/** A cell may be empty, may be everyone, and may be one owner's own. */
function notFew({ k, everyone, owners }: Rules, set: PatientSet): Fate {
  const sizes = [size(set), size(everyone) - size(set), ...owners.map((owner) => size(set) - common(set, owner))];
  return sizes.every((count) => count === 0 || count >= k) ? "shown" : "hidden";
}

/** How near a set comes to what is disclosed already. */
function close({ k, everyone, earlier }: Rules, set: PatientSet): Fate {
  const { disclosed, perhaps } = earlier;
  const few = (other: PatientSet): boolean => difference(set, other) > 0 && difference(set, other) < k;
  if (disclosed.some(few)) return "hidden";
  const others = [everyone, ...disclosed, ...perhaps];
  if (perhaps.some(few) || others.some((other) => difference(set, other) === 0)) return "either";
  return others.some((b, i) => others.slice(i + 1).some((c) => nearPair(set, b, c, k))) ? "either" : "shown";
}

/** How near a set comes to the patients of a part of the data, whose number is public. Parts of fewer than k do not count. */
function besideParts({ k, everyone, owners, files }: Rules, set: PatientSet): Fate {
  const isPart = (part: PatientSet): boolean => size(part) >= k && difference(part, everyone) > 0;
  const few = (part: PatientSet): boolean => isPart(part) && difference(set, part) > 0 && difference(set, part) < k;
  if ([...owners, ...files].some(few)) return "hidden";
  const unions = Array.from({ length: 2 ** files.length }, (_, chosen) =>
    everyone.map((_, place) => (files.some((file, index) => (chosen >> index) & 1 && file[place] === 1) ? 1 : 0)),
  );
  return unions.some((part) => few(part) || (isPart(part) && difference(set, part) === 0)) ? "either" : "shown";
}

/** Whether a + b − c, a − b + c or a − b − c could be the difference of fewer than k patients. */
function nearPair(a: PatientSet, b: PatientSet, c: PatientSet, k: number): boolean {
  const squares = size(a) + size(b) + size(c);
  const [ab, ac, bc] = [common(a, b), common(a, c), common(b, c)];
  const norms = [ab - ac - bc, ac - ab - bc, bc - ab - ac].map((cross) => squares + 2 * cross);
  return norms.some((norm) => norm <= 4 * (k - 1));
}

function worst(fates: readonly Fate[]): Fate {
  return fates.includes("hidden") ? "hidden" : fates.includes("either") ? "either" : "shown";
}

function size(set: PatientSet): number {
  return common(set, set);
}

function common(a: PatientSet, b: PatientSet): number {
  let count = 0;
  for (let place = 0; place < a.length; place++) count += a[place]! & b[place]!;
  return count;
}

function difference(a: PatientSet, b: PatientSet): number {
  return size(a) + size(b) - 2 * common(a, b);
}
