/** The file of a trial's rules: what is wrong is named by its field, before a key is opened or anything is sent. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ZeroHash, id, keccak256 } from "ethers";
import { parseTrialFile } from "../../scripts/admin/trialFile.ts";
import { adaptiveTrial } from "../../workers/chain/adaptiveTrial.ts";
import { encodeParameters } from "../../workers/messages/descriptor.ts";
import { BOARD, type TrialWorld, startTrialWorld } from "./trialWorld.ts";
import { doneAtOnce } from "../../scripts/admin/governed.ts";

type File = Record<string, unknown>;

describe("admin register-trial", () => {
  let world: TrialWorld;
  before(async () => {
    world = await startTrialWorld();
  });
  after(() => world.consortium.close());

  const arms = (file: File, at: number, change: object): File => ({
    arms: (file["arms"] as object[]).map((arm, i) => (i === at ? { ...arm, ...change } : arm)),
  });
  const look = (file: File, at: number, change: object): File => ({
    looks: (file["looks"] as object[]).map((each, i) => (i === at ? { ...each, ...change } : each)),
  });
  const board = (file: File, change: object): File => ({ board: { ...(file["board"] as object), ...change } });
  const query = (file: File, change: object): File => ({
    queries: [{ ...(file["queries"] as object[])[0], ...change }],
  });

  for (const [field, expected, change] of [
    ["study", "0x and 64 hex digits", () => ({ study: "0x12" })],
    ["protocolHash", "the document's SHA-256", () => ({ protocolHash: ZeroHash })],
    ["arms", "exactly one arm", (file: File) => arms(file, 1, { control: true })],
    ["arms", "exactly one arm", (file: File) => arms(file, 0, { control: false })],
    ["arms", "2 to 10", (file: File) => ({ arms: (file["arms"] as object[]).slice(1).slice(1) })],
    ["arms[0].floor", "from 1 to 10000", (file: File) => arms(file, 0, { floor: 0 })],
    ["arms[1].cap", "from 500 to 10000", (file: File) => arms(file, 1, { cap: 499 })],
    ["arms[2].cap", "with the control's cap at least 10000", (file: File) => arms(file, 2, { cap: 1_999 })],
    ["arms", "floors of at most 10000 together", (file: File) => arms(file, 1, { floor: 7_600, cap: 7_600 })],
    ["arms[2].name", "given once only", (file: File) => arms(file, 2, { name: "erlotinib" })],
    ["arms[1].colour", "no such field", (file: File) => arms(file, 1, { colour: "red" })],
    ["strata", "1 to 16", () => ({ strata: [] })],
    ["strata[1]", "a text", () => ({ strata: ["EGFR", ""] })],
    ["allocation.other", "an object", (file: File) => ({ allocation: { EGFR: (file["allocation"] as File)["EGFR"] } })],
    [
      "allocation.EGFR",
      "a sum of 10000",
      (file: File) => ({
        allocation: { ...(file["allocation"] as File), EGFR: { control: 4_000, erlotinib: 3_000, sorafenib: 2_999 } },
      }),
    ],
    [
      "allocation.EGFR.control",
      "from 2000 to 8000",
      (file: File) => ({
        allocation: { ...(file["allocation"] as File), EGFR: { control: 1_999, erlotinib: 3_000, sorafenib: 3_000 } },
      }),
    ],
    ["looks[1].minimumEnrolled", "from 150", (file: File) => look(file, 1, { minimumEnrolled: 149 })],
    ["looks[0].minimumResponded", "from 1", (file: File) => look(file, 0, { minimumResponded: 0 })],
    ["looks[0].graduation", "more than futility", (file: File) => look(file, 0, { graduation: 500 })],
    ["looks[0].futility", "a whole number from 0 to 10000", (file: File) => look(file, 0, { futility: "5%" })],
    ["queries", "1 to 8", () => ({ queries: [] })],
    ["queries[0].parameters", '"any", or an object', (file: File) => query(file, { parameters: undefined })],
    ["queries[0].parameters.lo", "a text", (file: File) => query(file, { parameters: { lo: 18 } })],
    [
      "queries[0].respondedOutputs[1]",
      "a whole number from 5",
      (file: File) => query(file, { respondedOutputs: [4, 4] }),
    ],
    ["board.signatures", "from 2 to 3", (file: File) => board(file, { signatures: 1 })],
    ["board.members[0]", "an address", (file: File) => board(file, { members: ["ada"] })],
  ] as const) {
    it(`refuses a wrong ${field}: ${expected}`, () => {
      const file = world.trialFile();
      const text = JSON.stringify({ ...file, ...change(file) });
      assert.throws(
        () => parseTrialFile("trial", text),
        (error: Error & { detail: object }) => {
          assert.deepEqual(error.detail, { code: "FILE_FIELD_INVALID", option: "trial", field });
          assert.ok(error.message.startsWith(`--trial: ${field}: `) && error.message.includes(expected), error.message);
          return true;
        },
      );
    });
  }

  it("refuses a member given twice, a file that is no JSON, and one that is no object", () => {
    const members = [0, 0].map(() => world.consortium.wallet(BOARD[0]!).address);
    const file = world.trialFile();
    const twice = JSON.stringify({ ...file, ...board(file, { members }) });
    assert.throws(() => parseTrialFile("trial", twice), {
      message: /board.members\[1\]: an account that is given once/,
    });
    assert.throws(() => parseTrialFile("trial", "{"), { message: "--trial: the file: JSON expected" });
    assert.throws(() => parseTrialFile("trial", "[]"), { message: "--trial: the file: an object expected" });
  });

  it("refuses outputs that the query does not have, or that are no counts", async () => {
    for (const [respondedOutputs, message] of [
      [[1, 9], /queries\[0\].respondedOutputs\[1\]: an output of the query, which has 9,/],
      [[1, 2], /queries\[0\].respondedOutputs\[1\]: a count/],
    ] as const) {
      const file = world.trialFile();
      const act = world.register({ ...file, ...query(file, { respondedOutputs }) });
      await assert.rejects(act, { code: "FILE_FIELD_INVALID", message });
    }
    const file = world.trialFile();
    const act = world.register({ ...file, ...query(file, { parameters: { lo: "18", hi: "200" } }) });
    await assert.rejects(act, { code: "PARAMETER_OUT_OF_BOUNDS" });
  });

  it("registers what the file says, and the chain reads it back", async () => {
    const { consortium, queryHash } = world;
    const { trialId, board: needed } = doneAtOnce(await world.register(world.trialFile()));
    const contract = adaptiveTrial(consortium.deployment, consortium.chain.provider);
    const rules = await contract.rules(trialId);
    assert.equal(needed, "2 of 3");
    assert.deepEqual([rules.control, rules.signatures, rules.protocolHash], [0, 2, id("protocol")]);
    assert.deepEqual(rules.allocation, [4_000, 3_000, 3_000, 4_000, 3_000, 3_000]);
    const parametersHash = keccak256(encodeParameters([18n, 90n]));
    assert.deepEqual(rules.sources, [{ queryHash, parametersHash, respondedOutputs: [1, 4, 7] }]);
    assert.deepEqual([...rules.board].sort(), BOARD.map((name) => consortium.wallet(name).address).sort());
    assert.deepEqual([await contract.count(), await contract.trials(0, 10)], [1, [trialId]]);
    await assert.rejects(world.register(world.trialFile()), { message: /AdaptiveTrialAlreadyRegistered/ });
  });
});
