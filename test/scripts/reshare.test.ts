/** A hospital shares its data anew for a proposed committee: contracts and uploads are real, workers only take files. */
import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { id } from "ethers";
import { doneAtOnce } from "../../scripts/admin/governed.ts";
import { command as proposeCommittee } from "../../scripts/admin/proposeCommittee.ts";
import { command as publishAgreement } from "../../scripts/admin/publishAgreement.ts";
import { command as withdrawProposal } from "../../scripts/admin/withdrawProposal.ts";
import { command as approveCommittee } from "../../scripts/dataOwner/approveCommittee.ts";
import { command as contribute } from "../../scripts/dataOwner/contribute.ts";
import { readContribution } from "../../scripts/dataOwner/preparedContribution.ts";
import { readResharing } from "../../scripts/dataOwner/preparedResharing.ts";
import { command as reshare } from "../../scripts/dataOwner/reshare.ts";
import { command as retire } from "../../scripts/dataOwner/retire.ts";
import { command as signAgreement } from "../../scripts/dataOwner/signAgreement.ts";
import { makePrivateFolder } from "../../scripts/privateFiles.ts";
import { writeTlsIdentity } from "../../scripts/tlsIdentity.ts";
import { requestedSegments } from "../../scripts/requestedSegments.ts";
import { committeeChanges } from "../../workers/chain/committeeChanges.ts";
import { segmentsByCommittee } from "../../workers/chain/datasetEvents.ts";
import { datasetRegistry } from "../../workers/chain/datasetRegistry.ts";
import { sendCall } from "../../workers/chain/governedCall.ts";
import { memberRegistry } from "../../workers/chain/memberRegistries.ts";
import { verifyDealing } from "../../workers/encoding/dealing.ts";
import type { CodedError } from "../../workers/errors.ts";
import { bn254Fr } from "../../workers/field/bn254Fr.ts";
import { decodeDealingProof } from "../../workers/messages/dealingProof.ts";
import { datasetRoot, sharesRoot } from "../../workers/messages/datasetRoot.ts";
import type { ShareFile } from "../../workers/messages/shareFile.ts";
import { partyIndex } from "../../workers/sharing/parties.ts";
import { reconstruct } from "../../workers/sharing/shamir.ts";
import { trialStudy } from "../support/trialStudy.ts";
import { CHAIN_ID } from "../workers/chain/localChain.ts";
import { type Consortium, startConsortium } from "./consortium.ts";
import { type ReceivingWorker, startReceivingWorker } from "./receivingWorkers.ts";

const OLD = ["w1", "w2", "w3", "w4"];
/** w3 and w4 serve on both, at other points. */
const NEXT = ["w3", "w4", "w5", "w6", "w7"];
const ALL = ["w1", "w2", "w3", "w4", "w5", "w6", "w7"];

const [HEADER, ...ROWS] = trialStudy().sites[0]!.csv.trim().split("\n") as [string, ...string[]];
const FIRST = ROWS.slice(0, 24);
const SECOND = ROWS.slice(24, 40);

type Options = Partial<{ csv: string; version: string; again: boolean; directory: string }>;

describe("data-owner reshare", () => {
  let consortium: Consortium;
  let workers: Map<string, ReceivingWorker>;
  let directory: string;
  let datasetId: string;

  before(async () => {
    consortium = await startConsortium();
    workers = new Map();
    for (const name of ALL) workers.set(name, await startReceivingWorker(consortium, name));
    directory = join(consortium.folder, "private");
    makePrivateFolder(directory);
    const { fingerprint } = await writeTlsIdentity(directory, "Hospital", [], consortium.context);
    const owner = await consortium.admit("dataOwner", "hospital", "Hospital", { tlsFingerprint: fingerprint });
    await consortium.appoint(OLD);
    await signStudyAgreement();
    datasetId = await datasets().datasetIdOf(consortium.studyId, owner);
  });
  after(async () => {
    for (const worker of workers.values()) await worker.stop();
    await consortium.close();
  });
  beforeEach(() => {
    consortium.context.lines.length = 0;
    for (const worker of workers.values()) worker.mood = "well";
  });

  const datasets = () => datasetRegistry(consortium.deployment, consortium.chain.provider);
  const changes = () => committeeChanges(consortium.deployment, consortium.chain.provider);
  const addresses = (names: readonly string[]) => names.map((name) => consortium.wallet(name).address);
  const files = (name: string) => workers.get(name)!.files;
  const folderOf = (version: number, epoch?: number): string =>
    join(directory, "datasets", datasetId, `v${version}`, ...(epoch === undefined ? [] : [`epoch-${epoch}`]));

  async function signStudyAgreement(): Promise<void> {
    const { studyId, context, as } = consortium;
    const place = { study: studyId, document: join(consortium.folder, "agreement.txt") };
    writeFileSync(place.document, "We contribute.");
    await publishAgreement.handler({ ...as("admin"), ...place, jurisdiction: "EU", party: ["Hospital"] }, context);
    await signAgreement.handler({ ...as("hospital"), ...place, name: "Dr A.", meaning: "I sign." }, context);
  }
  function csvFile(name: string, rows: readonly string[]): string {
    const path = join(consortium.folder, name);
    writeFileSync(path, [HEADER, ...rows, ""].join("\n"));
    return path;
  }
  const first = () => csvFile("first.csv", FIRST);
  const second = () => csvFile("second.csv", SECOND);
  const contributing = (csv: string) => {
    const { as, studyId, context } = consortium;
    return contribute.handler(
      { ...as("hospital"), study: studyId, csv, events: [], directory, discard: false },
      context,
    );
  };
  const run = (change: Options = {}) => {
    const { as, studyId, context } = consortium;
    const options = { study: studyId, csv: first(), events: [], directory, again: false, ...change };
    return reshare.handler({ ...as("hospital"), ...options }, context);
  };
  const proposing = async (names = NEXT, threshold = "2") => {
    const { as, context, studyId } = consortium;
    const options = { ...as("admin"), study: studyId, worker: addresses(names), threshold };
    return doneAtOnce(await proposeCommittee.handler(options, context)).epoch;
  };
  const withdrawing = async () => {
    const { as, context, studyId } = consortium;
    doneAtOnce(await withdrawProposal.handler({ ...as("admin"), study: studyId, reason: "no" }, context));
  };
  const approving = (names = NEXT, threshold = "2") => {
    const { as, context, studyId } = consortium;
    const signed = { name: "Dr A. Director", meaning: "They may." };
    const options = { ...as("hospital"), study: studyId, worker: addresses(names), threshold, ...signed };
    return approveCommittee.handler(options, context);
  };
  /** Everything that any worker was sent, to tell that nothing more was. */
  const sent = () => [...workers.values()].map((worker) => worker.files.length).join();

  async function refusedBeforeSending(change: Options, detail: object, message: RegExp): Promise<void> {
    const before = sent();
    await assert.rejects(
      async () => run(change),
      (error: CodedError) => {
        assert.deepEqual(error.detail, detail);
        assert.match(error.message, message);
        for (const row of ROWS) assert.ok(!`${error.message}`.includes(row.split(",")[0]!), "names no patient");
        return true;
      },
    );
    assert.equal(sent(), before, "nothing was sent");
  }

  describe("has to be asked for", () => {
    it("needs data, a proposal and the owner's approval of exactly that", async () => {
      const { studyId, wallet } = consortium;
      const owner = wallet("hospital").address;
      await refusedBeforeSending({}, { code: "RESHARE_NO_DATA", studyId, owner }, /`contribute` comes first/);
      for (const csv of [first(), second()]) assert.equal((await contributing(csv)).alreadyActive, false);
      await refusedBeforeSending({}, { code: "RESHARE_NOTHING_PROPOSED", studyId }, /no other committee/);
      assert.equal(await proposing(OLD.toReversed(), "1"), 2n);
      const other = { code: "RESHARE_NOT_APPROVED", epoch: 2n, workers: addresses(OLD.toReversed()) };
      await refusedBeforeSending({}, other, /approve-committee --study 0x.* --threshold 1 --name/);
      await approving(OLD.toReversed(), "1");
      await withdrawing();
      assert.equal(await proposing(), 3n);
      const detail = { code: "RESHARE_OTHER_COMMITTEE", approved: 2n, epoch: 3n, workers: addresses(NEXT) };
      await refusedBeforeSending({}, detail, /proposal 2, which was withdrawn.*approve-committee/);
      await approving();
    });
    it("takes versions that exist, in their order, each from its own file", async () => {
      const detail = { code: "RESHARE_NO_SUCH_VERSION", version: 3, versions: 2 };
      await refusedBeforeSending({ version: "3" }, detail, /versions 1 to 2/);
      await refusedBeforeSending(
        { csv: second() },
        { code: "RESHARE_WRONG_ORDER", version: 2, next: 1 },
        /version 1 comes before 2/,
      );
      await refusedBeforeSending(
        { csv: second(), version: "1" },
        { code: "RESHARE_OTHER_VERSION", version: 1, of: 2 },
        /the file of version 2/,
      );
      const unknown = csvFile("again.csv", FIRST.toReversed());
      await refusedBeforeSending({ csv: unknown }, { code: "RESHARE_WHICH_VERSION", versions: [1, 2] }, /--version, 1 first/); // prettier-ignore
    });
  });

  describe("gives away only what was activated", () => {
    const none = { version: 1, missing: 0, unknown: 0, fields: [] };
    it("refuses other patients, and counts them", async () => {
      const some = csvFile("some.csv", [...FIRST.slice(3), ...SECOND.slice(0, 5)]);
      const detail = { code: "RESHARE_OTHER_DATA", ...none, missing: 3, unknown: 5 };
      await refusedBeforeSending({ csv: some, version: "1" }, detail, /3 of them are missing, and 5 others/);
    });
    it("refuses other values, and names their fields", async () => {
      const names = HEADER.split(",");
      const age = names.indexOf("age");
      const cells = FIRST[7]!.split(",");
      const corrected = cells.with(age, cells[age] === "50" ? "51" : "50").join(",");
      const detail = { code: "RESHARE_OTHER_DATA", ...none, fields: ["age"] };
      const csv = csvFile("corrected.csv", FIRST.with(7, corrected));
      await refusedBeforeSending({ csv, version: "1" }, detail, /other values than were activated in: age/);
    });
    it("refuses what the schema refuses, and names the place", async () => {
      const csv = csvFile("wrong.csv", [...FIRST.slice(1), FIRST[0]!.split(",").slice(1).join(",")]);
      await assert.rejects(async () => run({ csv, version: "1" }), { code: "CSV_INVALID" });
    });
    it("says that the folder is not the one, rather than blame the file", async () => {
      const aside = `${folderOf(1)}-aside`;
      const detail = { code: "RESHARE_NOT_KEPT", version: 1 };
      cpSync(folderOf(1), aside, { recursive: true });
      const salts = JSON.parse(readFileSync(join(folderOf(1), "salts.json"), "utf8")) as Record<string, string[]>;
      const other = salts["columns"]!.with(2, salts["columns"]![3]!);
      writeFileSync(join(folderOf(1), "salts.json"), JSON.stringify({ ...salts, columns: other }));
      await refusedBeforeSending({}, detail, /backup/);
      writeFileSync(join(folderOf(1), "salts.json"), JSON.stringify({ ...salts, columns: other.slice(1) }));
      await refusedBeforeSending({}, detail, /backup/);
      writeFileSync(join(folderOf(1), "salts.json"), JSON.stringify({ ...salts, columns: other.with(0, "0x12") }));
      await assert.rejects(async () => run(), { code: "CONTRIBUTION_DAMAGED" });
      rmSync(folderOf(1), { recursive: true });
      await refusedBeforeSending({ version: "1" }, detail, /backup/);
      renameSync(aside, folderOf(1));
    });
  });

  describe("does it once", () => {
    it("asks first whether the account can pay", async () => {
      const { chain, wallet } = consortium;
      const { address } = wallet("hospital");
      const balance = await chain.provider.send("eth_getBalance", [address, "latest"]);
      await chain.provider.send("hardhat_setBalance", [address, "0x0"]);
      const before = sent();
      await assert.rejects(async () => run(), { code: "CHAIN_INSUFFICIENT_FUNDS" });
      await chain.provider.send("hardhat_setBalance", [address, balance]);
      assert.ok(!existsSync(folderOf(1, 3)) && sent() === before, "nothing was prepared");
    });
    let prepared: string;
    it("keeps what it prepared while a worker is away", async () => {
      // What a command leaves that is killed while it writes or discards.
      for (const left of [`${folderOf(1, 3)}.draft`, `${folderOf(1, 3)}.discarded`])
        makePrivateFolder(join(left, "shares"));
      workers.get("w5")!.mood = "away";
      const detail = { code: "RESHARE_WORKERS_UNAVAILABLE", workers: addresses(["w5"]) };
      await assert.rejects(async () => run(), { detail });
      workers.get("w5")!.mood = "refusing";
      await assert.rejects(async () => run(), { detail: { ...detail, code: "RESHARE_REFUSED" } });
      prepared = readResharing(folderOf(1, 3))!.sharesRoot;
      assert.deepEqual(
        readdirSync(folderOf(1)).filter((name) => name.startsWith("epoch")),
        ["epoch-3"],
      );
      assert.deepEqual(readdirSync(join(folderOf(1, 3), "receipts")).sort(), ["1", "2", "4", "5"]);
      assert.equal(await changes().reshared(datasetId, 3n), 0n);
      for (const path of ["resharing.json", "shares/1.share", "receipts/1"]) {
        assert.equal(statSync(join(folderOf(1, 3), path)).mode & 0o777, 0o600);
      }
    });
    it("goes on with the same shares, and sends them to nobody twice", async () => {
      const before = sent();
      const done = await run();
      const { sharesRoot: root, missing, version, epoch, alreadyReshared } = done;
      assert.deepEqual([root, missing, version, epoch, alreadyReshared], [prepared, [2], 1, 3n, false]);
      assert.equal(workers.get("w5")!.files.length, 1);
      assert.notEqual(sent(), before);
      assert.ok(!existsSync(join(folderOf(1, 3), "shares")), "share files are erased");
      assert.equal(readResharing(folderOf(1, 3))!.reshared, done.transaction);
      assert.match(consortium.context.lines.join("\n"), /still to be shared anew: 2/);
      assert.equal(await changes().reshared(datasetId, 3n), 1n);
    });
    it("gives the new workers the columns that the old ones have", async () => {
      const old = ["w1", "w2"].map((name) => files(name)[0]!.file);
      const fresh = ["w7", "w4", "w3"].map((name) => files(name).at(-1)!.file);
      assert.deepEqual(opened(fresh), opened(old));
      for (const { header } of fresh) {
        assert.deepEqual([header.committeeEpoch, header.version, header.n, header.t], [3n, 1n, 5, 2]);
      }
      assert.deepEqual(
        fresh.map(({ header }) => header.party),
        [5, 2, 1],
      );
      assert.notDeepEqual(opened(fresh.slice(0, 2)), opened(old), "two of t = 2 do not know them");
    });
    it("proves the dealing to each worker, for exactly these files", () => {
      const { ingestProof, fileHashes, sharesRoot: root } = readResharing(folderOf(1, 3))!;
      assert.equal(sharesRoot([...fileHashes]), root);
      const proof = decodeDealingProof(ingestProof, { n: 5, t: 2 });
      const facts = { chainId: CHAIN_ID, datasetId, version: 1n, sharesRoot: root };
      for (const name of NEXT) {
        const { header, seeds, columns } = files(name).at(-1)!.file;
        const vectors = columns.map((words) => bn254Fr.fromWords(words));
        verifyDealing(bn254Fr, { header, seeds, columns: vectors }, proof, facts);
      }
    });
    it("is done, and says so", async () => {
      const before = sent();
      const { sharesRoot: root, alreadyReshared, missing } = await run();
      assert.deepEqual([root, alreadyReshared, missing, sent()], [prepared, true, [2], before]);
    });
    it("notes what an interruption left unnoted, and sends nothing again", async () => {
      const path = join(folderOf(1, 3), "resharing.json");
      const { reshared, ...unnoted } = readResharing(folderOf(1, 3))!;
      makePrivateFolder(join(folderOf(1, 3), "shares"));
      for (const again of [false, true]) {
        writeFileSync(path, JSON.stringify(unnoted));
        const before = sent();
        const done = await run({ again });
        assert.deepEqual([done.alreadyReshared, done.transaction, sent()], [true, reshared, before]);
        assert.deepEqual([readResharing(folderOf(1, 3))!.reshared, existsSync(join(folderOf(1, 3), "shares"))], [reshared, false]); // prettier-ignore
      }
    });
    it("takes the same table from other bytes, and the one version that is left without being told", async () => {
      const csv = csvFile("exported-again.csv", SECOND.toReversed());
      const done = await run({ csv });
      assert.deepEqual([done.version, done.missing, done.alreadyReshared], [2, [], false]);
      assert.match(consortium.context.lines.join("\n"), /not the very file[^]*all versions are shared anew/);
      assert.deepEqual(opened(["w7", "w4", "w3"].map((name) => files(name).at(-1)!.file)), opened(["w1", "w2"].map((name) => files(name)[1]!.file))); // prettier-ignore
      const { version, alreadyReshared, missing } = await run({ csv });
      assert.deepEqual([version, alreadyReshared, missing], [undefined, true, []]);
    });
    it("leaves the version's contribution as it was", async () => {
      const { csvHash, activated, committeeEpoch } = readContribution(folderOf(2))!;
      assert.deepEqual([committeeEpoch, activated !== undefined], ["1", true]);
      assert.equal((await contributing(second())).alreadyActive, true);
      assert.equal(readContribution(folderOf(2))!.csvHash, csvHash);
    });
  });

  describe("does it again", () => {
    it("only with --again, with other shares of the same columns, once however often it is interrupted", async () => {
      const { sharesRoot: before } = readResharing(folderOf(1, 3))!;
      workers.get("w6")!.mood = "away";
      await assert.rejects(async () => run({ again: true }), { code: "RESHARE_WORKERS_UNAVAILABLE" });
      const { sharesRoot: prepared } = readResharing(folderOf(1, 3))!;
      assert.notEqual(prepared, before);
      workers.get("w6")!.mood = "well";
      assert.deepEqual([(await run()).alreadyReshared, (await run()).sharesRoot], [true, before]);
      assert.match(consortium.context.lines.join("\n"), /--again goes on with it/);
      const done = await run({ again: true });
      assert.deepEqual([done.sharesRoot, done.alreadyReshared, done.missing], [prepared, false, []]);
      const known = await changes().resharings(consortium.chain.provider, datasetId, 3n, 1n);
      assert.deepEqual(
        known.map(({ sharesRoot: root }) => root),
        [before, prepared],
      );
      assert.equal(known[1]!.transaction, done.transaction);
      assert.equal(await changes().reshared(datasetId, 3n), 2n);
      const fresh = ["w7", "w4", "w3"].map((name) => files(name).at(-1)!.file);
      assert.deepEqual(opened(fresh), opened(["w1", "w2"].map((name) => files(name)[0]!.file)));
    });
    it("leaves on the chain what a request of either committee can have fixed", async () => {
      const { deployment, chain } = consortium;
      const [before, next] = await segmentsByCommittee(deployment, chain.provider, datasetId);
      assert.deepEqual(before, await datasets().segments(datasetId));
      const reshared = [1, 2].map((version) => readResharing(folderOf(version, 3))!.sharesRoot);
      assert.deepEqual(
        next!.map(({ sharesRoot: root }) => root),
        reshared,
      );
      assert.deepEqual(next!.map(({ rowCount, columnsRoot }) => [rowCount, columnsRoot]), before!.map(({ rowCount, columnsRoot }) => [rowCount, columnsRoot])); // prettier-ignore
      const root = datasetRoot(datasetId, 2n, next!);
      const connection = { deployment, provider: chain.provider };
      assert.deepEqual(await requestedSegments(connection, datasetId, root), next);
      const first = before!.slice(0, 1);
      assert.deepEqual(await requestedSegments(connection, datasetId, datasetRoot(datasetId, 1n, first)), first);
      assert.equal(await requestedSegments(connection, datasetId, id("no root")), undefined);
    });
    it("asks which version, where the file is of none as it was", async () => {
      const csv = csvFile("again.csv", FIRST.toReversed());
      const detail = { code: "RESHARE_WHICH_VERSION", versions: [1, 2] };
      await refusedBeforeSending({ csv, again: true }, detail, /--version/);
      assert.equal((await run({ csv, again: true, version: "1" })).alreadyReshared, false);
    });
    it("never posts again what another copy of the folder has replaced since it was sent", async () => {
      const path = join(folderOf(1, 3), "resharing.json");
      const { reshared, ...unnoted } = readResharing(folderOf(1, 3))!;
      const newest = (await run({ again: true })).sharesRoot;
      assert.notEqual(newest, unnoted.sharesRoot);
      makePrivateFolder(join(folderOf(1, 3), "shares"));
      writeFileSync(path, JSON.stringify(unnoted));
      const before = sent();
      const { alreadyReshared, sharesRoot: known } = await run();
      assert.deepEqual([alreadyReshared, known, sent()], [true, newest, before]);
      assert.match(consortium.context.lines.join("\n"), /was shared anew already; --again does it once more/);
      assert.equal(readResharing(folderOf(1, 3))!.reshared, reshared, "noted");
      writeFileSync(path, JSON.stringify(unnoted));
      const done = await run({ again: true });
      assert.equal(done.alreadyReshared, false);
      assert.ok(![unnoted.sharesRoot, newest].includes(done.sharesRoot!), "dealt afresh");
    });
  });

  describe("for each proposal anew", () => {
    let epoch: number;
    it("discards what was prepared for one that was withdrawn", async () => {
      workers.get("w6")!.mood = "away";
      await assert.rejects(async () => run({ again: true }), { code: "RESHARE_WORKERS_UNAVAILABLE" });
      makePrivateFolder(`${folderOf(2, 3)}.draft`);
      await withdrawing();
      await refusedBeforeSending({}, { code: "RESHARE_NOTHING_PROPOSED", studyId: consortium.studyId }, /nobody/);
      for (const path of [folderOf(1, 3), folderOf(2, 3), `${folderOf(2, 3)}.draft`])
        assert.ok(!existsSync(path), path);
      assert.ok(existsSync(folderOf(1)));
    });
    it("prepares fresh shares where the chain no longer has what was noted", async () => {
      epoch = Number(await proposing());
      await approving();
      workers.get("w3")!.mood = "away";
      await assert.rejects(async () => run(), { code: "RESHARE_WORKERS_UNAVAILABLE" });
      const gone = { ...readResharing(folderOf(1, epoch))!, reshared: "0x12" };
      writeFileSync(join(folderOf(1, epoch), "resharing.json"), JSON.stringify(gone));
      workers.get("w3")!.mood = "well";
      const done = await run();
      assert.deepEqual([done.alreadyReshared, done.sharesRoot === gone.sharesRoot], [false, false]);
    });
    it("sends nothing to a committee that lost a member, and nothing of data that are retired", async () => {
      const { deployment, chain, wallet, as, context, studyId } = consortium;
      workers.get("w3")!.mood = "away";
      await assert.rejects(async () => run({ csv: second() }), { code: "RESHARE_WORKERS_UNAVAILABLE" });
      const { address } = wallet("w6");
      const call = memberRegistry(deployment, "worker", chain.wallet).revoke(address, "left");
      await sendCall(deployment, chain.wallet, call);
      const inactive = { code: "RESHARE_WORKERS_INACTIVE", workers: [address] };
      await refusedBeforeSending({ csv: second() }, inactive, /nothing was sent/);
      assert.ok(existsSync(folderOf(2, epoch)));
      await retire.handler({ ...as("hospital"), study: studyId, reason: "over" }, context);
      await refusedBeforeSending({}, { code: "RESHARE_RETIRED", datasetId }, /for good/);
      assert.ok(!existsSync(folderOf(2, epoch)), "shares of retired data are of no use");
    });
  });
});

/** The residues of every column. @param files of t + 1 workers */
function opened(files: readonly ShareFile[]): string[] {
  const { n, t, columns } = files[0]!.header;
  const parties = files.slice(0, t + 1).map(({ header }) => partyIndex(header.party, n));
  return columns.map((_, index) => {
    const shares = files.slice(0, t + 1).map((file) => bn254Fr.fromWords(file.columns[index]!));
    return bn254Fr.toResidues(reconstruct(bn254Fr, parties.length - 1, parties, shares)).join();
  });
}
