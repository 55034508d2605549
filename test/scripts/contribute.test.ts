/** When nothing may be sent, and when a prepared contribution may be given up; no worker runs here. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { type Server, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { command as publishAgreement } from "../../scripts/admin/publishAgreement.ts";
import { command as signAgreement } from "../../scripts/dataOwner/signAgreement.ts";
import { command as contribute } from "../../scripts/dataOwner/contribute.ts";
import { knownSubjects, readContribution } from "../../scripts/dataOwner/preparedContribution.ts";
import { withFolderLock } from "../../scripts/folderLock.ts";
import { makePrivateFolder } from "../../scripts/privateFiles.ts";
import { writeTlsIdentity } from "../../scripts/tlsIdentity.ts";
import { datasetRegistry } from "../../workers/chain/datasetRegistry.ts";
import { sendCall } from "../../workers/chain/governedCall.ts";
import { memberRegistry } from "../../workers/chain/memberRegistries.ts";
import type { CodedError } from "../../workers/errors.ts";
import { temporaryFolder } from "../support/temporaryFolder.ts";
import { trialStudy } from "../support/trialStudy.ts";
import { type Consortium, startConsortium } from "./consortium.ts";

const WORKERS = ["w1", "w2", "w3", "w4"];

describe("data-owner contribute", () => {
  let consortium: Consortium;
  let server: Server;
  let connections = 0;
  let directory: string;
  let csv: string;
  let document: string;

  before(async () => {
    consortium = await startConsortium();
    // Stands for every worker: counts who comes, and hangs up.
    server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const name of WORKERS) await consortium.admit("worker", name, `Operator ${name}`, { endpoint });
    directory = join(consortium.folder, "private");
    makePrivateFolder(directory);
    const { fingerprint } = await writeTlsIdentity(directory, "Hospital", [], consortium.context);
    await consortium.admit("dataOwner", "hospital", "Hospital", { tlsFingerprint: fingerprint });
    csv = join(directory, "patients.csv");
    writeFileSync(csv, trialStudy().sites[0]!.csv);
    await consortium.appoint(WORKERS);
    document = join(consortium.folder, "agreement.txt");
    writeFileSync(document, "We contribute.");
    const place = { study: consortium.studyId, document };
    const agreement = { ...consortium.as("admin"), ...place, jurisdiction: "EU", party: ["Hospital"] };
    await publishAgreement.handler(agreement, consortium.context);
  });
  after(async () => {
    server.close();
    await consortium.close();
  });

  const run = (discard = false, folder = directory) => {
    const place = { study: consortium.studyId, directory: folder };
    const options = { ...consortium.as("hospital"), ...place, csv, events: [], discard };
    return contribute.handler(options, consortium.context);
  };
  it("prepares and sends nothing for an owner who has not signed the study's agreement", async () => {
    const owner = consortium.wallet("hospital").address;
    const detail = { code: "CONTRIBUTE_AGREEMENT_NOT_SIGNED", studyId: consortium.studyId, owner };
    await assert.rejects(run(), { detail, message: /sign-agreement/ });
    assert.equal(connections, 0);
    const statement = { name: "Dr A.", meaning: "I sign." };
    const options = { ...consortium.as("hospital"), study: consortium.studyId, document, ...statement };
    await signAgreement.handler(options, consortium.context);
  });

  it("prepares and sends nothing when the folder is another hospital's than the key, and says so once", async () => {
    const folder = join(consortium.folder, "private of another");
    makePrivateFolder(folder);
    const { fingerprint } = await writeTlsIdentity(folder, "Other", [], consortium.context);
    const other = await consortium.admit("dataOwner", "other", "Other", { tlsFingerprint: fingerprint });
    const owner = consortium.wallet("hospital").address;
    await assert.rejects(run(false, folder), {
      detail: { code: "FOLDER_OF_ANOTHER", owner, other },
      message: /--directory and --keystore seem to be of two hospitals/,
    });
    assert.deepEqual([connections, readdirSync(folder).sort()], [0, ["tls-certificate.pem", "tls-key.pem"]]);
  });

  it("names a folder that is not there, and what makes it", async () => {
    const absent = join(consortium.folder, "absent");
    await assert.rejects(run(false, absent), {
      code: "FOLDER_MISSING",
      message: `--directory ${absent} does not exist; \`opaline data-owner init\` makes it`,
    });
  });

  it("names the workers that are away by organisation and endpoint, and says what to do", async () => {
    const { port } = server.address() as AddressInfo;
    await assert.rejects(run(), (error: CodedError) => {
      assert.equal(error.code, "CONTRIBUTE_WORKERS_UNAVAILABLE");
      assert.ok(error.message.includes(`worker 2 (Operator w2, 127.0.0.1:${port}): `), error.message);
      assert.match(error.message, /; run the same command again once they are up: /);
      return true;
    });
  });

  const prepared = async () => {
    const registry = datasetRegistry(consortium.deployment, consortium.chain.provider);
    const id = await registry.datasetIdOf(consortium.studyId, consortium.wallet("hospital").address);
    return readContribution(join(directory, "datasets", id, "v1"))!;
  };

  it("refuses to run twice at once in one private folder", async () => {
    const both = await Promise.allSettled([run(), run()]);
    const codes = both.map((one) => (one.status === "rejected" ? (one.reason as { code: string }).code : "done"));
    assert.deepEqual(codes.sort(), ["CONTRIBUTE_WORKERS_UNAVAILABLE", "FOLDER_BUSY"]);
    assert.ok(connections > 0, "the workers were asked");
    assert.ok(!readdirSync(directory).some((name) => name.startsWith(".lock")), "no lock is left");
  });

  it("sends nothing when the study has another committee by now, and prepares anew with --discard", async () => {
    const first = await prepared();
    await consortium.appoint([...WORKERS].reverse());
    const before = connections;
    const detail = { code: "CONTRIBUTE_COMMITTEE_CHANGED", prepared: "1", current: "2" };
    await assert.rejects(run(), { detail, message: /nothing was sent.*--discard/ });
    assert.deepEqual([connections, await prepared()], [before, first]);
    await assert.rejects(run(true), { code: "CONTRIBUTE_WORKERS_UNAVAILABLE" });
    const second = await prepared();
    assert.deepEqual([second.committeeEpoch, second.csvHash], ["2", first.csvHash]);
    assert.notEqual(second.sharesRoot, first.sharesRoot);
    assert.ok(connections > before);
  });

  it("goes on with the same shares when --discard is given and nothing has changed", async () => {
    const before = await prepared();
    await assert.rejects(run(true), { code: "CONTRIBUTE_WORKERS_UNAVAILABLE" });
    assert.deepEqual(await prepared(), before);
  });

  it("sends nothing, to anyone, when one worker of the committee is revoked", async () => {
    const { address } = consortium.wallet("w3");
    const { deployment, chain } = consortium;
    await sendCall(
      deployment,
      chain.wallet,
      memberRegistry(deployment, "worker", chain.wallet).revoke(address, "left"),
    );
    const before = connections;
    await assert.rejects(run(), {
      detail: { code: "CONTRIBUTE_WORKERS_INACTIVE", workers: [address] },
      message: /nothing was sent/,
    });
    assert.equal(connections, before);
  });

  it("says which file is damaged, and nothing that is in it", () => {
    const folder = temporaryFolder();
    try {
      const version = join(folder.path, "datasets", "0x1", "v1");
      makePrivateFolder(version);
      for (const text of ['["PATIENT-4711", oops', '{"PATIENT-4711": 1}', '[4711, "PATIENT-4711"]']) {
        writeFileSync(join(version, "slots.json"), text);
        assert.throws(
          () => knownSubjects(folder.path, "0x1"),
          (error: CodedError) => {
            assert.deepEqual(error.detail, { code: "CONTRIBUTION_DAMAGED", path: join(version, "slots.json") });
            assert.doesNotMatch(`${error.message}${error.stack}`, /4711|oops/);
            return error.cause === undefined;
          },
        );
      }
    } finally {
      folder.remove();
    }
  });
});

describe("withFolderLock", () => {
  const folder = temporaryFolder();
  after(() => folder.remove());
  const lock = join(folder.path, ".lock");
  const bytes = (() => {
    let count = 0;
    return (length: number) => new Uint8Array(length).fill(++count);
  })();
  const take = () => withFolderLock(folder.path, bytes, async () => readFileSync(lock, "utf8"));

  it("names its process while it works, and is gone afterwards, whatever happens", async () => {
    assert.match(await take(), new RegExp(`^${process.pid} `));
    await assert.rejects(
      withFolderLock(folder.path, bytes, () => Promise.reject(new Error("no"))),
      { message: "no" },
    );
    assert.deepEqual(readdirSync(folder.path), []);
  });

  it("takes over what a process left that is gone", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    writeFileSync(lock, `${pid} ${hostname()} 0x00`);
    assert.match(await take(), new RegExp(`^${process.pid} `));
    assert.deepEqual(readdirSync(folder.path), []);
  });

  it("respects a running process and one on another machine", async () => {
    for (const owner of [`${process.ppid} ${hostname()} 0x00`, "1 another-machine 0x00"]) {
      writeFileSync(lock, owner);
      await assert.rejects(take(), { code: "FOLDER_BUSY" });
      assert.equal(readFileSync(lock, "utf8"), owner);
    }
    await assert.rejects(
      withFolderLock(join(folder.path, "absent"), bytes, () => Promise.resolve()),
      { code: "FOLDER_MISSING" },
    );
  });
});
