/**
 * Which vectors were made inside a running `Field.scope`, and which through a group at all. Scopes nest: what an inner one
 * returns belongs to the outer one, and last to the group. Invariant: outside scopes and groups nothing is recorded, so
 * that a vector costs nothing here.
 */
import assert from "node:assert/strict";

import type { FieldVector, ScopeResult } from "./field.ts";

export class VectorScopes {
  /** Innermost last. */
  readonly #made: Set<FieldVector>[];

  /** @param isGroup remember every vector, in a scope or not */
  constructor(isGroup = false) {
    this.#made = isGroup ? [new Set()] : [];
  }

  /** Forgets all that is remembered, and returns it. */
  takeAll(): FieldVector[] {
    const all = this.#made.flatMap((made) => [...made]);
    for (const made of this.#made) made.clear();
    return all;
  }

  /** Records a new vector with the innermost scope and returns it. */
  add(vector: FieldVector): FieldVector {
    this.#made.at(-1)?.add(vector);
    return vector;
  }

  /** The vector was released before its scope ended. */
  forget(vector: FieldVector): void {
    for (const made of this.#made) made.delete(vector);
  }

  /** Runs `compute`; releases what it made and does not return, also when it throws. */
  run<Result extends ScopeResult>(compute: () => Result, release: (vector: FieldVector) => void): Result {
    const made = new Set<FieldVector>();
    this.#made.push(made);
    let kept: ReadonlySet<unknown> = new Set();
    try {
      const result = compute();
      assert(!(result instanceof Promise), "a scope is synchronous");
      kept = new Set<unknown>(Array.isArray(result) ? result : [result]);
      return result;
    } finally {
      this.#made.pop();
      const outer = this.#made.at(-1);
      for (const vector of made) {
        if (!kept.has(vector)) release(vector);
        else outer?.add(vector);
      }
    }
  }
}
