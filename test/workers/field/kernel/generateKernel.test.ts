/** The generator proves its bounds while it emits: these tests break one at a time and expect it to stop. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

import { bn254 } from "@noble/curves/bn254.js";

import { BN254_FR_MODULUS } from "../../../../workers/field/bn254.ts";
import { generateForFormat, generateKernel, LIMB_FORMATS } from "../../../../workers/field/kernel/generateKernel.ts";
import { WebAssembly } from "../../../../workers/field/kernel/webAssembly.ts";
import type { KernelLimits, LimbFormat } from "../../../../workers/field/kernel/limbArithmetic.ts";

const FQ = bn254.fields.Fp.ORDER;
const names = ["fused", "integer"] as const;

/** The largest proved number of terms up to `most`, by bisection, and the bound that stops the next one. */
function largest(prime: bigint, name: LimbFormat["name"], limit: keyof KernelLimits, most: number) {
  let [proved, refused] = [1, most + 1];
  let bound = "";
  while (refused - proved > 1) {
    const middle = Math.floor((proved + refused) / 2);
    try {
      generateKernel(prime, name, { [limit]: middle });
      proved = middle;
    } catch (error) {
      refused = middle;
      bound = (error as Error).message;
    }
  }
  return { proved, bound };
}

for (const name of names) {
  describe(`the ${name} kernel's generator`, () => {
    it("proves the kernels of BN254 Fr and Fq, the same bytes every time", () => {
      for (const prime of [BN254_FR_MODULUS, FQ]) {
        const first = generateKernel(prime, name);
        assert(WebAssembly.validate(first.assemble(false)));
        assert.deepEqual(generateKernel(prime, name).assemble(false), first.assemble(false));
        assert.deepEqual(generateKernel(prime, name).constants, first.constants);
      }
      assert.notDeepEqual(generateKernel(FQ, name).constants, generateKernel(BN254_FR_MODULUS, name).constants);
    });

    it("has block sizes within what is proved, and stops beyond, for both primes", () => {
      const { limits } = LIMB_FORMATS[name];
      const most = {
        fullTerms: 2 ** 20,
        smallTerms: 2 ** 40,
        innerProductPairs: 2 ** 20,
        sumProductPairs: 2 ** 20,
        sumPairs: 2 ** 45,
      } as const;
      for (const prime of [BN254_FR_MODULUS, FQ]) {
        for (const [limit, ceiling] of Object.entries(most) as [keyof typeof most, number][]) {
          const { proved, bound } = largest(prime, name, limit, ceiling);
          assert(limits[limit] <= proved, `${limit}: ${limits[limit]} used, ${proved} proved`);
          assert(proved < ceiling, `${limit} is refused somewhere`);
          assert.match(bound, /before its carry|quotient|a product of limbs|a column read/);
        }
      }
    });

    it("stops for weights that the small kernel cannot take", () => {
      assert.throws(() => generateKernel(BN254_FR_MODULUS, name, { smallWeightBits: 60 }), { code: "ERR_ASSERTION" });
    });

    it("stops for primes that do not fit the limbs", () => {
      for (const prime of [11n, (1n << 61n) - 1n, (1n << 255n) - 19n, 1n << 270n]) {
        const generate = () => generateKernel(prime, name);
        if (name === "integer" && prime === (1n << 255n) - 19n) generate();
        else assert.throws(generate, { code: "ERR_ASSERTION" });
      }
    });
  });
}

describe("docs/field-kernel.md", () => {
  it("quotes what the generator proves of each kernel's results", () => {
    const page = readFileSync(new URL("../../../../docs/field-kernel.md", import.meta.url), "utf8");
    const proofs = [
      generateKernel(BN254_FR_MODULUS, "fused"),
      generateKernel(FQ, "fused"),
      generateKernel(BN254_FR_MODULUS, "integer"),
    ];
    for (const kernel of [
      "mul",
      "axpy",
      "linearFull",
      "linearPlus",
      "innerProduct",
      "innerProductOfSums",
      "add",
      "sum",
    ]) {
      const row = new RegExp(`^\\| ${kernel} +\\|(.*)\\|$`, "m")
        .exec(page)?.[1]
        ?.split("|")
        .map((cell) => Number(cell));
      assert.deepEqual(
        row,
        proofs.map(({ residueBounds }) => residueBounds.get(kernel)),
        kernel,
      );
    }
  });

  it("quotes the blocks that the kernels use", () => {
    const page = readFileSync(new URL("../../../../docs/field-kernel.md", import.meta.url), "utf8");
    const used = (row: string): string[] =>
      [...(new RegExp(`^\\| ${row} .*$`, "m").exec(page)?.[0] ?? "").matchAll(/\| ([\d,]+) \//g)].map(
        (match) => match[1] as string,
      );
    const rows: [string, keyof KernelLimits][] = [
      ["inner product, pairs", "innerProductPairs"],
      ["inner product of sums of two, pairs", "sumProductPairs"],
      ["linear combination, full weights", "fullTerms"],
      ["linear combination, weights below 2\\^28", "smallTerms"],
      ["sum, pairs", "sumPairs"],
    ];
    for (const [row, limit] of rows) {
      const expected = names.map((name) => LIMB_FORMATS[name].limits[limit].toLocaleString("en-US"));
      assert.deepEqual(used(row), expected, row);
    }
  });
});

describe("a format with one property changed", () => {
  const changes: [string, LimbFormat["name"], Partial<LimbFormat>, RegExp][] = [
    ["the quotient taken too low", "integer", { quotientFrom: 8 }, /the quotient may be off/],
    ["a column folded too late", "integer", { foldFrom: 10 }, /a quotient|quotient|a column read/],
    ["a high digit left unfolded", "fused", { foldFrom: 7 }, /column|quotient|product/],
    ["wider limbs", "fused", { limbBits: 52 }, /limb|product|column/],
    ["fewer limbs", "fused", { limbs: 4 }, /limbs/],
    [
      "a top digit never carried",
      "fused",
      { limbRange: { low: -(1n << 60n), high: 1n << 60n } },
      /a column read|product/,
    ],
  ];
  for (const [what, name, change, bound] of changes) {
    it(`is refused: ${what}`, () => {
      assert.throws(
        () =>
          generateForFormat(BN254_FR_MODULUS, {
            ...LIMB_FORMATS[name],
            ...change,
            limits: { ...LIMB_FORMATS[name].limits, innerProductPairs: 6 },
            ...(what === "a top digit never carried" && { limits: LIMB_FORMATS[name].limits }),
          }),
        (error) => error instanceof assert.AssertionError && bound.test(error.message),
      );
    });
  }
});
