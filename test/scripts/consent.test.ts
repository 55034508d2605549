/** Consent through the commands: the consortium's, the hospital's, the participants' and the auditor's. */
import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ZeroHash, id, keccak256, toUtf8Bytes } from "ethers";
import { doneAtOnce } from "../../scripts/admin/governed.ts";
import { command as publishConsentForm } from "../../scripts/admin/publishConsentForm.ts";
import { command as setConsentRules } from "../../scripts/admin/setConsentRules.ts";
import { command as auditMask } from "../../scripts/auditor/mask.ts";
import { command as enrolCommand } from "../../scripts/dataOwner/enrol.ts";
import { command as recordConsent } from "../../scripts/dataOwner/recordConsent.ts";
import { command as consent } from "../../scripts/participant/consent.ts";
import { command as relay } from "../../scripts/participant/relay.ts";
import { command as show } from "../../scripts/participant/show.ts";
import { command as verify } from "../../scripts/participant/verify.ts";
import { jsonOf } from "../../scripts/printValue.ts";
import { instantText } from "../../scripts/query.ts";
import { consentRegistry } from "../../workers/chain/consentRegistry.ts";
import { type ConsentWorld, FORM, slipAt, startConsentWorld } from "./consentWorld.ts";
import { type Alter, type RpcProxy, startRpcProxy } from "./rpcProxy.ts";

const SCOPE = { give: false, withdraw: false, purpose: [] as string[], futureUse: false };

describe("consent", () => {
  let world: ConsentWorld;
  before(async () => {
    world = await startConsentWorld();
    for (const name of ["relayer", "rich"]) await world.balance(name);
  });
  after(() => world.consortium.close());

  const at = () => ({ ...world.consortium.network });
  const path = (name: string): string => join(world.consortium.folder, name);
  const own = (name: string, slip: string, change: object) => {
    const options = { ...world.consortium.as(name), slip, ...SCOPE, send: false, ...change };
    return consent.handler(options, world.consortium.context);
  };
  const relayed = (file: string, by = "relayer") =>
    relay.handler({ ...world.consortium.as(by), file }, world.consortium.context);
  const shown = (slip: string) => show.handler({ ...at(), slip }, world.consortium.context);
  const verified = (slip: string, subject: string, handles?: string) =>
    verify.handler({ ...at(), slip, subject, ...(handles === undefined ? {} : { handles }) }, world.consortium.context);
  const recorded = (subjects: readonly string[], change: object) => {
    const participants = world.write("paper.csv", ["subject_id", ...subjects, ""].join("\n"));
    const place = { study: world.consortium.studyId, version: "1", participants, directory: world.directory };
    return recordConsent.handler(
      { ...world.consortium.as("hospital"), ...place, ...SCOPE, ...change },
      world.consortium.context,
    );
  };
  const audited = (change: { study?: string; request?: string; dataset?: string[]; rpc?: string }) =>
    auditMask.handler({ ...at(), dataset: [], ...change }, world.consortium.context);
  const registry = () => consentRegistry(world.consortium.deployment, world.consortium.chain.provider);
  const invalid = (option: string) => ({ detail: { code: "OPTION_INVALID", option } });

  describe("data-owner enrol", () => {
    it("writes private slips and the public list of handles, and tells no subject id", async () => {
      const [one, two] = world.subjects as [string, string];
      const [slip] = await world.enrol([one, "p-one"], [two, "p-two"]);
      for (const file of [slip!, world.handles]) assert.equal(statSync(file).mode & 0o777, 0o600);
      const { enrolment, handlesHash } = slipAt(slip!);
      assert.deepEqual([enrolment.slot, enrolment.nonce, enrolment.version], [world.slotOf(one), 0n, 1n]);
      assert.equal(enrolment.participant, world.consortium.wallet("p-one").address);
      assert.equal(await registry().participant(world.datasetId, 1n, enrolment.slot), undefined);
      const list = JSON.parse(readFileSync(world.handles, "utf8")) as { handles: string[] };
      assert.equal(list.handles.length, world.subjects.length);
      assert.equal(keccak256(`0x${list.handles.map((each) => each.slice(2)).join("")}`), handlesHash);
      const texts = [
        readFileSync(slip!, "utf8"),
        readFileSync(world.handles, "utf8"),
        ...world.consortium.context.lines,
      ];
      for (const text of texts) assert.ok(!text.includes(one) && !text.includes(two));
    });
    it("names the line that is wrong, and never what stands in it", async () => {
      const options = (content: string, version = "1") => {
        const participants = world.write("wrong.csv", content);
        const { studyId, context } = world.consortium;
        const place = { study: studyId, version, participants, directory: world.directory, out: path("nothing") };
        return enrolCommand.handler({ ...world.consortium.as("hospital"), ...place }, context);
      };
      const address = world.consortium.wallet("p-one").address;
      const [subject] = world.subjects;
      for (const [content, line] of [
        ["subject,address\n", 1],
        ["subject_id,address\n", 0],
        [`subject_id,address\nNOBODY-7,${address}\n`, 2],
        [`subject_id,address\n${subject},${address}\n${subject},${address}\n`, 3],
        [`subject_id,address\n${subject},0x12\n`, 2],
        [`subject_id,address\n"${subject}\n`, 0],
      ] as const) {
        await assert.rejects(options(content), (error: Error & { detail: unknown }) => {
          assert.deepEqual(error.detail, { code: "PARTICIPANTS_INVALID", line });
          return !error.message.includes("NOBODY") && !error.message.includes(subject!);
        });
      }
      await assert.rejects(options("", "2"), {
        detail: { code: "VERSION_NOT_ACTIVE", datasetId: world.datasetId, version: "2" },
      });
    });
    it("writes no slip when the kept salts are not those of the version", async () => {
      const file = join(world.directory, "datasets", world.datasetId, "v1", "salts.json");
      const text = readFileSync(file, "utf8");
      const salts = JSON.parse(text) as { handles: string[] };
      writeFileSync(file, JSON.stringify({ ...salts, handles: [id("other"), ...salts.handles.slice(1)] }));
      await assert.rejects(world.enrol([world.subjects[0]!, "p-one"]), { code: "ENROL_OTHER_COMMITMENTS" });
      writeFileSync(file, JSON.stringify({ ...salts, handles: salts.handles.slice(1) }));
      await assert.rejects(world.enrol([world.subjects[0]!, "p-one"]), { code: "CONTRIBUTION_DAMAGED" });
      writeFileSync(file, text);
    });
  });

  describe("participant verify", () => {
    it("shows that a slip is about a subject id, in a list that is on chain, at a row of it", async () => {
      const [slip] = await world.enrol([world.subjects[3]!, "p-three"]);
      const found = await verified(slip!, world.subjects[3]!, world.handles);
      assert.deepEqual([found.verified, found.isMine, found.isCommitted, found.isAtSlot], [true, true, true, true]);
      const without = await verified(slip!, world.subjects[3]!);
      assert.deepEqual([without.verified, without.isAtSlot], [true, undefined]);
    });
    it("is not fooled by another's slip, another list, another row or another commitment", async () => {
      const [slip] = await world.enrol([world.subjects[3]!, "p-three"]);
      const changed = (from: string, change: (file: Record<string, unknown>) => object): string => {
        const file = JSON.parse(readFileSync(from, "utf8")) as Record<string, unknown>;
        writeFileSync(path("changed.json"), JSON.stringify({ ...file, ...change(file) }));
        return path("changed.json");
      };
      const facts = async (...args: Parameters<typeof verified>) => {
        const { verified: whole, isMine, isCommitted, isAtSlot } = await verified(...args);
        assert.equal(whole, false);
        return [isMine, isCommitted, isAtSlot];
      };
      const [mine] = [world.subjects[3]!];
      assert.deepEqual(await facts(slip!, world.subjects[4]!, world.handles), [false, true, true]);
      assert.deepEqual(
        await facts(
          changed(slip!, () => ({ salt: id("other") })),
          mine,
        ),
        [false, true, undefined],
      );
      assert.deepEqual(
        await facts(
          changed(slip!, () => ({ proof: [] })),
          mine,
          world.handles,
        ),
        [true, false, true],
      );
      const moved = (file: Record<string, unknown>) => ({ enrolment: { ...(file["enrolment"] as object), slot: 4 } });
      assert.deepEqual(await facts(changed(slip!, moved), mine, world.handles), [true, true, false]);
      const swapped = (file: Record<string, unknown>) => ({ handles: (file["handles"] as string[]).toReversed() });
      assert.deepEqual(await facts(slip!, mine, changed(world.handles, swapped)), [true, true, false]);
    });
    it("names the field of a slip that is wrong", () => {
      writeFileSync(path("bad.json"), JSON.stringify({ format: "opaline-participant-slip-1", studyId: "0x1" }));
      const detail = { code: "FILE_FIELD_INVALID", option: "slip", field: "studyId" };
      assert.throws(() => verified(path("bad.json"), "x"), { detail });
    });
  });

  describe("a participant's own word", () => {
    it("is written to a file that tells nobody who it is, relayed by anyone, and obeyed by the next request", async () => {
      const subject = world.subjects[10]!;
      const [slip] = await world.enrol([subject, "p-ten"]);
      const earlier = await world.asked();
      const { lines } = world.consortium.context;
      await own("p-ten", slip!, { withdraw: true, out: path("withdrawal.json") });
      const text = readFileSync(path("withdrawal.json"), "utf8");
      assert.ok(!text.includes(subject) && !text.includes(slipAt(slip!).salt));
      assert.equal((await shown(slip!)).usableNow, true);
      const { enrolled, relayedByAnother } = await relayed(path("withdrawal.json"));
      assert.deepEqual([enrolled, relayedByAnother], [true, false]);
      const later = await world.asked();
      const { records, usableNow, isYourKey, requests } = await shown(slip!);
      assert.deepEqual([records.length, records[0]!.own, records[0]!.given], [1, true, false]);
      assert.deepEqual([usableNow, isYourKey], [false, true]);
      const uses = new Map(requests.map(({ requestId, yourRow }) => [requestId, yourRow]));
      assert.deepEqual([uses.get(earlier), uses.get(later)], ["could be used", "was not used"]);
      for (const request of [earlier, later]) {
        const { verified: whole, root, expectedRoot, versions } = await audited({ request });
        assert.deepEqual([whole, root], [true, expectedRoot]);
        assert.equal(versions[0]!.excluded, request === later ? 1 : 0);
        assert.equal(root === ZeroHash, request === earlier);
      }
      assert.ok(lines.every((line) => !line.includes(subject)));
      const used = { code: "CONSENT_FILE_USED", participant: world.consortium.wallet("p-ten").address };
      await assert.rejects(relayed(path("withdrawal.json")), { detail: used });
    });
    it("is given under the very form that was read, and sent by itself", async () => {
      const [slip] = await world.enrol([world.subjects[11]!, "rich"]);
      const out = { give: true, purpose: ["DUO:0000007"], send: true };
      const other = world.write("other.txt", `${FORM} `);
      const detail = { code: "CONSENT_OTHER_FORM", formHash: keccak256(toUtf8Bytes(`${FORM} `)) };
      await assert.rejects(own("rich", slip!, { ...out, document: other }), { detail });
      const sent = await own("rich", slip!, { ...out, document: world.form, expires: "2999-12-31" });
      assert.deepEqual([sent.given, sent.form, "enrolled" in sent && sent.enrolled], [true, 1, true]);
      assert.equal(sent.deadline, instantText(BigInt(Date.parse(sent.deadline!) / 1_000)));
      const again = await own("rich", slip!, { withdraw: true, send: true });
      assert.equal("enrolled" in again && again.enrolled, false);
      const { records, usableNow } = await shown(slip!);
      assert.deepEqual(
        records.map(({ given, form, purposes, expiry }) => [given, form, purposes, expiry]),
        [
          [true, 1, ["DUO:0000007"], "2999-12-31T23:59:59.000Z"],
          [false, 0, [], null],
        ],
      );
      assert.equal(usableNow, false);
    });
    it("has times as people read them, whatever number stands on the chain", () => {
      assert.equal(instantText(1_700_000_000n), "2023-11-14T22:13:20.000Z");
      assert.deepEqual([instantText(0n), instantText(2n ** 64n - 1n)], [null, "18446744073709551615 s"]);
    });
    it("says which option is wrong before it opens a key", async () => {
      const [slip] = await world.enrol([world.subjects[12]!, "p-twelve"]);
      const wrong = (option: string, change: object) =>
        assert.throws(() => own("p-twelve", slip!, change), invalid(option), option);
      const send = { send: true };
      wrong("give", send);
      wrong("give", { give: true, withdraw: true, ...send });
      wrong("purpose", { withdraw: true, purpose: ["DUO:0000007"], ...send });
      wrong("future-use", { withdraw: true, futureUse: true, ...send });
      wrong("expires", { withdraw: true, expires: "2030-01-01", ...send });
      wrong("document", { withdraw: true, document: world.form, ...send });
      wrong("document", { give: true, ...send });
      wrong("purpose", { give: true, document: world.form, purpose: Array<string>(17).fill("DUO:0000001"), ...send });
      wrong("expires", { give: true, document: world.form, expires: "tomorrow", ...send });
      wrong("send", { withdraw: true });
      wrong("send", { withdraw: true, out: path("x.json"), ...send });
      wrong("out", { withdraw: true, out: slip! });
      const past = own("p-twelve", slip!, { give: true, document: world.form, expires: "2001-01-01", ...send });
      await assert.rejects(past, invalid("expires"));
    });
    it("needs the slip's own key, and a slip that is not replaced", async () => {
      const subject = world.subjects[13]!;
      const [slip] = await world.enrol([subject, "p-lost"]);
      const wallet = (name: string): string => world.consortium.wallet(name).address;
      const other = { code: "SLIP_OTHER_KEY", participant: wallet("p-lost"), key: wallet("relayer") };
      await assert.rejects(own("relayer", slip!, { withdraw: true, send: true }), { detail: other });
      await own("p-lost", slip!, { withdraw: true, out: path("first.json") });
      await relayed(path("first.json"));
      await own("p-lost", slip!, { withdraw: true, out: path("second.json") });
      const [newer] = await world.enrol([subject, "p-found"]);
      assert.equal(slipAt(newer!).enrolment.nonce, 1n);
      await own("p-found", newer!, { give: true, document: world.form, out: path("third.json") });
      assert.equal((await relayed(path("third.json"))).enrolled, true);
      const replaced = { code: "SLIP_REPLACED", participant: wallet("p-lost"), current: wallet("p-found") };
      await assert.rejects(own("p-lost", slip!, { withdraw: true, send: true }), { detail: replaced });
      await assert.rejects(relayed(path("second.json")), { detail: replaced });
      assert.equal((await shown(slip!)).isYourKey, false);
      assert.deepEqual((await shown(newer!)).usableNow, true);
    });
    it("is not relayed when anything in the file was changed", async () => {
      const [slip] = await world.enrol([world.subjects[14]!, "p-forged"]);
      await own("p-forged", slip!, { withdraw: true, out: path("signed.json") });
      const file = JSON.parse(readFileSync(path("signed.json"), "utf8")) as { consent: object };
      const given = { ...file, consent: { ...file.consent, given: true } };
      writeFileSync(path("forged.json"), JSON.stringify(given));
      const participant = world.consortium.wallet("p-forged").address;
      await assert.rejects(relayed(path("forged.json")), { detail: { code: "CONSENT_FILE_FORGED", participant } });
    });
  });

  describe("data-owner record-consent", () => {
    it("records withdrawals and consents on paper", async () => {
      const subjects = world.subjects.slice(20, 23);
      const withdrawn = await recorded(subjects, { withdraw: true });
      assert.deepEqual([withdrawn.participants, withdrawn.given, withdrawn.transactions.length], [3, false, 1]);
      assert.ok(!subjects.some((subject) => jsonOf(withdrawn).includes(subject)));
      const before = await audited({ study: world.consortium.studyId });
      await recorded(subjects.slice(1), { give: true, form: "1", purpose: ["DUO:0000007"], futureUse: true });
      const after = await audited({ study: world.consortium.studyId });
      assert.ok(before.verified && after.verified);
      assert.equal(after.versions[0]!.excluded, before.versions[0]!.excluded - 2);
    });
    it("gives nothing for a participant who has spoken, and names the line", async () => {
      const subject = world.subjects[24]!;
      const [slip] = await world.enrol([subject, "p-spoke"]);
      await own("p-spoke", slip!, { withdraw: true, out: path("spoke.json") });
      await relayed(path("spoke.json"));
      const { lines } = world.consortium.context;
      const head = await registry().head(world.datasetId);
      const refused = recorded([world.subjects[25]!, subject], { give: true, form: "1" });
      await assert.rejects(refused, { detail: { code: "PARTICIPANTS_INVALID", line: 3 }, message: /own signature/ });
      assert.equal(await registry().head(world.datasetId), head);
      await recorded([subject], { withdraw: true });
      assert.ok(lines.every((line) => !line.includes(subject)));
    });
    it("says which option is wrong", async () => {
      const wrong = (option: string, change: object) =>
        assert.throws(() => recorded([world.subjects[0]!], change), invalid(option));
      wrong("give", {});
      wrong("form", { give: true });
      wrong("form", { withdraw: true, form: "1" });
      wrong("form", { give: true, form: "0" });
      const late = { message: /ConsentRegistryUnknownForm/ };
      await assert.rejects(recorded([world.subjects[30]!], { give: true, form: "7" }), late);
    });
  });

  describe("auditor mask", () => {
    let proxy: RpcProxy;
    after(() => proxy.close());

    it("does not verify on a node that hides a record", async () => {
      const request = await world.asked();
      const hidden = world.consortium.deployment.abi("ConsentRegistry").getEvent("ConsentRecorded")!.topicHash;
      let skipped = false;
      const hide: Alter = (method, result) => {
        if (method !== "eth_getLogs") return result;
        return (result as { topics: string[] }[]).filter(({ topics }) => {
          const skip = !skipped && topics[0] === hidden;
          skipped ||= skip;
          return !skip;
        });
      };
      proxy = await startRpcProxy(world.consortium.chain.url, () => hide);
      const found = await audited({ request, rpc: proxy.url });
      assert.equal(skipped, true);
      assert.deepEqual([found.verified, found.root, found.versions], [false, undefined, []]);
      assert.match(auditMask.print!(found), /NOT VERIFIED/);
      assert.equal(auditMask.succeeded!(found), false);
      skipped = false;
      assert.equal((await audited({ study: world.consortium.studyId, rpc: proxy.url })).verified, false);
      assert.equal((await audited({ request })).verified, true);
    });
    it("takes either a study or a request, and datasets of that study", async () => {
      const { studyId } = world.consortium;
      for (const change of [{}, { study: studyId, request: id("x") }])
        assert.throws(() => audited(change), invalid("study"));
      assert.throws(() => audited({ request: id("x"), dataset: [id("y")] }), invalid("dataset"));
      await assert.rejects(audited({ study: studyId, dataset: [id("y")] }), { code: "DATASET_OTHER_STUDY" });
      await assert.rejects(audited({ study: id("none") }), { code: "STUDY_UNKNOWN" });
      await assert.rejects(audited({ request: id("none") }), { code: "REQUEST_UNKNOWN" });
      const one = await audited({ study: studyId, dataset: [world.datasetId] });
      assert.deepEqual([one.verified, one.versions.length], [true, 1]);
      assert.match(auditMask.print!(one), /verified$/);
    });
  });

  describe("admin", () => {
    const rules = (change: { explicitOnly?: boolean; leastForm?: string }) => {
      const options = { ...world.consortium.as("admin"), study: world.consortium.studyId, explicitOnly: false };
      return setConsentRules.handler({ ...options, ...change }, world.consortium.context);
    };
    it("publishes forms 1, 2, … by their hash, and asks for consent again", async () => {
      const [slip] = await world.enrol([world.subjects[40]!, "p-forty"]);
      await own("p-forty", slip!, { give: true, document: world.form, out: path("forty.json") });
      await relayed(path("forty.json"));
      assert.equal((await shown(slip!)).usableNow, true);
      const { studyId, context } = world.consortium;
      const second = world.write("form-2.txt", "I take part, and more.\n");
      const options = { ...world.consortium.as("admin"), study: studyId, document: second };
      const published = doneAtOnce(await publishConsentForm.handler(options, context));
      assert.deepEqual([published.form, published.formHash], [2n, keccak256(readFileSync(path("form-2.txt")))]);
      const set = doneAtOnce(await rules({ leastForm: "2" }));
      assert.deepEqual([set.explicitOnly, set.leastForm], [false, 2]);
      const stale = await shown(slip!);
      assert.deepEqual([stale.usableNow, stale.leastForm], [false, 2]);
      const old = own("p-forty", slip!, { give: true, document: world.form, out: path("old.json") });
      await assert.rejects(old, { code: "CONSENT_OTHER_FORM" });
      await own("p-forty", slip!, { give: true, document: second, out: path("new.json") });
      await relayed(path("new.json"));
      assert.equal((await shown(slip!)).usableNow, true);
    });
    it("makes rules stricter only, and keeps what is left out", async () => {
      assert.throws(() => rules({}), invalid("least-form"));
      assert.throws(() => rules({ leastForm: "0" }), invalid("least-form"));
      await assert.rejects(rules({ leastForm: "1" }), { message: /ConsentRegistryRulesNotStricter/ });
      await assert.rejects(rules({ leastForm: "9" }), { message: /ConsentRegistryUnknownForm/ });
      const set = doneAtOnce(await rules({ explicitOnly: true }));
      assert.deepEqual([set.explicitOnly, set.leastForm], [true, 2]);
      const { verified: whole, versions } = await audited({ study: world.consortium.studyId });
      // Only p-forty has a consent under form 2.
      assert.deepEqual([whole, versions[0]!.excluded], [true, world.subjects.length - 1]);
    });
    it("names a study that is not there, and a file that cannot be read", async () => {
      const { context } = world.consortium;
      const options = { ...world.consortium.as("admin"), study: id("none"), document: world.form };
      await assert.rejects(async () => publishConsentForm.handler(options, context), { code: "STUDY_UNKNOWN" });
      const missing = { ...options, document: "missing.pdf" };
      assert.throws(() => publishConsentForm.handler(missing, context), { code: "FILE_UNREADABLE" });
    });
  });
});
