/**
 * What a network of workers is for, without any of it: rows in clear, and what each request may come to. An answer's values
 * are exact or hidden. What must be hidden or refused is judged by the gate's first rules alone, size by size and pair by
 * pair, on rows in clear: a lower bound, since what the gate makes of combinations and of what may be open it may hide too.
 */
import { Outcome } from "../../workers/messages/statement.ts";
import type { Asked, PublishedQuery, Row } from "./simulatedStudy.ts";

/** No fewer patients are disclosed to everyone, nor told together with another answer: the policy's. */
const K = 5;

/** A request as the chain fixed it. */
export interface PlainRequest {
  readonly requestId: string;
  readonly query: PublishedQuery;
  readonly parameters: readonly bigint[];
  readonly datasetRoots: readonly string[];
  /** Of each dataset, as `version/slot`, the rows whose consent had been withdrawn. */
  readonly withdrawn: readonly ReadonlySet<string>[];
  /** No fewer patients are disclosed to its readers by itself. */
  readonly k: number;
  /** The same of equal readers. */
  readonly readers: string;
}

/** How it ended, as the chain says. */
export interface PlainEnd {
  readonly outcome: Outcome;
  readonly outputs: readonly bigint[];
  /** Positions. */
  readonly hidden: ReadonlySet<number>;
}

export interface Contributed {
  readonly owner: string;
  /** Of a version of a dataset and all before it: by version, then slot. */
  readonly segments: readonly (readonly Row[])[];
  /** In any version so far: workers must reject it. */
  readonly malformed: boolean;
}

/** What a request is about of one dataset. */
interface Part {
  readonly owner: string;
  readonly rows: readonly Row[];
  readonly malformed: boolean;
}

/** Rows that an earlier answer was about. */
interface KnownRows {
  readonly set: ReadonlySet<Row>;
  /** To the readers of the one that is judged, with a k that is enough for them. */
  readonly isTold: boolean;
}

export class PlainModel {
  /** By the root that binds them. */
  readonly #contributed = new Map<string, Contributed>();
  /** Owners whose data were taken out of use: requests made before may fail, or be answered. */
  readonly #retired = new Set<string>();

  contributed(root: string, contributed: Contributed): void {
    this.#contributed.set(root, contributed);
  }

  /** What a root binds is known already. */
  knows(root: string): boolean {
    return this.#contributed.has(root);
  }

  retired(owner: string): void {
    this.#retired.add(owner);
  }

  /** For tests of these checks: as if other data had been contributed. */
  change(to: (contributed: Contributed) => Contributed): void {
    for (const [root, contributed] of this.#contributed) this.#contributed.set(root, to(contributed));
  }

  /**
   * What is wrong with an end; nothing: it may be so.
   * @param earlier requests made before this one that were answered, with their answers
   */
  judge(request: PlainRequest, end: PlainEnd, earlier: readonly (readonly [PlainRequest, PlainEnd])[]): string[] {
    const parts = this.#partsOf(request);
    const asked = request.query.means(rowsOf(parts), request.parameters, end.hidden);
    const { outcome } = end;
    const isMalformed = parts.some(({ malformed }) => malformed);
    const isUnusable = isMalformed || parts.some(({ owner }) => this.#retired.has(owner));
    if (outcome === Outcome.FAILED_UNAVAILABLE) return isUnusable ? [] : ["fails over good data"];
    if (asked === undefined) return outcome === Outcome.REFUSED_EMPTY_SET ? [] : ["is about nobody"];
    if (isMalformed) return ["is computed over malformed data"];
    if (outcome === Outcome.REFUSED_DISCLOSURE) return [];
    if (outcome !== Outcome.ANSWERED) return [`ends with outcome ${outcome}`];
    const known = earlier.flatMap(([other, { hidden }]) => {
      // What few were told of fewer is new to anyone else.
      const isTold = other.k >= K || (request.k < K && other.readers === request.readers);
      return this.#disclosed(other, hidden).map((set) => ({ set, isTold }));
    });
    return [...wrongValues(asked, end), ...this.#tooMuch(asked, end, { parts, known, k: request.k })];
  }

  #partsOf({ datasetRoots, withdrawn }: PlainRequest): Part[] {
    return datasetRoots.map((root, i) => {
      const part = this.#contributed.get(root);
      if (part === undefined) throw new Error(`no rows were ever contributed under ${root}`);
      const rows = part.segments.flatMap((segment, index) =>
        segment.filter((_, slot) => !withdrawn[i]!.has(`${index + 1}/${slot}`)),
      );
      return { owner: part.owner, rows, malformed: part.malformed };
    });
  }

  /** The sets that an answer disclosed. */
  #disclosed(request: PlainRequest, hidden: ReadonlySet<number>): ReadonlySet<Row>[] {
    const asked = request.query.means(rowsOf(this.#partsOf(request)), request.parameters, hidden);
    if (asked === undefined) return [];
    return [asked.cohort, ...asked.sums.flatMap(({ over }, output) => (hidden.has(output) ? [] : [over]))];
  }

  #tooMuch(
    { cohort, sums }: Asked,
    { hidden }: PlainEnd,
    { parts, known, k }: { readonly parts: readonly Part[]; readonly known: readonly KnownRows[]; readonly k: number },
  ): string[] {
    const everyone = new Set(rowsOf(parts));
    // An owner of whose rows none is left is as if it had not been asked.
    const asked = parts.filter(({ rows }) => rows.length > 0);
    const owned = asked.length > 1 ? asked.map(({ rows }) => new Set(rows)) : [];
    const without = (set: ReadonlySet<Row>): number[] => owned.map((own) => rowsIn(set, own).length);
    const isKnown = (set: ReadonlySet<Row>): boolean =>
      known.some(({ set: other, isTold }) => isTold && differing(set, other).length === 0);
    const others = [everyone, ...known.flatMap(({ set }) => (set.size === 0 ? [] : [set]))];
    // Nobody is apart from every set in fact; which ones they are apart from by construction, as cells of a table are, only the gate
    // can tell. Beside sets of a few, which sealed answers with a lower k tell, that would count as near.
    const isNear = (set: ReadonlySet<Row>): boolean => set.size > 0 && others.some((other) => areNear(set, other));
    const isSmall = (size: number): boolean => size > 0 && size < k;
    const refuse = !isKnown(cohort) && ([cohort.size, ...without(cohort)].some((size) => size < k) || isNear(cohort));
    const shown = sums.flatMap(({ over }, output) => (hidden.has(output) ? [] : [{ over, output }]));
    const tooFew = shown.filter(
      ({ over }) => !isKnown(over) && ([over.size, ...without(over)].some(isSmall) || isNear(over)),
    );
    return [
      ...(refuse ? ["answers about a cohort too small or too close to another"] : []),
      ...tooFew.map(({ output }) => `shows output ${output}, of too few`),
    ];
  }
}

function rowsOf(parts: readonly Part[]): Row[] {
  return parts.flatMap(({ rows }) => rows);
}

function wrongValues({ sums }: Asked, { outputs, hidden }: PlainEnd): string[] {
  if (outputs.length !== sums.length) return [`has ${outputs.length} outputs`];
  return sums.flatMap(({ value }, output) =>
    outputs[output] === (hidden.has(output) ? 0n : value) ? [] : [`says something wrong in output ${output}`],
  );
}

/** Of a, but not of b. */
function rowsIn(a: ReadonlySet<Row>, b: ReadonlySet<Row>): Row[] {
  return [...a].filter((row) => !b.has(row));
}

function differing(a: ReadonlySet<Row>, b: ReadonlySet<Row>): Row[] {
  return [...rowsIn(a, b), ...rowsIn(b, a)];
}

/** By a few rows, and not only by which values must be present: how many are missing is shown. */
function areNear(a: ReadonlySet<Row>, b: ReadonlySet<Row>): boolean {
  const rows = differing(a, b);
  return isFew(rows.length) && rows.some((row) => Object.values(row).every((value) => value !== null));
}

function isFew(size: number): boolean {
  return size > 0 && size < K;
}
