/**
 * Vectors of shares kept between attempts, within one budget: columns as they were parsed, and indicators of sets as they
 * were computed and verified.
 *
 * A borrowed vector is a view made through the attempt's own group, and a view keeps the elements alive: whatever the
 * cache does meanwhile, the attempt goes on with what it has, and the memory returns with the last of both.
 *
 * Invariants
 * 1. At most `budgetBytes` are kept, ENTRY_BYTES more counted for each vector; what was not used for longest goes first. A
 *    vector larger than that is not kept.
 * 2. After `stop` nothing is kept, whatever attempts that are still ending may ask for.
 */
import type { Field, FieldGroup, FieldVector } from "../field/field.ts";

export interface VectorCacheOptions {
  /** Of vectors kept; 0 keeps none. */
  readonly budgetBytes: number;
}

/** Names what a vector's rows are: the shares of one dataset among one committee. */
export function holdingName(datasetId: string, epoch: bigint): string {
  return `${datasetId.toLowerCase()}#${epoch}`;
}

interface Kept {
  readonly holdings: readonly string[];
  readonly vector: FieldVector;
  readonly bytes: number;
}

/** Its names and the objects around it: single shares are many. */
export const ENTRY_BYTES = 1_024;

export class VectorCache {
  readonly #group: FieldGroup;
  readonly #budgetBytes: number;
  /** Least recently used first. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  /** Holdings. */
  readonly #erased = new Set<string>();
  #isStopped = false;

  constructor(field: Field, { budgetBytes }: VectorCacheOptions) {
    this.#group = field.group();
    this.#budgetBytes = budgetBytes;
  }

  /** Of the vectors kept; those only attempts still hold are not counted. */
  get bytesInUse(): number {
    return this.#bytes;
  }

  has(name: string): boolean {
    return this.#kept.has(name);
  }

  /** A view that is released with the attempt. @param attempt a group of this cache's field */
  borrow(attempt: Field, name: string): FieldVector | undefined {
    const kept = this.#kept.get(name);
    if (kept === undefined) return undefined;
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    return attempt.view(kept.vector, 0, kept.vector.length);
  }

  /**
   * Keeps a vector if there is, or can be made, room.
   *
   * @param holdings whose rows it depends on (`holdingName`)
   * @param bytes what it takes: a view of a longer vector takes all of that
   */
  keep(name: string, holdings: readonly string[], vector: FieldVector, bytes: number): void {
    if (this.#isStopped || bytes + ENTRY_BYTES > this.#budgetBytes) return;
    if (holdings.some((holding) => this.#erased.has(holding))) return;
    this.drop(name);
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes + bytes + ENTRY_BYTES * (this.#kept.size + 1) <= this.#budgetBytes) break;
      this.drop(oldest);
    }
    this.#kept.set(name, { holdings, vector: this.#group.view(vector, 0, vector.length), bytes });
    this.#bytes += bytes;
  }

  /** These shares were erased here: nothing that depends on them is kept, also of attempts that still run. */
  erase(datasetId: string, epoch: bigint): void {
    this.#erased.add(holdingName(datasetId, epoch));
    this.forget(datasetId, epoch);
  }

  /** Their key changed. */
  forget(datasetId: string, epoch: bigint): void {
    const holding = holdingName(datasetId, epoch);
    for (const [name, { holdings }] of this.#kept) if (holdings.includes(holding)) this.drop(name);
  }

  stop(): void {
    this.#isStopped = true;
    for (const name of this.#kept.keys()) this.drop(name);
  }

  /** What is borrowed of it stays. */
  drop(name: string): void {
    const kept = this.#kept.get(name);
    if (kept === undefined) return;
    this.#kept.delete(name);
    this.#bytes -= kept.bytes;
    this.#group.release(kept.vector);
  }
}
