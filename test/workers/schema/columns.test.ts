import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { AbiCoder, keccak256 } from "ethers";
import { columnCount, columnsOf, describeColumns } from "../../../workers/schema/columns.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { ColumnKind, NO_FIELD } from "../../../workers/schema/studySchema.ts";

const schema = parseSchema(
  JSON.stringify({
    name: "demo",
    table: "trial",
    subject: "id",
    fields: [
      { name: "arm", type: "category", categories: ["control", "agent"], required: true },
      { name: "response", type: "category", categories: ["0", "1"] },
      { name: "temp", type: "number", decimals: 1, minimum: -5, maximum: 42, cutPoints: ["-0.5", "36.6"] },
      {
        name: "visit",
        type: "date",
        minimum: "2020-01-01",
        maximum: "2021-01-01",
        cutPoints: ["2020-07-01"],
        required: true,
      },
      { name: "score", type: "number", decimals: 1, minimum: "-0.5", maximum: "1.2", cutPoints: [1], search: "digits" },
    ],
  }),
);

describe("columnsOf", () => {
  it("lists active, then each field's columns in the frozen order", () => {
    const { ACTIVE, ONE_HOT, THERMOMETER, DIGIT, VALUE, VALIDITY } = ColumnKind;
    assert.deepEqual(
      columnsOf(schema).map(({ field, kind, argument }) => [field, kind, argument]),
      [
        [NO_FIELD, ACTIVE, 0n],
        [0, ONE_HOT, 0n],
        [0, ONE_HOT, 1n],
        [1, ONE_HOT, 0n],
        [1, ONE_HOT, 1n],
        [1, ONE_HOT, 2n],
        [2, VALUE, 0n],
        [2, VALIDITY, 0n],
        [2, THERMOMETER, -5n],
        [2, THERMOMETER, 366n],
        [3, VALUE, 0n],
        [3, THERMOMETER, 18_444n],
        [4, VALUE, 0n],
        [4, VALIDITY, 0n],
        [4, THERMOMETER, 10n],
        // -0.5 to 1.2 in tenths: offsets 0x00 to 0x11.
        ...Array.from({ length: 16 }, (_, digit) => [4, DIGIT, BigInt(digit)]),
        [4, DIGIT, 16n],
        [4, DIGIT, 17n],
      ],
    );
  });

  it("names every column by the ABI hash of what it is", () => {
    for (const { id, field, kind, argument } of columnsOf(schema)) {
      const types = ["bytes32", "uint16", "uint8", "int256"];
      assert.equal(id, keccak256(AbiCoder.defaultAbiCoder().encode(types, [schema.hash, field, kind, argument])));
    }
    assert.equal(new Set(columnsOf(schema).map(({ id }) => id)).size, 33);
  });

  it("agrees with columnCount", () => {
    const total = schema.fields.reduce((sum, field) => sum + columnCount(field), 1);
    assert.equal(columnsOf(schema).length, total);
  });
});

describe("describeColumns", () => {
  it("says what each column means", () => {
    assert.deepEqual(
      describeColumns(schema).map(({ meaning }) => meaning),
      [
        "row present",
        'arm = "control"',
        'arm = "agent"',
        'response = "0"',
        'response = "1"',
        "response is missing",
        "temp x 10^1 (0 where missing)",
        "temp is present",
        "temp >= -0.5",
        "temp >= 36.6",
        "visit",
        "visit >= 2020-07-01",
        "score x 10^1 (0 where missing)",
        "score is present",
        "score >= 1",
        ...Array.from({ length: 16 }, (_, digit) => `score from -0.5: base-16 digit 0 is ${digit}`),
        "score from -0.5: base-16 digit 1 is 0",
        "score from -0.5: base-16 digit 1 is 1",
      ],
    );
    assert.deepEqual(
      describeColumns(schema).map(({ id }) => id),
      columnsOf(schema).map(({ id }) => id),
    );
  });
});
