import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { bn254Fr as field } from "../../../workers/field/bn254Fr.ts";
import type { FieldVector } from "../../../workers/field/field.ts";
import type { SizeTest } from "../../../workers/messages/gatePlan.ts";
import { multiplyTrees } from "../../../workers/protocols/multiplyTrees.ts";
import { testSizes } from "../../../workers/protocols/sizeTests.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import type { CommitteeSize } from "../../../workers/sharing/parties.ts";
import { reconstruct } from "../../../workers/sharing/shamir.ts";
import { committees, sizeName } from "../sharing/committees.ts";
import { atLeast } from "./gateCase.ts";
import { World } from "./world.ts";

const smallest = { n: 3, t: 1 };
const zeros = ["fails", "passes", "ifShown"] as const;

for (const size of committees) {
  describe(`testSizes, ${sizeName(size)}`, () => {
    it("is zero exactly at the sizes that fail: around 0, last and k, for every last and every rule for zero", async () => {
      const sizes = integers(0, 14);
      for (const lasts of [
        [0, 1],
        [2, 3],
        [4, 10],
        [11, 12],
      ]) {
        const cases = lasts.flatMap((last) =>
          zeros.flatMap((zero) =>
            sizes.map((size) => ({ last, zero, size, terms: [[size, 1]] as const, constant: 0 })),
          ),
        );
        const { questions, opened } = await ask(
          size,
          sizes,
          cases.map((test) => [test]),
        );
        for (const [index, { last, zero, size: x }] of cases.entries()) {
          const isSmall = x >= 1 && x <= last;
          const name = `size ${x}, last ${last}, zero ${zero}`;
          const { zerosShown, zerosHidden } = questions[index] as (typeof questions)[number];
          const failsAt = (place: number | undefined): boolean => place !== undefined && opened[place] === 0n;
          assert.equal(failsAt(zerosShown), isSmall || (x === 0 && zero === "fails"), `${name}, shown`);
          assert.equal(failsAt(zerosHidden), isSmall || (x === 0 && zero !== "passes"), `${name}, hidden`);
          assert.equal(zerosShown === zerosHidden, zero !== "ifShown", `two bits only where they differ: ${name}`);
        }
      }
    });
  });
}

describe("testSizes", () => {
  it("adds sizes up with their coefficients and the constant", async () => {
    const test = (constant: number, ...terms: [number, number][]): SizeTest => ({
      terms,
      constant,
      last: 4,
      zero: "fails",
    });
    const failing = [
      test(0, [0, 1], [1, -1]), // 30 − 26 = 4
      test(-7, [2, 1]), // 0
      test(100, [0, -2], [1, -1], [2, -2]), // 0
      test(3),
    ];
    const passing = [
      test(0, [1, 1], [0, -1]), // −4 is not a size
      test(1, [0, 1], [1, -1]), // 5
      test(5),
      test(0, [2, 1000000]),
    ];
    const { opened } = await ask(
      smallest,
      [30, 26, 7],
      [...failing, ...passing].map((each) => [each]),
    );
    assert.deepEqual(
      opened.map((bit) => bit === 0n),
      [...failing.map(() => true), ...passing.map(() => false)],
    );
  });

  it("answers for several tests at once: one that fails is enough, whichever it is", async () => {
    const sizes = [3, 3, 3, 2];
    for (const count of [1, 2, 3, 7, 8]) {
      const asked = integers(0, count).map((bad) =>
        integers(0, count - 1).map((test) => atLeast(3, test === bad ? 3 : test % 3)),
      );
      const { opened } = await ask(smallest, sizes, asked);
      assert.deepEqual(
        opened.map((bit) => bit === 0n),
        asked.map((_, bad) => bad < count),
      );
    }
  });

  it("asks no bit of tests that cannot fail, and sends nothing for no tests", async () => {
    const never: SizeTest = { terms: [[0, 1]], constant: 0, last: 0, zero: "passes" };
    const { questions, traces } = await ask(smallest, [0], [[], [never], [never, never]]);
    for (const question of questions) assert.deepEqual(question, { zerosShown: undefined, zerosHidden: undefined });
    for (const trace of traces) assert.deepEqual(trace, []);
  });

  it("opens uniform elements where tests pass, of their own at each bit, each variant and each attempt", async () => {
    const asked = integers(0, 4).map(() => [atLeast(3, 0, "ifShown")]);
    const seen = new Set<bigint>();
    for (const seed of ["one", "two"]) {
      const { opened } = await ask(smallest, [5], asked, seed);
      assert.equal(opened.length, 10, "two variants each");
      for (const bit of opened) seen.add(bit);
    }
    assert.equal(seen.size, 20);
    for (const bit of seen) assert(bit > 2n ** 128n, "nothing of the size is left in it");
  });

  it("takes the documented rounds and elements", async () => {
    for (const size of [smallest, { n: 5, t: 2 }]) {
      // Failing values 3, 3, 2, 1, none: 2 + 2 + 1 + 1 + 0 factors; 3 of the tests have a y.
      const asked = [
        [atLeast(3, 0), atLeast(4, 0, "passes")],
        [atLeast(3, 1, "ifShown"), atLeast(2, 1, "passes")],
        [atLeast(1, 0, "ifShown")],
      ];
      const { traces, questions } = await ask(size, [5, 6], asked);
      assert.deepEqual(questions.at(-1), { zerosShown: undefined, zerosHidden: 3 });
      const m = 2 * size.t + 1;
      for (const [position, trace] of traces.entries()) {
        const reduction = (step: string, elements: number) => {
          const cut = (index: number): number => Math.floor((elements * index) / m);
          const block = cut(position + 1) - cut(position);
          return [
            { step: `${step}/collect`, bytesSent: 32 * (elements - block) },
            { step: `${step}/return`, bytesSent: 32 * size.t * block },
          ];
        };
        assert.deepEqual(trace, [
          ...reduction("gate/pairs", 3),
          ...reduction("gate/tree/1", 2 + 1 + 1 + 1), // 4 factors, 2 factors, ρ'·x twice
          ...reduction("gate/tree/2", 1),
          ...reduction("gate/bits", 3),
        ]);
      }
    }
  });
});

describe("multiplyTrees", () => {
  it("multiplies trees of any widths side by side", async () => {
    const counts = [1, 2, 3, 1, 8, 5, 7];
    const leaves = integers(
      1,
      counts.reduce((sum, count) => sum + count, 0),
    ).map(BigInt);
    const world = new World(smallest, "trees");
    const shares = world.share([leaves]);
    const parties = partiesOf(3);
    const { values } = await world.runAll(parties, (session) =>
      multiplyTrees(session, shares[session.network.self - 1]?.[0] as FieldVector, counts, "tree"),
    );
    const rest = [...leaves];
    const expected = counts.map((count) =>
      rest.splice(0, count).reduce((product, leaf) => field.reduce(product * leaf), 1n),
    );
    assert.deepEqual(field.toResidues(reconstruct(field, 1, parties, values)), expected);
  });
});

/** The bits of the questions about sizes that are shared, reconstructed outside the protocol. */
async function ask(
  size: CommitteeSize,
  sizes: readonly number[],
  asked: readonly (readonly SizeTest[])[],
  seed = "sizes",
) {
  const world = new World(size, seed);
  const participants = partiesOf(2 * size.t + 1);
  const shares = world.share([sizes.map(BigInt)]);
  const { values, traces } = await world.runAll(participants, (session) =>
    testSizes(session, shares[session.network.self - 1]?.[0] as FieldVector, asked, "gate"),
  );
  const bits = reconstruct(
    field,
    size.t,
    participants,
    values.map((each) => each.bits),
  );
  return { questions: values[0]?.questions ?? [], opened: field.toResidues(bits), traces };
}

function integers(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
