/** `workers/main.ts` as supervisors see it: exit codes, signals, and what it says of a wrong configuration. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { type TestContext, after, before, describe, it } from "node:test";
import { Wallet } from "ethers";
import { artifacts } from "hardhat";
import { deployContracts, writeDeployment } from "../../../scripts/admin/deployContracts.ts";
import { readDeployment } from "../../../workers/chain/deployment.ts";
import { writeKeystore } from "../../../workers/chain/keystore.ts";
import { sendCall } from "../../../workers/chain/governedCall.ts";
import { memberRegistry } from "../../../workers/chain/memberRegistries.ts";
import { KEY_ROTATION } from "../../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../../workers/messages/typedData.ts";
import { deriveWrappingKey } from "../../../workers/store/holdingKeys.ts";
import { openStore } from "../../../workers/store/openStore.ts";
import { createTlsIdentity, fingerprintOf } from "../../../workers/transport/identity.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { CHAIN_ID, type LocalChain, startLocalChain } from "../chain/localChain.ts";
import { bytes32, sampleFile } from "../store/storeFixture.ts";
import { WorkerProcess } from "./workerProcess.ts";

/** Cheap on purpose. */
const SCRYPT_N = 1_024;
/** An idle worker ends this soon. */
const MOST_STOP_MS = 2_000;
/** Nobody listens there. */
const NO_CHAIN = "http://127.0.0.1:9";
const REQUIRED = [
  ...[
    "OPALINE_DATA_DIR",
    "OPALINE_KEY_DIR",
    "OPALINE_STORE_KEY",
    "OPALINE_KEYSTORE",
    "OPALINE_PASSWORD_FILE",
    "OPALINE_TLS_KEY",
  ],
  ...["OPALINE_TLS_CERTIFICATE", "OPALINE_LISTEN", "OPALINE_RPC_URL", "OPALINE_CHAIN_ID", "OPALINE_DEPLOYMENT"],
];

describe("workers/main.ts", () => {
  const folder = temporaryFolder();
  const path = (...names: string[]): string => join(folder.path, ...names);
  const wallet = Wallet.createRandom();
  const password = "correct horse battery staple";
  let chain: LocalChain;
  let tests = 0;

  before(async () => {
    chain = await startLocalChain();
    const deployed = await deployContracts({ signer: chain.wallet, artifact: (name) => artifacts.readArtifact(name) });
    await writeDeployment(path("deployment"), { network: "test", chainId: CHAIN_ID, ...deployed });
    await writeKeystore(path("keystore"), wallet.privateKey, password, { scryptN: SCRYPT_N });
    writeFileSync(path("password"), `${password}\n`, { mode: 0o600 });
    writeFileSync(path("store.key"), `${"5e".repeat(32)}\n`, { mode: 0o600 });
    const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
    const identity = await createTlsIdentity({
      commonName: "Worker",
      hosts: ["127.0.0.1"],
      randomBytes: random,
      now: () => Date.now(),
    });
    writeFileSync(path("tls.key"), identity.keyPem, { mode: 0o600 });
    writeFileSync(path("tls.crt"), identity.certificatePem);
  });
  after(async () => {
    await chain.close();
    folder.remove();
  });

  /** A complete configuration with a data folder of its own. */
  function environmentOf(change: Readonly<Record<string, string>> = {}): Record<string, string> {
    const own = path(`w${tests++}`);
    mkdirSync(own);
    return {
      OPALINE_DATA_DIR: join(own, "data"),
      OPALINE_KEY_DIR: join(own, "keys"),
      OPALINE_STORE_KEY: path("store.key"),
      OPALINE_KEYSTORE: path("keystore"),
      OPALINE_PASSWORD_FILE: path("password"),
      OPALINE_TLS_KEY: path("tls.key"),
      OPALINE_TLS_CERTIFICATE: path("tls.crt"),
      OPALINE_LISTEN: "127.0.0.1:0",
      OPALINE_RPC_URL: chain.url,
      OPALINE_CHAIN_ID: String(CHAIN_ID),
      OPALINE_DEPLOYMENT: path("deployment"),
      OPALINE_POLL_MS: "50",
      OPALINE_LOG_LEVEL: "debug",
      ...change,
    };
  }

  function run(test: TestContext, environment: Readonly<Record<string, string>>, cwd = folder.path): WorkerProcess {
    const worker = new WorkerProcess(cwd, environment);
    test.after(() => worker.kill());
    return worker;
  }

  async function failsWith(
    test: TestContext,
    exit: number,
    error: string,
    environment: Readonly<Record<string, string>>,
    cwd?: string,
  ): Promise<string> {
    const worker = run(test, environment, cwd);
    const { code } = await worker.exited;
    const [failure] = worker.log().filter(({ event }) => event === "worker-failed");
    assert.deepEqual([code, failure?.level, failure?.error], [exit, "alarm", error], worker.stderr);
    assert.equal(worker.stdout, "", "nothing is printed but the log");
    assert.ok(!worker.stderr.includes(password) && !worker.stderr.includes(wallet.privateKey.slice(2)));
    return failure?.message ?? "";
  }

  async function stopsWithin(worker: WorkerProcess, signals: readonly NodeJS.Signals[]): Promise<void> {
    const from = performance.now();
    for (const signal of signals) worker.child.kill(signal);
    assert.deepEqual(await worker.exited, { code: 0, signal: null }, worker.stderr);
    const tookMs = performance.now() - from;
    assert.ok(tookMs < MOST_STOP_MS, `it took ${tookMs} ms`);
    assert.equal(worker.log().at(-1)?.event, "worker-stopped");
  }

  async function occupiedPort(test: TestContext): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    test.after(() => server.close());
    return (server.address() as AddressInfo).port;
  }

  describe("ends with 78, for starting again will not help,", () => {
    it("when variables are missing or wrong: all of them are named at once", async (test) => {
      const message = await failsWith(test, 78, "CONFIGURATION_INVALID", { OPALINE_POLL_MS: "soon" });
      for (const variable of [...REQUIRED, "OPALINE_POLL_MS"]) assert.match(message, new RegExp(`${variable} is not`));
    });

    it("when the folder's .env sets what is no setting; what it does set is read", async (test) => {
      const own = path("settings");
      mkdirSync(own);
      const lines = Object.entries(environmentOf({ OPALINE_ATTEMPT_TIMEOUT: "3" })).map((entry) => entry.join("="));
      writeFileSync(join(own, ".env"), lines.join("\n"));
      const message = await failsWith(test, 78, "CONFIGURATION_INVALID", {}, own);
      assert.match(message, /has 1 error \(.*settings\/\.env was read\):\n {2}OPALINE_ATTEMPT_TIMEOUT is no setting/);
    });

    it("when the folder's .env is there and cannot be read", async (test) => {
      const own = path("unreadable");
      mkdirSync(join(own, ".env"), { recursive: true });
      const message = await failsWith(test, 78, "CONFIGURATION_INVALID", environmentOf(), own);
      assert.match(message, /unreadable\/\.env cannot be read \(EISDIR\)$/);
    });

    it("when the password is wrong", async (test) => {
      const wrong = path("wrong-password");
      writeFileSync(wrong, "not this one\n", { mode: 0o600 });
      const environment = environmentOf({ OPALINE_PASSWORD_FILE: wrong });
      assert.ok(!(await failsWith(test, 78, "KEYSTORE_WRONG_PASSWORD", environment)).includes("not this one"));
    });

    it("when the store key is not the one that the keys of its datasets are sealed under", async (test) => {
      const environment = environmentOf();
      const [dataDir, keyDir] = [environment["OPALINE_DATA_DIR"]!, environment["OPALINE_KEY_DIR"]!];
      mkdirSync(dataDir, { mode: 0o700 });
      const wrappingKey = deriveWrappingKey(Buffer.alloc(32, 0x5f));
      const store = openStore(join(dataDir, "worker.sqlite"), { keyDir, wrappingKey, randomBytes });
      store.shares.putSegment(sampleFile(), bytes32("file"));
      store.close();
      assert.match(await failsWith(test, 78, "STORE_WRONG_KEY", environment), /none of the 1 dataset keys/);
    });

    it("when a file with a secret may be read by the group", async (test) => {
      for (const [variable, name] of [
        ["OPALINE_PASSWORD_FILE", "password"],
        ["OPALINE_KEYSTORE", "keystore"],
        ["OPALINE_STORE_KEY", "store.key"],
        ["OPALINE_TLS_KEY", "tls.key"],
      ] as const) {
        const open = path(`open-${name}`);
        cpSync(path(name), open);
        chmodSync(open, 0o640);
        const message = await failsWith(test, 78, "KEYSTORE_PERMISSIONS", environmentOf({ [variable]: open }));
        assert.match(message, /mode 0640.*chmod 600/);
      }
    });

    it("when the deployment is another chain's: both are named", async (test) => {
      const message = await failsWith(test, 78, "CHAIN_WRONG_ID", environmentOf({ OPALINE_CHAIN_ID: "7" }));
      assert.match(message, /OPALINE_CHAIN_ID is 7, .*deployment \(OPALINE_DEPLOYMENT\) is of chain 31337/);
    });

    it("when the node is another chain's: both are named", async (test) => {
      const other = path("other");
      cpSync(path("deployment"), other, { recursive: true });
      const file = join(other, "contracts.json");
      const contracts = JSON.parse(readFileSync(file, "utf8")) as object;
      writeFileSync(file, JSON.stringify({ ...contracts, chainId: 7 }));
      const environment = environmentOf({ OPALINE_CHAIN_ID: "7", OPALINE_DEPLOYMENT: other });
      const message = await failsWith(test, 78, "CHAIN_WRONG_ID", environment);
      assert.match(message, /chain 31337, .*chain 7/);
    });
  });

  describe("whose member has rotated its key", () => {
    it("ends with 75 when that happens while it runs; then 78 with the old key, and is the same worker with the new", async (test) => {
      const [oldKey, newKey] = [Wallet.createRandom(chain.provider), Wallet.createRandom(chain.provider)];
      for (const [name, key] of [["old", oldKey] as const, ["new", newKey] as const]) {
        await writeKeystore(path(name), key.privateKey, password, { scryptN: SCRYPT_N });
      }
      const deployment = readDeployment(path("deployment"));
      const registry = memberRegistry(deployment, "worker", chain.wallet);
      const admitting = registry.admit(oldKey.address, {
        organisationName: "University",
        expiry: 10_000_000_000n,
        tlsFingerprint: fingerprintOf(readFileSync(path("tls.crt"), "utf8")),
        endpoint: "https://worker.invalid:7443",
        encryptionKey: oldKey.signingKey.compressedPublicKey,
        purposes: [],
      });
      await sendCall(deployment, chain.wallet, admitting);
      const environment = environmentOf({ OPALINE_KEYSTORE: path("old"), OPALINE_CONFIRMATIONS: "0" });
      const worker = run(test, environment);
      assert.equal((await worker.logged("worker-started"))["address"], oldKey.address.toLowerCase());
      const early = run(test, { ...environmentOf(), OPALINE_KEYSTORE: path("new") });
      assert.equal((await early.logged("registration"))["registration"], "not registered");
      await stopsWithin(early, ["SIGTERM"]);

      const encryptionKey = newKey.signingKey.compressedPublicKey;
      const keys = { member: oldKey.address, oldKey: oldKey.address, newKey: newKey.address, encryptionKey };
      const rotation = { ...keys, deadline: 10_000_000_000n };
      const domain = opalineDomain(deployment.chainId, registry.address);
      const signature = await newKey.signTypedData(domain, KEY_ROTATION, rotation);
      await sendCall(deployment, chain.wallet, registry.replaceKey(rotation, signature, "lost"));
      assert.deepEqual(await worker.exited, { code: 75, signal: null }, worker.stderr);
      assert.ok(worker.log().some(({ event, error }) => event === "worker-failed" && error === "NODE_KEY_CHANGED"));

      const message = await failsWith(test, 78, "NODE_KEY_REPLACED", environment);
      assert.match(message, new RegExp(`${newKey.address} does.*OPALINE_KEYSTORE`));
      const again = run(test, { ...environment, OPALINE_KEYSTORE: path("new") });
      const started = await again.logged("worker-started");
      assert.deepEqual([started["address"], started["key"]], [oldKey.address.toLowerCase(), newKey.address]);
      await stopsWithin(again, ["SIGTERM"]);
    });

    it("refuses another worker's store with 75", async (test) => {
      const environment = environmentOf();
      mkdirSync(environment["OPALINE_DATA_DIR"]!, { recursive: true });
      const options = { keyDir: environment["OPALINE_KEY_DIR"]!, wrappingKey: new Uint8Array(32), randomBytes };
      const store = openStore(join(environment["OPALINE_DATA_DIR"]!, "worker.sqlite"), options);
      store.owner.claim(chain.wallet.address);
      store.close();
      const message = await failsWith(test, 75, "NODE_FOREIGN_STORE", environment);
      assert.match(
        message,
        new RegExp(`worker ${chain.wallet.address.toLowerCase()}, whose key ${wallet.address} is not`),
      );
    });
  });

  describe("ends with 75, for it may be tried again,", () => {
    it("when its port is taken", async (test) => {
      const port = await occupiedPort(test);
      const environment = environmentOf({ OPALINE_LISTEN: `127.0.0.1:${port}` });
      assert.match(await failsWith(test, 75, "TRANSPORT_LISTEN_FAILED", environment), new RegExp(`:${port}`));
    });

    it("when the port for supervisors is taken", async (test) => {
      const port = await occupiedPort(test);
      const environment = environmentOf({ OPALINE_HEALTH_LISTEN: `127.0.0.1:${port}` });
      assert.match(await failsWith(test, 75, "HEALTH_LISTEN_FAILED", environment), new RegExp(`:${port}`));
    });

    it("when another worker has its data folder; that one goes on", async (test) => {
      const environment = environmentOf();
      const first = run(test, environment);
      await first.logged("worker-started");
      await failsWith(test, 75, "STORE_LOCKED", environment);
      await stopsWithin(first, ["SIGTERM"]);
    });
  });

  it("goes on trying when the chain is not there at the start; it is alive, not ready, and can be stopped", async (test) => {
    const worker = run(test, environmentOf({ OPALINE_RPC_URL: NO_CHAIN, OPALINE_HEALTH_LISTEN: "127.0.0.1:0" }));
    const { error, node, variable } = await worker.logged("chain-outage");
    assert.deepEqual([error, node, variable], ["CHAIN_UNREACHABLE", new URL(NO_CHAIN).host, "OPALINE_RPC_URL"]);
    const { port } = await worker.logged("health-started");
    const ask = async (name: string): Promise<[number, string]> => {
      const response = await fetch(`http://127.0.0.1:${String(port)}/${name}`);
      return [response.status, await response.text()];
    };
    assert.deepEqual(await ask("healthz"), [200, "alive\n"]);
    assert.deepEqual(await ask("readyz"), [503, "chain-unreachable\n"]);
    assert.match((await ask("metrics"))[1], /^opaline_chain_reachable 0$/m);
    await stopsWithin(worker, ["SIGTERM"]);
  });

  it("ends with 0 at SIGTERM, soon; more of them, and SIGINT, change nothing", async (test) => {
    const worker = run(test, environmentOf());
    await worker.logged("worker-started");
    await stopsWithin(worker, ["SIGTERM", "SIGTERM", "SIGINT"]);
    assert.equal(worker.log().filter(({ event }) => event === "worker-stopped").length, 1);
  });

  it("warns that it is not registered, and prints what is protected and what is not", async (test) => {
    const worker = run(test, environmentOf());
    assert.match(String((await worker.logged("worker-starting"))["security"]), /^Malicious workers, honest majority/);
    assert.equal((await worker.logged("registration"))["registration"], "not registered");
    await stopsWithin(worker, ["SIGINT"]);
  });
});
