/** Log hygiene on a running network: uploads and a query at debug level, then every secret is looked for everywhere. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openKeystore, readPassword } from "../../../workers/chain/keystore.ts";
import { LocalNetwork } from "../../../scripts/demo/localNetwork.ts";
import { askQuery, openVettedQuery } from "../../../scripts/demo/vettedQuery.ts";
import { testContext } from "../../support/commandContext.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { TRIAL_SQL, trialStudy } from "../../support/trialStudy.ts";

/** Cheap on purpose. */
const SCRYPT_N = 1_024;
const trial = trialStudy();

interface Secret {
  readonly name: string;
  readonly texts: readonly string[];
}

/** Hex, decimal and the base64 variants of bytes; lower case is compared where it can be. */
function writingsOf(name: string, bytes: Buffer): Secret {
  const hex = bytes.toString("hex");
  // Base64 of the bytes inside something longer starts at one of three offsets: the middle is the same in all.
  const base64 = [0, 1, 2].flatMap((skip) => {
    const part = bytes.subarray(skip, skip + Math.floor((bytes.length - skip) / 3) * 3);
    return [part.toString("base64"), part.toString("base64url")];
  });
  return { name, texts: [hex, hex.toUpperCase(), BigInt(`0x${hex}`).toString(), ...base64] };
}

describe("what a worker writes", () => {
  const folder = temporaryFolder();
  const context = testContext(folder.path);
  const network = new LocalNetwork(
    {
      folder: folder.path,
      deployment: join(folder.path, "deployments", "test"),
      hospitals: trial.sites.map(({ name }) => name),
      vetters: ["Vetters North", "Vetters South"],
      querier: "Querier",
      workers: [1, 2, 3, 4].map((number) => `Operator ${number}`),
      threshold: 1,
      scryptN: SCRYPT_N,
      workerScryptN: SCRYPT_N,
      workerEnvironment: {
        OPALINE_POLL_MS: "50",
        OPALINE_LOG_LEVEL: "debug",
        OPALINE_HEALTH_LISTEN: "127.0.0.1:0",
      },
    },
    context,
  );

  before(async () => {
    await network.startChain();
    await network.deployContracts();
    await network.admitMembers([]);
    const terms = { agreement: "We contribute.", deadlineBlocks: 300, priceEther: "0.01", purposes: [] };
    await network.registerStudy({ name: "Test", schemaText: trial.schemaText, ...terms });
    await network.signAgreements();
    await network.startWorkers();
    for (const [index, { csv }] of trial.sites.entries()) await network.contribute(network.hospitals[index]!, csv);
    const query = await openVettedQuery(network, TRIAL_SQL);
    const report = await askQuery(network, query, { parameters: { lo: 30, hi: 69 } });
    assert.equal(report.state, "ANSWERED");
  });
  after(async () => {
    await network.stop();
    folder.remove();
  });

  async function secretsOf(worker: (typeof network.workers)[number]): Promise<Secret[]> {
    const { keystore, passwordFile } = worker.key;
    const password = readPassword(passwordFile);
    const wallet = await openKeystore(keystore, password);
    const tls = readFileSync(
      /OPALINE_TLS_KEY="(.*)"/.exec(readFileSync(join(worker.folder, ".env"), "utf8"))![1]!,
      "utf8",
    );
    const keys = join(worker.folder, "keys");
    const storeKey = readFileSync(join(worker.folder, "store.key"), "utf8").trim();
    return [
      writingsOf("store key", Buffer.from(storeKey, "hex")),
      writingsOf("private key", Buffer.from(wallet.privateKey.slice(2), "hex")),
      { name: "password", texts: [password] },
      writingsOf("password", Buffer.from(password)),
      { name: "TLS key", texts: tls.split("\n").filter((line) => line.length > 30 && !line.startsWith("-----")) },
      ...readdirSync(keys).map((name) => writingsOf(`dataset key ${name}`, readFileSync(join(keys, name)))),
    ];
  }

  async function pagesOf(log: string): Promise<string[]> {
    const { port } = JSON.parse(log.split("\n").find((line) => line.includes('"health-started"'))!) as { port: number };
    return Promise.all(
      ["healthz", "readyz", "metrics"].map(async (name) => (await fetch(`http://127.0.0.1:${port}/${name}`)).text()),
    );
  }

  it("would be found: a planted key is seen in every writing", () => {
    const key = randomBytes(32);
    const { texts } = writingsOf("planted", key);
    const line = (before: number): Buffer => Buffer.concat([Buffer.alloc(before, 1), key, Buffer.alloc(5, 2)]);
    const planted = [
      `0x${key.toString("hex")}`,
      BigInt(`0x${key.toString("hex")}`).toString(),
      ...[0, 1, 2, 3].map((before) => line(before).toString("base64")),
    ];
    for (const text of planted) assert.ok(texts.some((each) => text.includes(each)));
  });

  it("has none of its keys and passwords in it, in hex, decimal or base64", async () => {
    let looked = 0;
    for (const [index, worker] of network.workers.entries()) {
      const log = network.services[index]!.log();
      assert.match(log, /"upload-received"/);
      assert.match(log, /"request-taken-up"/);
      const written = [
        log,
        JSON.stringify(await network.services[index]!.status(context.signal)),
        ...(await pagesOf(log)),
      ];
      for (const { name, texts } of await secretsOf(worker)) {
        for (const text of texts) {
          assert.ok(text.length >= 8, `${name} is too short to be looked for`);
          assert.equal(written.filter((each) => each.includes(text)).length, 0, `${name} of worker ${index + 1}`);
          looked += 1;
        }
      }
    }
    assert.ok(looked > 4 * 20);
  });

  it("has no patient in it", () => {
    const subjects = trial.sites
      .flatMap(({ csv }) => csv.trimEnd().split("\n").slice(1))
      .map((row) => row.split(",")[0]!);
    const logs = network.services.map((service) => service.log()).join("\n");
    assert.equal(subjects.filter((subject) => logs.includes(subject)).length, 0);
  });

  it("tells supervisors that it is ready, with every peer there", async () => {
    for (const service of network.services) {
      const [alive, ready, metrics] = await pagesOf(service.log());
      assert.deepEqual([alive, ready], ["alive\n", "ready\n"]);
      for (const line of [
        "opaline_peers_connected 3",
        "opaline_peers_expected 3",
        'opaline_dataset_versions{state="active"} 3',
      ]) {
        assert.ok(metrics!.split("\n").includes(line), line);
      }
      assert.doesNotMatch(metrics!, /0x[0-9a-f]{8}/);
    }
  });
});
