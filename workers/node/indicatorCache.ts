/**
 * Shares of the indicators of sets, and of their sizes, kept after they were verified: a gate needs the sets of earlier answers
 * again and again, each a product or more per row.
 *
 * These shares are those of one attempt's participants, so they are used again only among the same ones, and only if all
 * of them kept them from the same attempt (`agreeKept`): the tag says which. Verified at any honest participant means
 * that the honest shares lie on one polynomial with the right values (`verifyProducts.ts`).
 */
import { createHash } from "node:crypto";

import type { Field, FieldVector } from "../field/field.ts";
import type { WasmField } from "../field/wasmField.ts";
import { TAG_BYTES } from "../protocols/agreeKept.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import { type VectorCache, holdingName } from "./vectorCache.ts";

/** Whose shares an attempt's vectors are. */
export interface AttemptPlace {
  readonly requestId: string;
  readonly attempt: bigint;
  readonly epoch: bigint;
  readonly participants: readonly PartyIndex[];
}

const FEW_TAGS = 1_024;

export class IndicatorCache {
  readonly #field: Pick<WasmField, "bytesInUse">;
  readonly #cache: VectorCache;
  readonly #tags = new Map<string, Uint8Array>();
  #mostTags = FEW_TAGS;

  /** @param field the cache's */
  constructor(field: Pick<WasmField, "bytesInUse">, cache: VectorCache) {
    this.#field = field;
    this.#cache = cache;
  }

  /** Says from which attempt the indicator was kept; zeros when it is not. */
  tag(place: AttemptPlace, name: string): Uint8Array {
    const key = keyOf(place, name);
    if (this.#cache.has(key)) return this.#tags.get(key) as Uint8Array;
    this.#tags.delete(key);
    return new Uint8Array(TAG_BYTES);
  }

  /** @param attempt a group of the cache's field; the vector is released with it */
  borrow(attempt: Field, place: AttemptPlace, name: string): FieldVector | undefined {
    return this.#cache.borrow(attempt, keyOf(place, name));
  }

  /** Of rows of these datasets, as the attempt's committee holds them. Keeps a copy: products of one level lie in one block, which is not to be kept for one of them. */
  keep(attempt: Field, place: AttemptPlace, name: string, datasetIds: readonly string[], vector: FieldVector): void {
    const key = keyOf(place, name);
    const before = this.#field.bytesInUse;
    const copy = attempt.concat([vector]);
    const holdings = datasetIds.map((datasetId) => holdingName(datasetId, place.epoch));
    this.#cache.keep(key, holdings, copy, this.#field.bytesInUse - before);
    attempt.release(copy);
    this.#tags.set(key, tagOf(place));
    if (this.#tags.size > this.#mostTags) this.#dropTags();
  }

  /** Tags of what the cache has dropped: whenever half of them may be. */
  #dropTags(): void {
    for (const key of this.#tags.keys()) if (!this.#cache.has(key)) this.#tags.delete(key);
    this.#mostTags = 2 * this.#tags.size + FEW_TAGS;
  }
}

function keyOf({ epoch, participants }: AttemptPlace, name: string): string {
  return `verified ${epoch}/${participants.join(",")}/${name}`;
}

function tagOf({ requestId, attempt }: AttemptPlace): Uint8Array {
  const digest = createHash("sha256").update(`${requestId.toLowerCase()}|${attempt}`).digest();
  return new Uint8Array(digest.subarray(0, TAG_BYTES));
}
