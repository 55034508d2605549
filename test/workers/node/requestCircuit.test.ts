/** What is never computed, by a request's own public bytes. */
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { Wallet } from "ethers";
import type { VettedRequest } from "../../../workers/disclosure/disclosedSets.ts";
import { isNeverComputed, requestCircuit } from "../../../workers/node/requestCircuit.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";

const ID = "0x01";
/** Two values of the score lie between cut-points: what tells them apart no column does. */
const SCHEMA = parseSchema(
  JSON.stringify({
    name: "scored",
    table: "trial",
    subject: "id",
    fields: [{ name: "score", type: "integer", minimum: 0, maximum: 2, cutPoints: [1] }],
  }),
);

describe("requestCircuit", () => {
  let asked: (least: bigint) => VettedRequest;
  before(async () => {
    const sql = "SELECT AVG(score) FROM trial WHERE score >= :lo";
    const { descriptor } = await compileQuery(sql, SCHEMA);
    asked = (least) => ({ descriptor, parameters: [least], schema: SCHEMA });
  });

  it("is of a request that can be told; one vetted query may be told with some parameters only", () => {
    assert.notEqual(requestCircuit(ID, asked(0n)), undefined);
    assert.equal(isNeverComputed(ID, asked(0n), []), false);
    assert.throws(() => requestCircuit(ID, asked(1n)), { code: "PLAN_UNTOLD_SETS" });
    assert.equal(isNeverComputed(ID, asked(1n), []), true);
  });

  it("is none where the parameters select nobody, or ask for a column that there is none of", async () => {
    const { descriptor } = await compileQuery("SELECT COUNT(*) FROM trial WHERE score BETWEEN :lo AND :hi", SCHEMA);
    const nobody = { descriptor, parameters: [1n, 0n], schema: SCHEMA };
    assert.equal(requestCircuit(ID, nobody), undefined);
    assert.equal(isNeverComputed(ID, nobody, []), true);
    assert.throws(() => requestCircuit(ID, asked(3n)), { code: "CIRCUIT_NO_COLUMN" });
    assert.equal(isNeverComputed(ID, asked(3n), []), true);
  });

  it("is never computed for recipients to whom no answer can be sealed", () => {
    const { compressedPublicKey } = Wallet.createRandom().signingKey as unknown as { compressedPublicKey: string };
    assert.equal(isNeverComputed(ID, asked(0n), [compressedPublicKey]), false);
    assert.equal(isNeverComputed(ID, asked(0n), [compressedPublicKey, `0x02${"ff".repeat(32)}`]), true);
  });
});
