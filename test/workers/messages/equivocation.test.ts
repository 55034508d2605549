import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Wallet, id, toBeHex } from "ethers";
import {
  type Equivocation,
  equivocationFromJson,
  equivocationToJson,
  equivocatorsOf,
} from "../../../workers/messages/equivocation.ts";
import { Outcome, ReleaseClass, type Verdict, ZERO_HASH, statementHash } from "../../../workers/messages/statement.ts";
import { ANSWER } from "../../../workers/messages/signedStructs.ts";
import { opalineDomain, signTypedData } from "../../../workers/messages/typedData.ts";

const WALLETS = [1, 2].map((key) => new Wallet(toBeHex(key, 32)));
const [chainId, queryContract] = [31337n, "0x00000000000000000000000000000000000000C1"];
const context = {
  studyId: id("study"),
  requestId: id("request"),
  queryHash: id("query"),
  parametersHash: id("parameters"),
  policyHash: id("policy"),
  datasetRoots: [id("root")],
  committeeEpoch: 1n,
  requestBlock: 2n ** 63n,
  consentMaskRoot: ZERO_HASH,
  releaseClass: ReleaseClass.PUBLIC,
  recipientsHash: ZERO_HASH,
};

async function signed(outputs: readonly bigint[], attempt = 1n, by = 0) {
  const verdict: Verdict = {
    attempt,
    outcome: Outcome.ANSWERED,
    suppressedBitmap: "0x",
    outputs,
    sealedHash: ZERO_HASH,
  };
  const statement = statementHash({ chainId, contract: queryContract, context, verdict });
  const domain = opalineDomain(chainId, queryContract);
  return { verdict, signature: await signTypedData(WALLETS[by]!, domain, ANSWER, { statement }) };
}

async function evidence(change: Partial<Equivocation> = {}): Promise<Equivocation> {
  const [first, second] = [await signed([2n ** 253n]), await signed([1n])];
  return { chainId, queryContract, index: 1, context, first, second, ...change };
}

describe("evidence of an equivocation", () => {
  it("reads back from its file to the bit, and convicts its signer", async () => {
    const written = await evidence();
    const read = equivocationFromJson(equivocationToJson(written));
    assert.deepEqual(read, written);
    assert.deepEqual(equivocatorsOf(read), [WALLETS[0]!.address, WALLETS[0]!.address]);
  });
  it("names the two keys of a signer that changed its key in between, each where it signed", async () => {
    const keys = WALLETS.map(({ address }) => address);
    assert.deepEqual(equivocatorsOf(await evidence({ second: await signed([1n], 1n, 1) })), keys);
    const [first, second] = [await signed([2n], 1n, 1), await signed([1n])];
    assert.deepEqual(equivocatorsOf(await evidence({ first, second })), [...keys].reverse());
  });
  it("convicts nobody of two attempts, of one statement, or without a signature", async () => {
    for (const change of [
      { second: await signed([1n], 2n) },
      { second: await signed([2n ** 253n]) },
      { second: await signed([2n ** 253n], 1n, 1) },
      { second: { ...(await signed([1n])), signature: `0x${"11".repeat(65)}` } },
      { first: { ...(await signed([2n])), signature: `0x${"11".repeat(65)}` } },
    ]) {
      assert.equal(equivocatorsOf(await evidence(change)), undefined);
    }
  });
  it("does not convict its signer on another chain, for another contract or in another context", async () => {
    for (const change of [
      { chainId: 1n },
      { queryContract: "0x00000000000000000000000000000000000000C2" },
      { context: { ...context, requestBlock: 5n } },
    ]) {
      for (const key of equivocatorsOf(await evidence(change)) ?? []) assert.notEqual(key, WALLETS[0]!.address);
    }
  });
  it("names the field that has not its form", async () => {
    const parsed = JSON.parse(equivocationToJson(await evidence())) as Record<string, Record<string, unknown>>;
    const refused = (text: string, field: string): void =>
      assert.throws(() => equivocationFromJson(text), { detail: { code: "EVIDENCE_INVALID", field } });
    for (const text of ["", "{", "null", "[]", '"text"', "7"]) refused(text, "");
    refused("{}", "chainId");
    for (const [part, name, value] of [
      ["context", "studyId", "0x12"],
      ["context", "datasetRoots", "0x"],
      ["context", "requestBlock", "18446744073709551616"],
      ["context", "requestBlock", "-1"],
      ["context", "requestBlock", 1.5],
      ["context", "releaseClass", 2],
    ] as const) {
      const broken = { ...parsed, [part]: { ...parsed[part], [name]: value } };
      refused(JSON.stringify(broken), `${part}.${name}`);
    }
    const first = parsed["first"]!;
    refused(JSON.stringify({ ...parsed, first: { ...first, signature: "0x" } }), "first.signature");
    const verdict = first["verdict"] as object;
    const withOutputs = { ...first, verdict: { ...verdict, outputs: ["1", "x"] } };
    refused(JSON.stringify({ ...parsed, first: withOutputs }), "first.verdict.outputs[1]");
    refused(JSON.stringify({ ...parsed, second: undefined }), "second");
    refused(JSON.stringify({ ...parsed, queryContract: "0x00" }), "queryContract");
  });
});
