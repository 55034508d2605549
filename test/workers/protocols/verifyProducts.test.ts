import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { bn254Fr as field } from "../../../workers/field/bn254Fr.ts";
import type { FieldVector } from "../../../workers/field/field.ts";
import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import { Transcript } from "../../../workers/protocols/transcript.ts";
import { compressionOf, verifyProducts } from "../../../workers/protocols/verifyProducts.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import type { CommitteeSize, PartyIndex } from "../../../workers/sharing/parties.ts";
import { reconstruct, shareVector } from "../../../workers/sharing/shamir.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { seededBytes } from "../field/seededBytes.ts";
import { committees, sizeName } from "../sharing/committees.ts";
import { addTo, assertRejected } from "./tampering.ts";
import type { Tamper } from "./tampering.ts";
import { World } from "./world.ts";

const WORD = 32;
const smallest = { n: 3, t: 1 };
/** From here on the first level cuts vectors in four. */
const VERY_LONG = 2 ** 17;
/** Vectors that are as long are not joined with others before they are cut. */
const SEGMENT = 2 ** 14;

/** left·right = product, in clear. */
interface ClearProducts {
  readonly left: readonly bigint[];
  readonly right: readonly bigint[];
  readonly product: readonly bigint[];
}

/** <lefts_o, right> = sums[o], in clear. */
interface ClearSums {
  readonly lefts: readonly (readonly bigint[])[];
  readonly right: readonly bigint[];
  readonly sums: readonly bigint[];
}

interface Claims {
  readonly products: readonly ClearProducts[];
  readonly sums: readonly ClearSums[];
}

/** Empty; one element, none of which is hidden by others; around one block; around one and two compressions. */
const lengths = [0, 1, 2, 7, 8, 9, 63, 64, 65, 513, 4097];

for (const size of committees) {
  describe(`verifyProducts, ${sizeName(size)}`, () => {
    it("accepts right products, however many", async () => {
      for (const length of size.t === 1 ? lengths : [0, 1, 8, 9, 65]) {
        await assertAccepted(size, { products: [productsOf(length)], sums: [] });
      }
    });

    it("accepts several claims of either kind, and none", async () => {
      await assertAccepted(size, { products: [], sums: [] });
      await assertAccepted(size, { products: [1, 0, 10, 3].map((length) => productsOf(length)), sums: [] });
      await assertAccepted(size, { products: [], sums: [sumsOf(9, 1), sumsOf(30, 5), sumsOf(0, 2), sumsOf(3, 0)] });
      await assertAccepted(size, { products: [productsOf(11), productsOf(70)], sums: [sumsOf(5, 3), sumsOf(17, 2)] });
    });

    it("rejects any wrong product or sum, at every participant, and opens no more", async () => {
      const right = { products: [productsOf(11), productsOf(20)], sums: [sumsOf(5, 3), sumsOf(17, 2)] };
      for (const [claim, element] of [
        [0, 0],
        [0, 10],
        [1, 0],
        [1, 19],
      ] as const) {
        await assertWrong(size, withProduct(right, claim, element, 1n));
      }
      for (const [claim, sum] of [
        [0, 0],
        [0, 2],
        [1, 1],
      ] as const) {
        await assertWrong(size, withSum(right, claim, sum, -1n));
      }
    });
  });
}

describe("compressionOf", () => {
  it("takes few levels where vectors are short, and cheap ones where they are long", () => {
    for (const [elements, k] of [
      [9, 8],
      [2 ** 8 - 1, 8],
      [2 ** 8, 64],
      [2 ** 9 - 1, 64],
      [2 ** 9, 128],
      [2 ** 10 - 1, 128],
      [2 ** 10, 256],
      [2 ** 11 - 1, 256],
      [2 ** 11, 16],
      [2 ** 14 - 1, 16],
      [2 ** 14, 8],
      [2 ** 17 - 1, 8],
      [2 ** 17, 4],
      [2 ** 30, 4],
    ] as const) {
      assert.equal(compressionOf(elements), k);
    }
  });
});

describe("verifyProducts", () => {
  it("rejects one product off by one, wherever it is", async () => {
    for (const length of lengths.filter((each) => each > 0)) {
      const right = { products: [productsOf(length)], sums: [] };
      for (const element of new Set([0, 1, Math.floor(length / 2), length - 2, length - 1])) {
        if (element >= 0 && element < length) await assertWrong(smallest, withProduct(right, 0, element, 1n));
      }
    }
  });

  it("accepts right products and rejects a wrong one where k is 4, then 8, then 16", async () => {
    const length = VERY_LONG + 1; // then 2^15 and 2, then 2^12 and 2
    const world = new World(smallest, "long");
    const column = (seed: string): FieldVector => field.random(length, seededBytes(`long ${seed}`));
    const [left, right] = [column("left"), column("right")];
    const dealt = [left, right, field.mul(left, right)].map((secrets, index) =>
      shareVector(field, secrets, smallest, seededBytes(`long dealer ${index}`)),
    );
    for (const wrongAt of [undefined, 1, length - 1]) {
      const { outcomes, frames } = await world.run(partiesOf(3), async (session) => {
        const own = dealt.map((shares) => shares[session.network.self - 1] as FieldVector);
        const claim = { left: own[0]!, right: own[1]!, product: own[2]! };
        const wrong = wrongAt === undefined ? claim : { ...claim, product: withOneMore(claim.product, wrongAt) };
        await verifyProducts(session, [wrong], [], new Transcript(), "verify");
      });
      for (const outcome of outcomes) {
        if (wrongAt !== undefined) assertRejected(outcome, "PROTOCOL_PRODUCTS_WRONG");
        else if (outcome.status === "rejected") throw outcome.reason;
      }
      // 2k − 2 coefficients, of which the first party sends the third participant's block.
      const sent = [1, 2, 3].map((level) => bytesOf(frames, `verify/compress/${level}/collect`));
      assert.deepEqual(
        sent,
        [6, 14, 30].map((scalars) => Math.ceil(scalars / 3) * WORD),
      );
    }
    field.release(left, right, ...dealt.flat());
  });

  it("accepts several long claims beside short ones, and rejects a wrong element or sum of any", async () => {
    const world = new World(smallest, "segments");
    const lengths = [SEGMENT + 1, 5, SEGMENT, 2 * SEGMENT - 1, 1];
    const columns = lengths.map((length, index) =>
      ["left", "right"].map((side) => field.random(length, seededBytes(`segment ${index} ${side}`))),
    ) as [FieldVector, FieldVector][];
    const dealt = columns.map(([left, right], index) =>
      [left, right, field.mul(left, right), field.fromIntegers([field.innerProduct(left, right)])].map(
        (secrets, part) => shareVector(field, secrets, smallest, seededBytes(`segment dealer ${index} ${part}`)),
      ),
    );
    /** The first three are claims of products, the others of sums. */
    const products = 3;
    const wrongPlaces = [
      [0, 0],
      [0, SEGMENT],
      [1, 4],
      [2, SEGMENT - 1],
      [3, 0],
      [4, 0],
    ] as const;
    for (const wrong of [undefined, ...wrongPlaces]) {
      const { outcomes } = await world.run(partiesOf(3), async (session) => {
        const claims = dealt.map((parts, index) => {
          const [left, right, product, sum] = parts.map((shares) => shares[session.network.self - 1]!) as [
            FieldVector,
            FieldVector,
            FieldVector,
            FieldVector,
          ];
          const claimed = index < products ? product : sum;
          const own = wrong?.[0] === index ? withOneMore(claimed, wrong[1]) : claimed;
          return { left, right, own };
        });
        await verifyProducts(
          session,
          claims.slice(0, products).map(({ left, right, own }) => ({ left, right, product: own })),
          claims.slice(products).map(({ left, right, own }) => ({
            right,
            sums: field.toResidues(own),
            combineLeft: ([weight]) => field.scale(left, weight!),
          })),
          new Transcript(),
          "verify",
        );
      });
      for (const outcome of outcomes) {
        if (wrong !== undefined) assertRejected(outcome, "PROTOCOL_PRODUCTS_WRONG");
        else if (outcome.status === "rejected") throw outcome.reason;
      }
    }
    field.release(...columns.flat(), ...dealt.flat(2));
  });

  it("rejects a product off by one at every element of 1 … 17, and of a padded last block", async () => {
    for (const length of [8, 9, 17]) {
      const right = { products: [productsOf(length)], sums: [] };
      for (let element = 0; element < length; element++)
        await assertWrong(smallest, withProduct(right, 0, element, 1n));
    }
  });

  it("rejects a sum off by one when nothing else is claimed", async () => {
    for (const length of [0, 1, 8, 9, 65]) {
      for (const sum of [0, 3])
        await assertWrong(smallest, withSum({ products: [], sums: [sumsOf(length, 4)] }, 0, sum, 1n));
    }
  });

  it("rejects errors that cancel in the plain sum", async () => {
    for (const length of [2, 9, 70]) {
      const right = { products: [productsOf(length), productsOf(length)], sums: [sumsOf(length, 2)] };
      await assertWrong(smallest, withProduct(withProduct(right, 0, 0, 1n), 0, length - 1, -1n));
      await assertWrong(smallest, withProduct(withProduct(right, 0, 1, 1n), 1, 1, -1n));
      await assertWrong(smallest, withSum(withSum(right, 0, 0, 1n), 0, 1, -1n));
      await assertWrong(smallest, withSum(withProduct(right, 0, 0, 1n), 0, 0, -1n));
    }
  });

  it("rejects two products, two sums or two claims swapped", async () => {
    const [one, two] = [productsOf(9), productsOf(9, "other")];
    const [first, second, ...rest] = one.product as [bigint, bigint, ...bigint[]];
    await assertWrong(smallest, { products: [{ ...one, product: [second, first, ...rest] }], sums: [] });
    await assertWrong(smallest, {
      products: [
        { ...one, product: two.product },
        { ...two, product: one.product },
      ],
      sums: [],
    });
    const claim = sumsOf(9, 2);
    await assertWrong(smallest, { products: [], sums: [{ ...claim, sums: [...claim.sums].reverse() }] });
  });

  it("accepts right claims and rejects them with a random error, of random lengths", async () => {
    const claims = fc.record({
      products: fc.array(fc.nat({ max: 40 }), { maxLength: 3 }),
      sums: fc.array(fc.tuple(fc.nat({ max: 40 }), fc.nat({ max: 4 })), { maxLength: 3 }),
    });
    const error = fc.bigInt({ min: 1n, max: field.modulus - 1n });
    const property = fc.asyncProperty(claims, fc.nat(), error, fc.string(), async (shape, place, added, seed) => {
      const right: Claims = {
        products: shape.products.map((length, index) => productsOf(length, `${seed} ${index}`)),
        sums: shape.sums.map(([length, count], index) => sumsOf(length, count, `${seed} ${index}`)),
      };
      await assertAccepted(smallest, right, seed);
      const places = [
        ...right.products.flatMap(({ product }, claim) =>
          product.map((_, element) => withProduct(right, claim, element, added)),
        ),
        ...right.sums.flatMap(({ sums }, claim) => sums.map((_, sum) => withSum(right, claim, sum, added))),
      ];
      const wrong = places[place % places.length];
      if (wrong !== undefined) await assertWrong(smallest, wrong, seed);
    });
    await fc.assert(property, { numRuns: budget.protocolRuns });
  });

  it("draws other challenges in every session, all different", async () => {
    const seen = new Set<bigint>();
    for (const attempt of [1n, 2n, 3n]) {
      const { frames } = await verify(smallest, { products: [productsOf(70)], sums: [] }, "challenges", attempt);
      const steps = ["weights", "compress/1/challenge", "compress/2/challenge", "last/challenge"];
      for (const step of steps) for (const value of opened(frames, `verify/${step}`, smallest)) seen.add(value);
    }
    assert.equal(seen.size, 3 * 4);
  });

  it("opens A, B and C at the last challenge under a mask: not what the claims alone would give", async () => {
    for (const length of [0, 1, 3, 8]) {
      for (const secret of [0n, 1n]) {
        const column = new Array<bigint>(length).fill(secret);
        const claims = { products: [{ left: column, right: column, product: column }], sums: [] };
        const seen = new Set<bigint>();
        for (const attempt of [1n, 2n]) {
          const { frames } = await verify(smallest, claims, "masked", attempt);
          const [alpha, zeta] = ["weights", "last/challenge"].map(
            (step) => opened(frames, `verify/${step}`, smallest)[0],
          ) as [bigint, bigint];
          const [a, b, c] = opened(frames, "verify/last/open", smallest) as [bigint, bigint, bigint];
          assert.equal(field.reduce(a * b), c);
          // Without a mask, or with one that is 0: the polynomials with the claims' values as coefficients.
          assert.notEqual(
            a,
            column.reduce((sum, value, i) => field.reduce(sum + value * (alpha * zeta) ** BigInt(i)), 0n),
          );
          assert.notEqual(
            b,
            column.reduce((sum, value) => field.reduce(sum * zeta + value), 0n),
          );
          for (const value of [a, b, c]) seen.add(value);
        }
        assert.equal(seen.size, 6, "same secrets, other keys: other values");
      }
    }
  });

  it("opens nothing at a challenge that would take the mask's weight away, as a bug; at the next one it does", async () => {
    const k = 5;
    const claims = { products: [productsOf(k)], sums: [] };
    const step = "verify/last/challenge";
    const [zeta] = opened((await verify(smallest, claims, "forced")).frames, step, smallest) as [bigint];
    for (const forced of [0, 1, k, 2 * k]) {
      // To each receiver, whose own share stays, the others' shares of another polynomial of degree 1 through it.
      const tamper: Tamper = ({ step: sent, from, to, payload }) =>
        sent === step
          ? addTo(field, payload, (BigInt(forced) - zeta) * BigInt(to - from) * field.invert(BigInt(to)))
          : payload;
      const { outcomes, frames } = await verify(smallest, claims, "forced", 1n, tamper);
      for (const outcome of outcomes) {
        if (forced > 0) assert.equal(outcome.status, "fulfilled");
        else assert(outcome.status === "rejected" && outcome.reason instanceof assert.AssertionError);
      }
      assert.equal(
        frames.some((frame) => frame.step === "verify/last/open"),
        forced > 0,
      );
    }
  });

  it("rejects factors and products that are not shares of degree t, as a dealer might share them", async () => {
    for (const length of [1, 9, 70]) {
      for (const part of ["left", "right", "product"] as const) {
        const world = new World(smallest, "dealt wrongly");
        const { left, right, product } = productsOf(length);
        const dealt = world.share([left, right, product]);
        const { outcomes } = await world.run(partiesOf(3), async (session) => {
          const shares = dealt[session.network.self - 1] as FieldVector[];
          const [one, two, three] = shares as [FieldVector, FieldVector, FieldVector];
          const claim = { left: one, right: two, product: three };
          const last = withError(field.toResidues(claim[part]), length - 1, 1n);
          const own = session.network.self === 2 ? { ...claim, [part]: field.fromIntegers(last) } : claim;
          await verifyProducts(session, [own], [], new Transcript(), "verify");
        });
        for (const outcome of outcomes) assertRejected(outcome, "PROTOCOL_INCONSISTENT_OPENING");
      }
    }
  });

  it("opens nothing but challenges and these three values", async () => {
    const { frames } = await verify(smallest, { products: [productsOf(70)], sums: [sumsOf(9, 2)] }, "openings");
    const steps = [...new Set(frames.map(({ step }) => step))].filter((step) => step.startsWith("verify/"));
    const openings = steps.filter((step) => !/\/(collect|return|ready)$/.test(step));
    assert.deepEqual(openings, [
      "verify/weights",
      "verify/compress/1/challenge",
      "verify/compress/2/challenge",
      "verify/last/challenge",
      "verify/last/open",
    ]);
    for (const step of openings) {
      const words = step === "verify/last/open" ? 3 : 1;
      for (const frame of frames.filter((each) => each.step === step)) assert.equal(frame.payload.length, words * WORD);
    }
  });

  it("lets no challenge open before everyone has ended the reduction that it tests", async () => {
    const { frames } = await verify(smallest, { products: [productsOf(70)], sums: [] }, "order");
    for (const challenge of ["weights", "compress/1/challenge", "compress/2/challenge", "last/challenge"]) {
      const first = frames.findIndex(({ step }) => step === `verify/${challenge}`);
      const ready = frames.filter(({ step }, index) => step === `verify/${challenge}/ready` && index < first);
      assert.equal(ready.filter(({ to }) => to === frames[first]?.from).length, 2, "it has heard from all");
      const tested = challenge.replace(/\/challenge$/, "");
      if (tested === challenge) continue;
      const sender = frames[first]?.from;
      const returned = frames.filter(
        ({ step, to }, index) => step === `verify/${tested}/return` && to === sender && index < first,
      );
      assert.equal(returned.length, 1);
    }
  });
});

async function assertAccepted(size: CommitteeSize, claims: Claims, seed?: string): Promise<void> {
  const { outcomes } = await verify(size, claims, seed);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

async function assertWrong(size: CommitteeSize, claims: Claims, seed?: string): Promise<void> {
  const { outcomes } = await verify(size, claims, seed);
  for (const outcome of outcomes) {
    const { detail } = assertRejected(outcome, "PROTOCOL_PRODUCTS_WRONG");
    assert.deepEqual(detail, { code: "PROTOCOL_PRODUCTS_WRONG", parties: partiesOf(2 * size.t + 1) });
  }
}

/** Shares the claims as they are, right or wrong, and verifies them. */
function verify(size: CommitteeSize, { products, sums }: Claims, seed = "verify", attempt = 1n, tamper?: Tamper) {
  const world = new World(size, seed);
  const dealt = products.map(({ left, right, product }) => world.share([left, right, product]));
  const dealtSums = sums.map(({ lefts, right, sums: claimed }) => ({
    lefts: world.share(lefts),
    rest: world.share([right, claimed]),
  }));
  return world.run(
    partiesOf(2 * size.t + 1),
    async (session) => {
      const position = session.network.self - 1;
      const claims = dealt.map((shares) => {
        const [left, right, product] = shares[position] as [FieldVector, FieldVector, FieldVector];
        return { left, right, product };
      });
      const innerClaims = dealtSums.map(({ lefts, rest }) => {
        const [right, claimed] = rest[position] as [FieldVector, FieldVector];
        const own = lefts[position] as FieldVector[];
        const combineLeft = (weights: readonly bigint[]): FieldVector =>
          own.length === 0 ? field.zeros(right.length) : field.linearCombination(weights, own);
        return { right, sums: field.toResidues(claimed), combineLeft };
      });
      await verifyProducts(session, claims, innerClaims, new Transcript(), "verify");
    },
    tamper === undefined ? { attempt } : { attempt, tamper },
  );
}

/** Random factors and their products. */
function productsOf(length: number, seed = "products"): ClearProducts {
  const [left, right] = [randoms(`${seed} left`, length), randoms(`${seed} right`, length)];
  return { left, right, product: left.map((value, index) => field.reduce(value * (right[index] as bigint))) };
}

/** Random left factors under one right one, and their inner products. */
function sumsOf(length: number, count: number, seed = "sums"): ClearSums {
  const right = randoms(`${seed} right`, length);
  const lefts = integers(1, count).map((index) => randoms(`${seed} left ${index}`, length));
  const sums = lefts.map((left) =>
    field.reduce(left.reduce((sum, value, row) => sum + value * (right[row] as bigint), 0n)),
  );
  return { lefts, right, sums };
}

function withProduct(claims: Claims, claim: number, element: number, error: bigint): Claims {
  const products = claims.products.map((each, index) =>
    index === claim ? { ...each, product: withError(each.product, element, error) } : each,
  );
  return { ...claims, products };
}

function withSum(claims: Claims, claim: number, sum: number, error: bigint): Claims {
  const sums = claims.sums.map((each, index) =>
    index === claim ? { ...each, sums: withError(each.sums, sum, error) } : each,
  );
  return { ...claims, sums };
}

/** The vector with 1 added to one element; a degree-0 error is one in the secret. */
function withOneMore(vector: FieldVector, place: number): FieldVector {
  return field.scope(() => {
    const [before, after] = [field.view(vector, 0, place), field.view(vector, place + 1, vector.length)];
    const changed = field.add(field.view(vector, place, place + 1), field.fromIntegers([1n]));
    return field.concat([before, changed, after]);
  });
}

/** Of the frame from participant 1 to 3. */
function bytesOf(frames: readonly LoopbackFrame[], step: string): number | undefined {
  return frames.find((frame) => frame.step === step && frame.from === 1 && frame.to === 3)?.payload.length;
}

function withError(values: readonly bigint[], place: number, error: bigint): bigint[] {
  assert(place < values.length);
  return values.map((value, index) => (index === place ? field.reduce(value + error) : value));
}

function randoms(seed: string, length: number): bigint[] {
  return field.toResidues(field.random(length, seededBytes(seed)));
}

/** What was opened in a step, from all frames' senders. */
function opened(frames: readonly LoopbackFrame[], step: string, { t }: CommitteeSize): bigint[] {
  const sent = new Map(frames.filter((frame) => frame.step === step).map(({ from, payload }) => [from, payload]));
  const parties = [...sent.keys()].sort((a, b) => a - b) as PartyIndex[];
  const shares = parties.map((party) => field.fromWords(sent.get(party) as Uint8Array));
  return field.toResidues(reconstruct(field, t, parties, shares));
}

function integers(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
