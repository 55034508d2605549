/**
 * What was reduced with one set of keys and is not verified yet: nothing that depends on it may open.
 *
 * Malicious workers: each of at most t can add an error of its choice to whatever a degree reduction returns, and a value
 * opened with such errors can tell it a secret. So every reduction puts its elements on this ledger by itself, whoever
 * asked for it enters what they are claimed to be, `verifyClaims.ts` strikes both off, and `openShares.ts` refuses while
 * anything is left. Like the record of masks, the ledger belongs to the key set: a second session object over the same
 * keys does not begin with a clean one.
 */
import assert from "node:assert/strict";

import type { Field, FieldVector } from "../field/field.ts";
import type { ReplicatedKeys } from "../sharing/prss.ts";
import type { ProtocolSession } from "./session.ts";

/** left·right = product, element by element; shares of degree t. */
export interface ProductClaim {
  readonly left: FieldVector;
  readonly right: FieldVector;
  readonly product: FieldVector;
}

/** <left_o, right> = sums[o] for several o with one right factor; shares of degree t. */
export interface InnerProductClaim {
  readonly right: FieldVector;
  readonly sums: readonly bigint[];
  /** Σ weights[o]·left_o: a new vector, released by the caller of this. */
  combineLeft(weights: readonly bigint[]): FieldVector;
}

const ledgers = new WeakMap<ReplicatedKeys["keys"], ClaimLedger>();

export function ledgerOf({ keys: { keys } }: ProtocolSession): ClaimLedger {
  const ledger = ledgers.get(keys) ?? new ClaimLedger();
  ledgers.set(keys, ledger);
  return ledger;
}

/** Invariant: elements claimed <= elements reduced, and equal whenever no reduction is under way. */
export class ClaimLedger {
  #reduced = 0;
  #products: ProductClaim[] = [];
  #innerProducts: InnerProductClaim[] = [];

  /** Every degree reduction calls this before it sends anything. */
  addReduced(elements: number): void {
    this.#reduced += elements;
  }

  /** Keeps views of the vectors: the caller's stay the caller's. */
  claimProducts(field: Field, claims: readonly ProductClaim[]): void {
    const viewOf = (vector: FieldVector): FieldVector => field.view(vector, 0, vector.length);
    for (const { left, right, product } of claims) {
      this.#products.push({ left: viewOf(left), right: viewOf(right), product: viewOf(product) });
    }
  }

  /** Takes over the right factors; what `combineLeft` reads must live until all is verified. */
  claimInnerProducts(claims: readonly InnerProductClaim[]): void {
    this.#innerProducts.push(...claims);
  }

  /** Whether whatever was reduced has been verified. */
  get isSettled(): boolean {
    return this.#reduced === 0;
  }

  /** All that is to be verified. */
  get claims(): { readonly products: readonly ProductClaim[]; readonly innerProducts: readonly InnerProductClaim[] } {
    const [products, innerProducts] = [this.#products, this.#innerProducts];
    const claimed =
      products.reduce((total, { product }) => total + product.length, 0) +
      innerProducts.reduce((total, { sums }) => total + sums.length, 0);
    assert.equal(claimed, this.#reduced, "something was reduced that nobody claims anything about");
    return { products, innerProducts };
  }

  /** After verification has succeeded, and only then. Gives the claims' vectors back. */
  settle(field: Field): void {
    field.release(...this.#products.flatMap(({ left, right, product }) => [left, right, product]));
    field.release(...this.#innerProducts.map(({ right }) => right));
    [this.#reduced, this.#products, this.#innerProducts] = [0, [], []];
  }
}
