/** A trial from its registration to its end, by the commands that people type. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { id } from "ethers";
import { command as postVerdict } from "../../scripts/board/postVerdict.ts";
import { command as rotateKey } from "../../scripts/board/rotateKey.ts";
import { command as show } from "../../scripts/board/show.ts";
import { command as signVerdict } from "../../scripts/board/signVerdict.ts";
import { command as withdrawSignature } from "../../scripts/board/withdrawSignature.ts";
import { textOf } from "../../scripts/printValue.ts";
import { revertHint } from "../../scripts/revertHints.ts";
import { isCoded } from "../../workers/errors.ts";
import { BOARD, RESPONDED, type TrialWorld, startTrialWorld } from "./trialWorld.ts";
import { doneAtOnce } from "../../scripts/admin/governed.ts";

const MEANING = "I approve this verdict";
const DEADLINE = "2100-12-31";

describe("a board", () => {
  let world: TrialWorld;
  let trialId: string;
  let requestId: string;
  before(async () => {
    world = await startTrialWorld();
    trialId = doneAtOnce(await world.register(world.trialFile())).trialId;
    await world.contribute(173n);
    requestId = await world.answered();
  });
  after(() => world.consortium.close());

  const sign = (name: string, verdict: object, out = `${name}.json`, despiteDispute = false) => {
    const { consortium, write } = world;
    const options = {
      despiteDispute,
      ...consortium.as(name),
      trial: trialId,
      verdict: write("verdict.json", verdict),
      out,
    };
    return signVerdict.handler({ ...options, name: `Prof. ${name}`, meaning: MEANING }, consortium.context);
  };
  const post = async (...signature: string[]) =>
    postVerdict.handler({ ...world.consortium.as("hospital"), signature }, world.consortium.context);
  const shown = () => show.handler({ ...world.consortium.network, trial: trialId }, world.consortium.context);
  const verdictOf = (change: object = {}) => ({
    look: 1,
    decision: "change-arms",
    request: requestId,
    posteriors: { EGFR: { sorafenib: 420 } },
    arms: { EGFR: { sorafenib: "dropped" } },
    allocation: { EGFR: { control: 4_000, erlotinib: 6_000, sorafenib: 0 } },
    reason: "sorafenib in EGFR is futile",
    deadline: DEADLINE,
    ...change,
  });
  const rejects = (act: Promise<unknown>, code: string, message: RegExp) => assert.rejects(act, { code, message });

  it("sees the rules and the first allocation before anything is decided", async () => {
    const report = await shown();
    assert.deepEqual([report.state, report.looks, report.signatures], ["running", "0 taken, 2 registered", "2 of 3"]);
    assert.deepEqual(report.inForce[1], { stratum: "EGFR", arm: "erlotinib", state: "active", allocation: "30.00%" });
    assert.deepEqual(report.lookRules[0]!.dropBelow, "5.00%");
    assert.equal(report.board.filter(({ active }) => active).length, 3);
    const { consortium } = world;
    const byStudy = await show.handler({ ...consortium.network, study: consortium.studyId }, consortium.context);
    assert.equal(byStudy.trialId, trialId);
    for (const given of [{}, { trial: trialId, study: consortium.studyId }])
      assert.throws(() => show.handler({ ...consortium.network, ...given }, consortium.context), {
        code: "OPTION_INVALID",
      });
  });

  it("is told by the chain's own check what is wrong, before a signature exists", async () => {
    for (const [change, error] of [
      [{ posteriors: { EGFR: { sorafenib: 500 } } }, "AdaptiveTrialNotFutile"],
      [{ allocation: { EGFR: { control: 4_000, erlotinib: 5_999, sorafenib: 0 } } }, "AdaptiveTrialAllocationSum"],
      [{ look: 2 }, "AdaptiveTrialWrongLook"],
      [{ decision: "continue" }, "AdaptiveTrialDecisionMismatch"],
    ] as const) {
      const act = sign("ada", verdictOf(change), "none.json");
      await assert.rejects(act, (reason) => {
        assert.ok(isCoded(reason, "CHAIN_REVERTED") && reason.message.includes(error), String(reason));
        assert.ok(revertHint(reason.detail as never) !== undefined, `${error} has a hint`);
        return true;
      });
    }
    assert.equal(existsSync(join(world.consortium.folder, "none.json")), false);
  });

  it("is told which field of its file is wrong", async () => {
    for (const [change, message] of [
      [{ decision: "drop" }, /^--verdict: decision: one of continue, change-allocation, change-arms, stop expected/],
      [{ request: undefined }, /^--verdict: request: the cited request/],
      [{ request: "0x12" }, /^--verdict: request: 0x and 64 hex digits/],
      [
        { posteriors: { EGFR: { placebo: 1 } } },
        /^--verdict: posteriors.EGFR.placebo: no such field \(fields: control, /,
      ],
      [
        { posteriors: { EGFR: { sorafenib: 0.5 } } },
        /^--verdict: posteriors.EGFR.sorafenib: a whole number from 0 to 10000/,
      ],
      [{ arms: { KRAS: {} } }, /^--verdict: arms.KRAS: no such field \(fields: EGFR, other\)/],
      [{ deadline: "soon" }, /^--verdict: deadline: a date YYYY-MM-DD/],
      [{ posterior: {} }, /^--verdict: posterior: no such field/],
      [{ decision: "stop" }, /^--verdict: allocation: nothing \(a stop allocates nobody\)/],
    ] as const)
      await rejects(sign("ada", verdictOf(change)), "FILE_FIELD_INVALID", message);
  });

  it("signs only as a member, with the number that the answer counts", async () => {
    await rejects(sign("hospital", verdictOf()), "BOARD_NOT_MEMBER", /is not of this trial's board/);
    await rejects(sign("ada", verdictOf({ responded: 136 })), "VERDICT_RESPONDED_DIFFERS", /136 .* counts 135/);
    const open = await world.asked();
    await rejects(sign("ada", verdictOf({ request: open })), "VERDICT_NOT_ANSWERED", /has no answer/);
    await rejects(sign("ada", verdictOf({ request: id("none") })), "REQUEST_UNKNOWN", /no request/);
  });

  it("signs no verdict on an answer that another quorum contradicts, unless it says so", async () => {
    const disputed = await world.answered();
    await sign("ada", verdictOf({ request: disputed }), "before.json");
    await world.dispute(disputed);
    const cited = verdictOf({ request: disputed });
    await rejects(sign("ada", cited, "never.json"), "VERDICT_ANSWER_DISPUTED", /nothing was signed/);
    assert.equal(existsSync(join(world.consortium.folder, "never.json")), false);
    const despite = await sign("ada", cited, "despite.json", true);
    assert.match(despite.checked, /the chain counts who responded; the answer is DISPUTED/);
  });

  it("reads what it signs, posts when enough have signed, and is shown with the answer it cites", async () => {
    const { consortium } = world;
    const signed = await sign("ada", verdictOf());
    assert.deepEqual([signed.responded, signed.enrolled, signed.needed], [RESPONDED, 173n, "2 of 3"]);
    const file = JSON.parse(readFileSync(join(consortium.folder, "ada.json"), "utf8")) as { signedAt: string };
    assert.equal(Date.parse(signed.signedAt) / 1_000, Number(file.signedAt));
    assert.match(signed.signedAt, /^\d{4}-\d{2}-\d{2}T[\d:]{8}Z$/);
    assert.ok(consortium.context.lines.some((line) => line.includes("sorafenib in EGFR is futile")));
    assert.equal(statSync(join(consortium.folder, "ada.json")).mode & 0o777, 0o600);
    await rejects(post("ada.json"), "BOARD_TOO_FEW_SIGNATURES", /^1 of 2 signatures/);
    await rejects(post("ada.json", "ada.json"), "BOARD_TOO_FEW_SIGNATURES", /^1 of 2 signatures/);
    await sign("cem", verdictOf({ reason: "otherwise" }), "other.json");
    await rejects(post("ada.json", "other.json"), "SIGNATURE_FILES_DIFFER", /^other.json signs another verdict/);
    await sign("cem", verdictOf({ responded: RESPONDED }));
    const posted = await post("cem.json", "ada.json");
    assert.deepEqual([posted.state, posted.relayedByAnother, posted.decision], ["running", false, "change-arms"]);
    assert.equal((await post("cem.json", "ada.json")).relayedByAnother, true);
    const report = await shown();
    assert.deepEqual(
      report.inForce.slice(0, 3).map(({ state, allocation }) => [state, allocation]),
      [
        ["active", "40.00%"],
        ["active", "60.00%"],
        ["dropped", "0.00%"],
      ],
    );
    const [recorded] = report.verdicts;
    assert.deepEqual(
      [recorded!.look, recorded!.request, recorded!.enrolled, recorded!.responded],
      [1, requestId, 173n, RESPONDED],
    );
    assert.deepEqual(recorded!.signers.map(({ name }) => name).sort(), ["Prof. ada", "Prof. cem"]);
    assert.deepEqual(
      recorded!.cells.filter(({ posterior }) => posterior !== null).map(({ posterior }) => posterior),
      ["4.20%"],
    );
    assert.match(show.print!(report), /VERDICT 1\n[^]*sorafenib in EGFR is futile/);
    assert.ok(textOf(report).length > 0);
  });

  it("does not post a signature file that somebody changed", async () => {
    const { folder } = world.consortium;
    const file = JSON.parse(readFileSync(join(folder, "ada.json"), "utf8")) as Record<string, unknown>;
    writeFileSync(join(folder, "forged.json"), JSON.stringify({ ...file, name: "Prof. Somebody" }));
    await rejects(post("forged.json"), "SIGNATURE_FILE_FORGED", /^forged.json: the signature is not 0x/);
    for (const [change, message] of [
      [{ signature: "0x12" }, /signature: a signature of 65 bytes/],
      [{ signedAt: 12 }, /signedAt: a text/],
      [{ format: "2" }, /format: one of opaline-board-signature-1/],
      [{ member: "me" }, /member: an address/],
    ] as const) {
      writeFileSync(join(folder, "broken.json"), JSON.stringify({ ...file, ...change }));
      await rejects(post("broken.json"), "FILE_FIELD_INVALID", message);
    }
    await rejects(post(), "OPTION_INVALID", /^--signature: at least one file/);
  });

  it("counts a sealed answer with its own key, and takes its word where it cannot", async () => {
    await world.contribute(200n);
    const sealed = await world.answered(["ada"]);
    const second = { look: 2, decision: "continue", request: sealed, deadline: DEADLINE };
    const counted = await sign("ada", second);
    assert.equal(counted.responded, RESPONDED);
    assert.match(counted.checked, /counted here, with your key/);
    await rejects(sign("ada", { ...second, responded: 1 }), "VERDICT_RESPONDED_DIFFERS", /1 .* counts 135/);
    await rejects(sign("cem", second), "VERDICT_RESPONDED_MISSING", /state "responded"/);
    const word = await sign("cem", { ...second, responded: RESPONDED });
    assert.match(word.checked, /your word, unchecked/);
  });

  it("takes a signature back", async () => {
    const { consortium } = world;
    const back = (name: string) =>
      withdrawSignature.handler({ ...consortium.as(name), signature: "ada.json" }, consortium.context);
    await rejects(back("hospital"), "BOARD_NOT_MEMBER", /is not of this trial's board/);
    assert.equal((await back("ada")).look, 2);
    await rejects(post("ada.json", "cem.json"), "CHAIN_REVERTED", /AdaptiveTrialSignatureWithdrawn/);
  });

  it("stops the trial without any answer, signed by a rotated key too, and nothing is allocated then", async () => {
    const stop = { look: 2, decision: "stop", reason: "two deaths", deadline: DEADLINE };
    for (const member of BOARD) assert.match((await sign(member, stop)).checked, /no answer is cited/);
    const { consortium } = world;
    const keys = { ...consortium.as("ada"), newKeystore: "ada's new key", newPasswordFile: "unused" };
    await rotateKey.handler(keys, consortium.context);
    const stale = BOARD.map((member) => `${member}.json`);
    await rejects(post(...stale), "SIGNATURE_FILE_FORGED", /^ada.json: the signature is not 0x/);
    await rejects(sign("ada", stop), "KEY_REPLACED", /no longer signs for board/);
    const again = await sign("ada's new key", stop, "ada.json");
    assert.equal(again.member, consortium.wallet("ada").address);
    const posted = await post(...BOARD.map((member) => `${member}.json`));
    assert.deepEqual([posted.state, posted.request, posted.reason], ["stopped", null, "two deaths"]);
    assert.ok(posted.inForce.every(({ allocation }) => allocation === 0));
    const late = sign("ada's new key", { ...stop, look: 3 });
    await rejects(late, "CHAIN_REVERTED", /AdaptiveTrialNotRunning/);
  });
});
