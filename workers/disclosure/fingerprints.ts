/**
 * Linear identities among sets, decided on public bytes. A set's indicator is a sum of products over fields of sums over
 * classes: along each path of its diagram, or of one path for a box; a field that a path leaves out counts as all its classes.
 * A random linear functional of that shape is multilinear in its weights, so an integer combination of indicators that is
 * not zero by construction is sent to zero with probability below (fields + 1)/r (Schwartz–Zippel, J. ACM 27(4), 1980).
 * The weights are hashes: nobody can choose sets so that a combination vanishes.
 */
import { createHash } from "node:crypto";

import { BN254_FR_MODULUS as R, residue } from "../field/bn254.ts";
import type { ClassFunction } from "./classFunction.ts";
import { isConstant } from "./classFunction.ts";
import type { RowSet } from "./rowSet.ts";

export class Fingerprints {
  readonly #classCount: (field: number) => number;
  readonly #weights = new Map<string, readonly bigint[]>();
  readonly #sums = new Map<string, bigint>();
  readonly #shapes = new Map<string, bigint>();

  /** @param classCount classes of each field */
  constructor(classCount: (field: number) => number) {
    this.#classCount = classCount;
  }

  /** The functional number `index` of the set's indicator: a residue of r. Additive over disjoint unions. */
  of({ parts, conditions, shape }: RowSet, index = 0): bigint {
    let product = this.#sum(`${index}|parts`, parts, undefined);
    if (shape !== undefined) return (product * this.#ofShape(shape, index)) % R;
    for (const [field, classes] of conditions) {
      product = (product * this.#sum(`${index}|${field}`, classes, this.#classCount(field))) % R;
    }
    return product;
  }

  #ofShape(of: ClassFunction, index: number): bigint {
    if (isConstant(of)) return of.value;
    const key = `${index}|${of.key}`;
    const known = this.#shapes.get(key);
    if (known !== undefined) return known;
    const { field, edges } = of;
    const sum = edges.reduce((total, [classes, child]) => {
      const below = this.#ofShape(child, index);
      return below === 0n ? total : total + this.#sum(`${index}|${field}`, classes, this.#classCount(field)) * below;
    }, 0n);
    this.#shapes.set(key, sum % R);
    return sum % R;
  }

  /** A field's weights sum to 1, so that a condition which holds on every row changes nothing. */
  #sum(place: string, bits: bigint, count: number | undefined): bigint {
    const key = `${place}|${bits}`;
    const known = this.#sums.get(key);
    if (known !== undefined) return known;
    let sum = 0n;
    const weights = this.#weightsOf(place, count ?? bits.toString(2).length, count !== undefined);
    for (let rest = bits, bit = 0; rest !== 0n; rest >>= 1n, bit++) if (rest & 1n) sum += weights[bit] as bigint;
    this.#sums.set(key, sum % R);
    return sum % R;
  }

  #weightsOf(place: string, count: number, sumToOne: boolean): readonly bigint[] {
    const known = this.#weights.get(place);
    if (known !== undefined && known.length >= count) return known;
    const weights = Array.from({ length: count }, (_, bit) => weight(`${place}|${bit}`));
    if (sumToOne) {
      const others = weights.slice(0, -1).reduce((sum, each) => sum + each, 0n);
      weights[count - 1] = residue(1n - others);
    }
    this.#weights.set(place, weights);
    return weights;
  }
}

/** 512 bits, so that the residue is uniform but for 2^−256. */
function weight(place: string): bigint {
  return BigInt(`0x${createHash("sha512").update(`Opaline.SetFingerprint.v1|${place}`).digest("hex")}`) % R;
}
