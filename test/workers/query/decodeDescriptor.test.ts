import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { getBytes, hexlify } from "ethers";
import { isCoded } from "../../../workers/errors.ts";
import type { Descriptor, ParameterBound } from "../../../workers/messages/descriptor.ts";
import { encodeBounds, encodeDescriptor, encodeParameters, Finish } from "../../../workers/messages/descriptor.ts";
import {
  decodeBounds,
  decodeDescriptor,
  decodeParameters,
  MAX_DESCRIPTOR_BYTES,
} from "../../../workers/messages/decodeDescriptor.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { DEMO_SQL, trialSchema } from "./trialSchema.ts";

const demo = await compileQuery(DEMO_SQL, trialSchema);

/** A copy with one part replaced. */
function tampered(change: (copy: Writable<Descriptor>) => void): string {
  const copy = structuredClone(demo.descriptor) as Writable<Descriptor>;
  change(copy);
  return encodeDescriptor(copy);
}
type Writable<T> = T extends object ? { -readonly [K in keyof T]: Writable<T[K]> } : T;

const TAMPERED: readonly (readonly [string, (copy: Writable<Descriptor>) => void, string])[] = [
  ["another format", (d) => (d.format = 1), "DESCRIPTOR_FORMAT"],
  ["an unknown operation", (d) => (d.atoms[0]!.op = 9 as 0), "DESCRIPTOR_MALFORMED"],
  ["a binding where none is possible", (d) => (d.atoms[0]!.bind = 2), "DESCRIPTOR_MALFORMED"],
  ["a binding to an impossible parameter", (d) => (d.atoms[0]!.lo = 64n), "DESCRIPTOR_MALFORMED"],
  ["a negative parameter", (d) => (d.atoms[0]!.lo = -1n), "DESCRIPTOR_MALFORMED"],
  ["a nonzero unused word", (d) => (d.atoms[2]!.hi = 1n), "DESCRIPTOR_MALFORMED"],
  ["an empty factor", (d) => (d.factors[0]!.terms = []), "DESCRIPTOR_MALFORMED"],
  ["a zero coefficient", (d) => (d.factors[0]!.terms[0]!.coefficient = 0n), "DESCRIPTOR_MALFORMED"],
  ["a signal out of range", (d) => (d.factors[0]!.terms[0]!.signal = 10), "DESCRIPTOR_MALFORMED"],
  ["a repeated term", (d) => d.factors[0]!.terms.push({ coefficient: 1n, signal: 0 }), "DESCRIPTOR_MALFORMED"],
  ["a product of itself", (d) => (d.products[0]!.left = 2), "DESCRIPTOR_MALFORMED"],
  ["a product of a later product", (d) => (d.products[1]!.left = 8), "DESCRIPTOR_MALFORMED"],
  ["a product of no factor", (d) => (d.products[1]!.right = 0xffff), "DESCRIPTOR_MALFORMED"],
  ["two steps", (d) => d.steps.push(d.steps[0]!), "DESCRIPTOR_MALFORMED"],
  ["no step", (d) => (d.steps = []), "DESCRIPTOR_MALFORMED"],
  ["a repeated axis", (d) => d.steps[0]!.axes.push({ ...d.steps[0]!.axes[0]! }), "DESCRIPTOR_MALFORMED"],
  ["no outputs", (d) => (d.steps[0]!.outputs = []), "DESCRIPTOR_MALFORMED"],
  ["an output of no factor", (d) => (d.steps[0]!.outputs[0]!.left = 77), "DESCRIPTOR_MALFORMED"],
  ["an unknown finish", (d) => (d.columns[1]!.finish = 99 as 0), "DESCRIPTOR_MALFORMED"],
  ["a missing sum", (d) => (d.columns[2]!.sums = [1]), "DESCRIPTOR_MALFORMED"],
  ["a sum that does not exist", (d) => (d.columns[2]!.sums = [1, 5]), "DESCRIPTOR_MALFORMED"],
  ["a group without an axis", (d) => (d.columns[0]!.sums = [1]), "DESCRIPTOR_MALFORMED"],
  ["a repeated column name", (d) => (d.columns[1]!.name = "arm"), "DESCRIPTOR_MALFORMED"],
  ["impossible decimals", (d) => (d.columns[2]!.decimals = [19]), "DESCRIPTOR_MALFORMED"],
  ["scales that are not read", (d) => (d.columns[2]!.decimals = [2, 2]), "DESCRIPTOR_MALFORMED"],
  ["arguments that are not read", (d) => (d.columns[2]!.arguments = [1n]), "DESCRIPTOR_MALFORMED"],
  ["an axis taken in by a cell's statistic", (d) => (d.columns[2]!.axes = [0]), "DESCRIPTOR_MALFORMED"],
  ["a table's statistic without axes", (d) => (d.columns[1]!.finish = Finish.CROSSTAB), "DESCRIPTOR_MALFORMED"],
  ["cuts without lines", (d) => (d.steps[0]!.axes[0]!.cuts = [1n]), "DESCRIPTOR_MALFORMED"],
  [
    "cuts out of order",
    (d) => Object.assign(d.steps[0]!.axes[0]!, { cuts: [2n, 1n], lines: [0, 0, 0] }),
    "DESCRIPTOR_MALFORMED",
  ],
  ["a line of no factor", (d) => (d.steps[0]!.axes[0]!.lines = [77]), "DESCRIPTOR_MALFORMED"],
  [
    "lines for missing that are not there",
    (d) => Object.assign(d.steps[0]!.axes[0]!, { missing: true, lines: [0] }),
    "DESCRIPTOR_MALFORMED",
  ],
  ["columns without a statistic", (d) => (d.columns = d.columns.slice(0, 1)), "DESCRIPTOR_MALFORMED"],
  ["too many bytes", (d) => (d.columns[0]!.name = "n".repeat(MAX_DESCRIPTOR_BYTES)), "DESCRIPTOR_TOO_LARGE"],
];

describe("decodeDescriptor", () => {
  it("reads back what was encoded, from hex and from bytes", () => {
    assert.deepEqual(decodeDescriptor(demo.descriptorBytes), demo.descriptor);
    assert.deepEqual(decodeDescriptor(getBytes(demo.descriptorBytes)), demo.descriptor);
  });

  for (const [what, change, code] of TAMPERED) {
    it(`refuses ${what}`, () => {
      assert.throws(() => decodeDescriptor(tampered(change)), { code });
    });
  }

  it("refuses truncated, longer and odd texts", () => {
    const bytes = demo.descriptorBytes;
    for (const text of ["", "0x", "0x123", "zz", bytes.slice(0, -2), `${bytes}00`, `${bytes}${"00".repeat(32)}`]) {
      assert.throws(() => decodeDescriptor(text), { code: "DESCRIPTOR_NOT_CANONICAL" }, text.slice(0, 20));
    }
  });

  it("never takes changed bytes for the same query: it refuses, or reads another one", () => {
    const original = getBytes(demo.descriptorBytes);
    const bytes = fc.nat({ max: original.length - 1 });
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 255 }), (position, flip) => {
        const changed = Uint8Array.from(original, (byte, index) => (index === position ? byte ^ flip : byte));
        try {
          assert.equal(encodeDescriptor(decodeDescriptor(changed)), hexlify(changed));
        } catch (error) {
          assert.ok(isCoded(error) && error.code.startsWith("DESCRIPTOR_"), String(error));
        }
      }),
      { numRuns: budget.propertyRuns },
    );
  });
});

describe("the arguments of an allocation", () => {
  const fields = [
    { name: "arm", type: "category", categories: ["a", "b", "c"] },
    { name: "response", type: "category", categories: ["no", "yes"] },
  ];
  const armed = parseSchema(JSON.stringify({ name: "arms", table: "t", subject: "id", fields }));
  const one = 1_000_000n;
  const read = async (change: (words: bigint[]) => void): Promise<Descriptor> => {
    const sql = "SELECT ALLOCATION(response = 'yes', EXTERNAL 9, 4, 7, 7, 0, 0, WEIGHT 0.5) FROM t GROUP BY arm";
    const { descriptor } = await compileQuery(sql, armed);
    const copy = structuredClone(descriptor) as Writable<Descriptor>;
    change(copy.columns[0]!.arguments);
    return decodeDescriptor(encodeDescriptor(copy));
  };
  const CHANGES: readonly (readonly [what: string, at: number, fits: readonly bigint[], refused: readonly bigint[]])[] =
    [
      ["prior a", 0, [50_000n, one ** 2n], [-1n, 0n, 49_999n, one ** 2n + 1n]],
      ["prior b", 1, [50_000n, one ** 2n], [-1n, 0n, 49_999n, one ** 2n + 1n]],
      ["power", 2, [0n, 100n * one], [-1n, 100n * one + 1n]],
      ["arms", 3, [7n, 11n], [-1n, 0n, 3n, 15n]],
      ["weight", 4, [0n, one], [-1n, one + 1n]],
      ["subjects", 5, [4n, 999_999_999n], [-1n, 3n, 1n << 200n]],
      ["successes", 6, [0n, 9n], [-1n, 10n]],
    ];
  for (const [what, at, fits, refused] of CHANGES) {
    it(`bound the ${what}`, async () => {
      for (const word of fits)
        assert.equal((await read((words) => (words[at] = word))).columns[0]!.arguments[at], word);
      for (const word of refused) {
        await assert.rejects(
          read((words) => (words[at] = word)),
          (error) => isCoded(error, "DESCRIPTOR_MALFORMED"),
        );
      }
    });
  }

  it("have the counts of each arm, or none and no weight", async () => {
    assert.equal((await read((words) => words.splice(4))).columns[0]!.arguments.length, 4);
    for (const length of [3, 5, 6, 9, 10]) {
      await assert.rejects(
        read((words) => words.splice(length)),
        (error) => isCoded(error, "DESCRIPTOR_MALFORMED"),
      );
    }
  });
});

describe("decodeBounds", () => {
  const bound = demo.bounds[0]!;
  const bad: readonly (readonly [string, readonly ParameterBound[]])[] = [
    ["a repeated name", [bound, bound]],
    ["a name that SQL could not use", [{ ...bound, name: "a b" }]],
    ["an unknown kind", [{ ...bound, kind: 4 as 0 }]],
    ["minimum above maximum", [{ ...bound, minimum: 91n, allowed: [] }]],
    ["allowed values out of order", [{ ...bound, allowed: [18n, 20n, 20n, 90n] }]],
    ["allowed values that do not span the bounds", [{ ...bound, allowed: [20n, 90n] }]],
  ];

  it("reads back what was encoded", () => {
    assert.deepEqual(decodeBounds(demo.boundsBytes), demo.bounds);
    assert.deepEqual(decodeBounds(encodeBounds([])), []);
  });

  for (const [what, bounds] of bad) {
    it(`refuses ${what}`, () => {
      assert.throws(() => decodeBounds(encodeBounds(bounds)), { code: "DESCRIPTOR_BOUNDS" });
    });
  }
});

describe("decodeParameters", () => {
  it("reads back what was encoded, and refuses more than 64", () => {
    assert.deepEqual(decodeParameters(encodeParameters([-5n, 0n, 1n << 62n])), [-5n, 0n, 1n << 62n]);
    assert.throws(() => decodeParameters(encodeParameters(Array.from({ length: 65 }, () => 1n))), {
      code: "DESCRIPTOR_TOO_LARGE",
    });
    assert.throws(() => decodeParameters("0x01"), { code: "DESCRIPTOR_NOT_CANONICAL" });
  });
});
