/** Attempts at a committee over loopback networks: they answer what the gate allows, and give back their memory. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Wallet, getBytes, id } from "ethers";

import { isCoded } from "../../../workers/errors.ts";
import type { EarlierAnswer } from "../../../workers/disclosure/historySets.ts";
import { bn254Fr } from "../../../workers/field/bn254Fr.ts";
import { openMaskKeys } from "../../../workers/messages/keyCopies.ts";
import { sealedHash } from "../../../workers/messages/sealedAnswer.ts";
import { Outcome, type Verdict, ZERO_HASH } from "../../../workers/messages/statement.ts";
import { type NodeErrorDetail, nodeError } from "../../../workers/node/nodeError.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { CommitteeSize } from "../../../workers/sharing/parties.ts";
import { answerMask } from "../../../workers/sharing/prss.ts";
import { budget } from "../../budget.ts";
import type { ClearRequest, Row } from "../disclosure/clearStudy.ts";
import { type AttemptOptions, GatedCommittee } from "./gatedCommittee.ts";

const schema = parseSchema(
  JSON.stringify({
    name: "attempts",
    table: "trial",
    subject: "id",
    fields: [
      { name: "arm", type: "category", categories: ["A", "B", "C"], required: true },
      { name: "age", type: "integer", minimum: 18, maximum: 90, cutPoints: [40, 50, 60], required: true },
      { name: "response", type: "category", categories: ["0", "1"] },
      { name: "value", type: "integer", minimum: 0, maximum: 1000 },
    ],
  }),
);

/** Sums of a score count its few values, which have no cut-point each. */
const scored = parseSchema(
  JSON.stringify({
    name: "scored",
    table: "trial",
    subject: "id",
    fields: [
      { name: "arm", type: "category", categories: ["A", "B", "C"], required: true },
      { name: "age", type: "integer", minimum: 18, maximum: 90, cutPoints: [40, 50, 60], required: true },
      { name: "score", type: "integer", minimum: 0, maximum: 2, cutPoints: [1] },
    ],
  }),
);

function people(count: number, arm: string, age: number, response: number | null = 1, value = 7): Row[] {
  const row: Record<string, bigint> = { arm: BigInt("ABC".indexOf(arm)), age: BigInt(age), value: BigInt(value) };
  if (response !== null) row["response"] = BigInt(response);
  return Array.from({ length: count }, () => row);
}

const MIXED = [
  ...people(40, "A", 65),
  ...people(25, "A", 45, 0),
  ...people(30, "B", 65, 0),
  ...people(3, "B", 45),
  ...people(14, "B", 45, 0, 900),
  ...people(20, "C", 20, null),
];
const withdrawn = (...rows: readonly number[]): Required<ClearRequest>["excluded"] => ({
  one: [Uint32Array.from(rows)],
});
const TABLE: ClearRequest = {
  sql: "SELECT arm, COUNT(*), AVG(response), SUM(value) FROM trial WHERE age >= 40 GROUP BY arm",
};

function committee(rows: readonly Row[] = MIXED, size?: CommitteeSize, cacheBytes?: number): GatedCommittee {
  const made = new GatedCommittee(schema, size, cacheBytes);
  made.contribute("one", rows);
  return made;
}

/** Stories whose every step must come out on shares as it does in the clear. */
const STORIES: Readonly<Record<string, readonly ClearRequest[]>> = {
  "a table with hidden sums": [TABLE],
  "a cohort, its second statistic, and one too close": [
    { sql: "SELECT COUNT(*) FROM trial WHERE age >= 60" },
    { sql: "SELECT AVG(value) FROM trial WHERE age >= 60" },
    { sql: "SELECT COUNT(*) FROM trial WHERE age >= 60 AND arm = 'B'" },
    { sql: "SELECT COUNT(*) FROM trial WHERE age >= 50" },
    { sql: "SELECT arm, COUNT(*) FROM trial WHERE age >= 50 GROUP BY arm" },
  ],
  "everyone, then parts": [
    { sql: "SELECT COUNT(*) FROM trial" },
    { sql: "SELECT arm, COUNT(*) FROM trial GROUP BY arm" },
    { sql: "SELECT response, COUNT(*) FROM trial GROUP BY response" },
    { sql: "SELECT arm, response, COUNT(*) FROM trial GROUP BY arm, response" },
  ],
  "patients who withdraw their consent": [
    TABLE,
    { ...TABLE, excluded: withdrawn(41) },
    { sql: "SELECT COUNT(*), AVG(value) FROM trial WHERE age >= 40", excluded: withdrawn(41) },
    { ...TABLE, excluded: withdrawn(0, 3, 17, 40, 41, 65, 70, 80, 96, 97, 100, 110, 120) },
    { sql: "SELECT COUNT(*), AVG(value) FROM trial", excluded: withdrawn(...Array.from({ length: 122 }, (_, i) => i)) },
    TABLE,
  ],
  nobody: [{ sql: "SELECT COUNT(*) FROM trial WHERE age BETWEEN :lo AND :hi", parameters: { lo: "60", hi: "39" } }],
};

describe("runQuery", () => {
  for (const [name, requests] of Object.entries(STORIES)) {
    it(`answers as the gate does in the clear: ${name}`, async () => {
      const study = committee();
      for (const request of requests) {
        const { expected, shared } = await study.ask(request);
        assert.deepEqual(shared, expected, request.sql);
        assert.equal(study.leftBehind(), 0);
      }
    });
  }

  for (const size of [
    { n: 4, t: 1 },
    { n: 5, t: 2 },
  ]) {
    it(`answers alike with n = ${size.n}, t = ${size.t}`, async () => {
      const { expected, shared } = await committee(MIXED, size).ask(TABLE);
      assert.deepEqual(shared, expected);
    });
  }

  it("answers over growing data of several owners, with cells hidden that grew by a few", async () => {
    const study = new GatedCommittee(schema);
    study.contribute("one", [...people(40, "A", 65), ...people(20, "B", 65)]);
    study.contribute("two", [...people(30, "A", 65), ...people(30, "B", 65), ...people(30, "C", 20)]);
    const sql = "SELECT arm, COUNT(*) FROM trial WHERE age >= 40 GROUP BY arm";
    const kinds: string[] = [];
    for (const rows of [[], [...people(25, "A", 65), ...people(2, "B", 65)], people(3, "A", 45)]) {
      if (rows.length > 0) study.contribute("one", rows);
      const { expected, shared } = await study.ask({ sql });
      assert.deepEqual(shared, expected);
      kinds.push(shared.kind);
    }
    assert.deepEqual(kinds, ["answered", "answered", "refused in public"]);
  });

  it("computes an indicator once, and tells nobody's cache from another's", async () => {
    const study = committee();
    const sizes: number[] = [];
    for (const sql of [
      "SELECT SUM(value) FROM trial WHERE age >= 60 AND arm = 'A'",
      "SELECT AVG(value) FROM trial WHERE age >= 60 AND arm = 'A'",
    ]) {
      const { outcomes, frames } = await study.attempt({ sql }, []);
      assert.ok(outcomes.every(({ status }) => status === "fulfilled"));
      sizes.push(
        frames.filter(({ step }) => step.startsWith("products/")).reduce((sum, { payload }) => sum + payload.length, 0),
      );
    }
    assert.ok(sizes[0]! > 0);
    assert.equal(sizes[1], 0, "the product was kept");
    study.workers[1]!.cache.stop();
    const { expected, shared } = await study.ask({ sql: "SELECT SUM(value) FROM trial WHERE age >= 60 AND arm = 'A'" });
    assert.deepEqual(shared, expected);
  });

  it("records before the first bit and before the outputs, and a refusal after it", async () => {
    const study = committee();
    const shown = await study.attempt({ sql: "SELECT COUNT(*) FROM trial WHERE age >= 60" }, []);
    assert.deepEqual(shown.recorded, Array(3).fill(["tests", "outputs"]));
    const small = "SELECT COUNT(*) FROM trial WHERE arm = 'B' AND age < 60 AND response = '1'";
    const refused = await study.attempt({ sql: small }, []);
    assert.deepEqual(refused.recorded, Array(3).fill(["tests", "refused"]));
    assert.ok(!refused.frames.some(({ step }) => step === "outputs"));
    const everyone = await study.attempt({ sql: "SELECT COUNT(*) FROM trial" }, []);
    assert.deepEqual(everyone.recorded, Array(3).fill(["tests", "outputs"]), "also where nothing is tested");
  });

  it("opens nothing anywhere when one worker cannot record", async () => {
    for (const stage of ["tests", "outputs"]) {
      const study = committee();
      const { outcomes, frames } = await study.attempt(TABLE, [], {
        failRecord: (party, at) => Number(party) === 2 && at === stage,
      });
      assert.ok(
        outcomes.every(({ status }) => status === "rejected"),
        stage,
      );
      assert.ok(!frames.some(({ step }) => step === "outputs"), stage);
      assert.equal(study.leftBehind(), 0);
    }
  });

  it("seals to recipients, who read with anyone's copies what a public answer says", async () => {
    const wallets = ["one", "two"].map((name) => new Wallet(id(name)));
    const recipients = wallets.map(({ signingKey }) => signingKey.compressedPublicKey).sort();
    for (const size of [
      { n: 3, t: 1 },
      { n: 5, t: 2 },
    ]) {
      const world = committee(MIXED, size);
      const before = [...world.clear.history];
      const shown = await world.attempt(TABLE, before);
      const sealed = await world.attempt(TABLE, before, { recipients });
      const [open, closed] = [shown, sealed].map(({ outcomes }) => {
        const verdicts = outcomes.map((outcome) => (outcome as PromiseFulfilledResult<Verdict>).value);
        for (const verdict of verdicts) assert.deepEqual(verdict, verdicts[0]);
        return verdicts[0]!;
      }) as [Verdict, Verdict];
      assert.equal(closed.outcome, Outcome.ANSWERED);
      assert.equal(closed.suppressedBitmap, open.suppressedBitmap);
      assert.equal(closed.outputs.filter((word) => open.outputs.includes(word)).length, 0);
      const { maskKeyHashes } = sealed.keyCopies[0]!;
      assert.equal(closed.sealedHash, sealedHash(maskKeyHashes));
      const { contract, event } = sealed.request;
      const place = { chainId: 31_337n, contract, requestId: event.requestId, attempt: 1n };
      for (const [position, recipient] of recipients.entries()) {
        const { privateKey } = wallets.find(({ signingKey }) => signingKey.compressedPublicKey === recipient)!;
        const copies = sealed.keyCopies.map((each) => each!.copies[position]!);
        const read = (from: readonly string[]): bigint[] | undefined => {
          const keys = openMaskKeys(maskKeyHashes, from, place, getBytes(privateKey));
          if (keys === undefined) return undefined;
          const masked = bn254Fr.fromIntegers(closed.outputs);
          return bn254Fr.toResidues(bn254Fr.sub(masked, answerMask(bn254Fr, keys, closed.outputs.length)));
        };
        assert.deepEqual(read(copies.slice(size.t)), open.outputs, "of any t + 1");
        assert.equal(read(copies.slice(size.t + 1)), undefined, "of t");
      }
      assert.deepEqual(
        sealed.recorded.map((events) => events.filter((event) => event !== "tests")),
        sealed.recorded.map(() => ["seal", "outputs"]),
      );
    }
  });

  it("seals nothing, and opens nothing, where the copies of the keys cannot be kept", async () => {
    const recipients = [new Wallet(id("one")).signingKey.compressedPublicKey];
    const world = committee();
    const { outcomes, frames, keyCopies } = await world.attempt(TABLE, [], { recipients, failSeal: (p) => p === 2 });
    assert(outcomes.every(({ status }) => status === "rejected"));
    assert(frames.every(({ step }) => step !== "outputs"));
    assert.equal(keyCopies[1], undefined);
  });

  it("opens nothing, and encrypts no key, when a worker's node shows it other recipients than the others'", async () => {
    const [right, wrong] = ["one", "attacker"].map((name) => [new Wallet(id(name)).signingKey.compressedPublicKey]);
    const world = committee();
    const { request } = await world.attempt(TABLE, [], { recipients: wrong! });
    for (const victim of [1, 2, 3]) {
      // The next request's, but for the recipients.
      const own = `0x${(victim + 1).toString(16).padStart(64, "0")}`;
      const context = { ...request.event.context, requestId: own, studyId: own };
      const deceived = (party: number) =>
        party === victim ? { ...request.event, requestId: own, context } : undefined;
      const { outcomes, frames, keyCopies } = await world.attempt(TABLE, [], { recipients: right!, deceived });
      for (const outcome of outcomes)
        assert(outcome.status === "rejected" && isCoded(outcome.reason, "PROTOCOL_TRANSCRIPT_MISMATCH"));
      assert.deepEqual(keyCopies, [undefined, undefined, undefined]);
      assert(frames.every(({ step }) => !/^(products|sums|sealed|outputs)/.test(step)));
    }
  });

  it("keeps no key of what is refused", async () => {
    const recipients = [new Wallet(id("one")).signingKey.compressedPublicKey];
    const few = { sql: "SELECT COUNT(*) FROM trial WHERE age >= 60 AND arm = 'C'" };
    const { outcomes, keyCopies } = await committee().attempt(few, [], { recipients });
    for (const outcome of outcomes) {
      assert(outcome.status === "fulfilled");
      assert.deepEqual([outcome.value.outcome, outcome.value.sealedHash], [Outcome.REFUSED_DISCLOSURE, ZERO_HASH]);
    }
    assert(keyCopies.every((each) => each === undefined));
  });

  it("gives back all it used when it fails, in whatever step", async () => {
    const steps = [...new Set((await committee().attempt(TABLE, [])).frames.map(({ step }) => step))];
    assert.ok(steps.length >= 10);
    for (const step of steps.filter((_, index) => budget.deep || index % 4 === 0)) {
      const study = committee();
      const { outcomes } = await study.attempt(TABLE, [], {
        tamper: (frame) => (frame.step === step ? frame.payload.subarray(1) : frame.payload),
      });
      assert.ok(
        outcomes.some(({ status }) => status === "rejected"),
        step,
      );
      assert.equal(study.leftBehind(), 0, step);
    }
  });

  it("gives back the columns it has when one cannot be loaded", async () => {
    const study = committee();
    const { circuit } = await study.clear.compile(TABLE);
    const { outcomes } = await study.attempt(TABLE, [], { missingColumn: circuit!.columns.at(-1)! });
    assert.ok(outcomes.every(({ status }) => status === "rejected"));
    assert.equal(study.leftBehind(), 0);
  });

  it("goes on without a hospital that retired, whose shares are gone: on shares as in the clear", async () => {
    const study = committee();
    study.contribute("two", MIXED);
    const cohort = { sql: "SELECT COUNT(*), AVG(value) FROM trial WHERE age >= 60" };
    for (const request of [TABLE, cohort, { sql: "SELECT COUNT(*) FROM trial" }]) {
      const { expected, shared } = await study.ask(request);
      assert.deepEqual([shared, shared.kind], [expected, "answered"]);
    }
    study.retire("two");
    const kinds: string[] = [];
    for (const request of [TABLE, cohort, { sql: "SELECT COUNT(*) FROM trial" }, cohort]) {
      const { expected, shared } = await study.ask(request);
      assert.deepEqual(shared, expected);
      kinds.push(shared.kind);
    }
    assert.deepEqual(kinds, ["refused", "refused", "answered", "refused"]);
    study.contribute("one", [...people(20, "A", 65), ...people(20, "B", 65), ...people(20, "A", 45, 0)]);
    for (const request of [TABLE, cohort]) {
      const { expected, shared } = await study.ask(request);
      assert.deepEqual([shared, shared.kind], [expected, "answered"]);
    }
    assert.equal(study.leftBehind(), 0);
  });

  it("fails while a participant has erased what the agreed history still counts on", async () => {
    const study = committee();
    study.contribute("two", MIXED);
    await study.ask(TABLE);
    const behind = [...study.clear.history];
    study.retire("two");
    const { outcomes } = await study.attempt({ ...TABLE, versions: { one: 1 } }, behind);
    for (const outcome of outcomes) {
      assert.ok(outcome.status === "rejected");
      assert.ok(isCoded(outcome.reason, "STORE_KEY_MISSING"), String(outcome.reason));
    }
    assert.equal(study.leftBehind(), 0);
  });

  it("fails a request over a rejected or retired dataset without computing, and waits for one that is being checked", async () => {
    const place = { datasetId: "one", version: "1" } as const;
    const study = committee();
    const planned = (detail: NodeErrorDetail) => study.attempt(TABLE, [], { planError: nodeError(detail, "not now") });
    const rejected = await planned({ code: "PLAN_DATASET_REJECTED", ...place, reason: "malformed-columns" });
    for (const outcome of rejected.outcomes) {
      assert.ok(outcome.status === "fulfilled");
      assert.deepEqual([outcome.value.outcome, outcome.value.outputs], [Outcome.FAILED_UNAVAILABLE, []]);
    }
    assert.deepEqual(rejected.recorded, Array(3).fill(["PLAN_DATASET_REJECTED"]));
    const retired = await planned({ code: "PLAN_DATASET_RETIRED", datasetId: "one", block: 7 });
    for (const outcome of retired.outcomes) {
      assert.ok(outcome.status === "fulfilled");
      assert.deepEqual([outcome.value.outcome, outcome.value.outputs], [Outcome.FAILED_UNAVAILABLE, []]);
    }
    const waiting = await planned({ code: "PLAN_BEING_CHECKED", ...place });
    for (const outcome of waiting.outcomes) {
      assert.ok(outcome.status === "rejected");
      assert.equal((outcome.reason as { code: string }).code, "PLAN_BEING_CHECKED");
    }
    assert.deepEqual([waiting.recorded, waiting.frames], [[[], [], []], []]);
  });

  it("refuses a request whose sets cannot be told: by the plan, by the gate, and beside answers that were posted", async () => {
    const untold = "SELECT AVG(score) FROM trial WHERE score >= 1";
    const ask = async (sql: string, history: readonly EarlierAnswer[], options: AttemptOptions = {}) => {
      const study = new GatedCommittee(scored);
      study.contribute("one", people(40, "A", 65));
      const { outcomes, recorded, frames } = await study.attempt({ sql }, history, options);
      assert.equal(study.leftBehind(), 0);
      assert.ok(!frames.some(({ step }) => step === "outputs"));
      return { outcomes, recorded };
    };
    const isRefused = ({ outcomes, recorded }: Awaited<ReturnType<typeof ask>>): void => {
      for (const outcome of outcomes) {
        assert.ok(outcome.status === "fulfilled");
        assert.deepEqual([outcome.value.outcome, outcome.value.outputs], [Outcome.REFUSED_DISCLOSURE, []]);
      }
      assert.deepEqual(recorded, Array(3).fill(["PLAN_UNTOLD_SETS"]));
    };
    const planError = nodeError({ code: "PLAN_UNTOLD_SETS", requestId: "0x1" }, "cannot be told");
    isRefused(await ask("SELECT COUNT(*) FROM trial", [], { planError }));
    isRefused(await ask(untold, []));
    const other = new GatedCommittee(scored);
    other.contribute("one", people(40, "A", 65));
    const { facts } = await other.clear.compile({ sql: untold });
    const opened = { hiddenOutputs: new Set<number>(), zeroOutputs: new Set<number>() };
    isRefused(await ask("SELECT AVG(score) FROM trial", [{ ...facts, requestId: "0x1", opened }]));
    // Not posted, and taken for opened by these workers themselves: no attempt would ever come further.
    isRefused(await ask("SELECT AVG(score) FROM trial", [{ ...facts, requestId: "0x1", opened: "unknown" }]));
  });

  it("fails the attempt, and refuses nothing, where a participant names a request whose sets cannot be told", async () => {
    const study = new GatedCommittee(scored);
    study.contribute("one", people(40, "A", 65));
    const { facts } = await study.clear.compile({ sql: "SELECT AVG(score) FROM trial WHERE score >= 1" });
    const named: EarlierAnswer = { ...facts, requestId: "0x1", opened: "unknown", isNamedOnly: true };
    const { outcomes, recorded } = await study.attempt({ sql: "SELECT COUNT(*) FROM trial WHERE age >= 60" }, [named]);
    for (const outcome of outcomes) {
      assert.ok(outcome.status === "rejected" && isCoded(outcome.reason, "DISCLOSURE_UNSUPPORTED"));
    }
    assert.deepEqual([recorded, study.leftBehind()], [[[], [], []], 0]);
  });

  it("fails the attempt, and refuses nothing, where public facts refuse it only for what a participant names", async () => {
    const sql = "SELECT COUNT(*) FROM trial WHERE age >= 60";
    for (const knowsItself of [false, true]) {
      const study = new GatedCommittee(scored);
      study.contribute("one", people(40, "A", 65));
      study.contribute("one", people(2, "A", 65));
      const { facts } = await study.clear.compile({ sql, versions: { one: 1 } });
      const asked: EarlierAnswer = { ...facts, requestId: "0x1", opened: "unknown" };
      const history = [knowsItself ? asked : { ...asked, isNamedOnly: true as const }];
      const { outcomes, recorded, frames } = await study.attempt({ sql }, history);
      for (const outcome of outcomes) {
        if (knowsItself)
          assert.equal(outcome.status === "fulfilled" && outcome.value.outcome, Outcome.REFUSED_DISCLOSURE);
        else assert.ok(outcome.status === "rejected" && isCoded(outcome.reason, "PLAN_REFUSED_BY_NAMES"));
      }
      assert.deepEqual([recorded, study.leftBehind()], [[[], [], []], 0]);
      assert.ok(!frames.some(({ step }) => step === "cohort"));
    }
  });
});
