import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { bn254Fr } from "../../../workers/field/bn254Fr.ts";
import type { FieldVector } from "../../../workers/field/field.ts";
import {
  combineMasked,
  maskPolynomial,
  maskSecret,
  multiplyUnreduced,
} from "../../../workers/protocols/doubleShare.ts";
import type { DoubleShare } from "../../../workers/protocols/doubleShare.ts";
import { loopbackNetworks } from "../../../workers/protocols/loopback.ts";
import type { Network } from "../../../workers/protocols/network.ts";
import type { ProtocolSession } from "../../../workers/protocols/session.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { reconstruct } from "../../../workers/sharing/shamir.ts";
import { dealKeys } from "../sharing/dealtKeys.ts";
import { World } from "./world.ts";

const field = bn254Fr;

for (const t of [1, 2, 3]) {
  const parties = partiesOf(2 * t + 1);
  const world = new World({ n: parties.length, t }, "masks");
  const factors = world.share([
    [6n, 0n],
    [7n, 9n],
  ]);
  const products = factors.map(([left, right]) => multiplyUnreduced(field, left as FieldVector, right as FieldVector));

  describe(`masks of unreduced products, t = ${t}`, () => {
    it("a zero mask keeps the secret and changes every share and the leading coefficient", () => {
      const [first, second] = ["a", "b"].map((seed) =>
        sessions(parties, t, seed).map(
          (session, index) => maskPolynomial(session, products[index] as DoubleShare, "m").masked,
        ),
      ) as [FieldVector[], FieldVector[]];
      const plain = products.map(({ unreduced }) => unreduced);
      for (const shares of [first, second]) assert.deepEqual(secretsOf(parties, shares), [42n, 0n]);
      assertAllDiffer(parties, [plain, first, second]);
    });

    it("a secret mask adds rho, of degree t, and changes the leading coefficient too", () => {
      const plain = products.map(({ unreduced }) => unreduced);
      const runs = ["a", "b"].map((seed) => {
        const masks = sessions(parties, t, seed).map((session, index) =>
          maskSecret(session, products[index] as DoubleShare, "m"),
        );
        const rho = reconstruct(
          field,
          t,
          parties,
          masks.map((mask) => mask.rho),
        );
        const shares = masks.map(({ share }) => share.masked);
        const opened = field.fromIntegers(secretsOf(parties, shares));
        assert.deepEqual(field.toResidues(field.sub(opened, rho)), [42n, 0n]);
        return shares;
      });
      assertAllDiffer(parties, [plain, ...runs]);
    });
  });
}

function sessions(parties: readonly PartyIndex[], t: number, seed: string): ProtocolSession[] {
  const networks = loopbackNetworks(parties);
  return dealKeys(parties, t, seed).map((keys, index) => ({ network: networks[index] as Network, field, t, keys }));
}

function secretsOf(parties: readonly PartyIndex[], shares: readonly FieldVector[]): bigint[] {
  return field.toResidues(
    combineMasked(field, new Map(parties.map((party, index) => [party, shares[index] as FieldVector]))),
  );
}

/** Coefficient of X^2t of the polynomial through all points: Σ share_i / Π_{j≠i} (i − j). */
function leadingCoefficients(parties: readonly PartyIndex[], shares: readonly FieldVector[]): bigint[] {
  const weights = parties.map((party) => {
    const others = parties.filter((other) => other !== party);
    return field.invert(others.reduce((product, other) => product * BigInt(party - other), 1n));
  });
  return field.toResidues(field.linearCombination(weights, shares));
}

/** No share and no leading coefficient is the same in two of the sharings. */
function assertAllDiffer(parties: readonly PartyIndex[], sharings: readonly (readonly FieldVector[])[]): void {
  const elements = sharings.flatMap((shares) => [
    ...shares.flatMap((share) => field.toResidues(share)),
    ...leadingCoefficients(parties, shares),
  ]);
  assert.equal(new Set(elements).size, elements.length);
}
