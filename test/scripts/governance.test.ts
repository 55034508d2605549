/** Governance as people do it: roles, delays, schedules, the emergency stop, deployments; on a chain of its own. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { artifacts } from "hardhat";
import { id } from "ethers";
import { command as announce } from "../../scripts/admin/announce.ts";
import { command as admit } from "../../scripts/admin/admit.ts";
import { command as appointCommittee } from "../../scripts/admin/appointCommittee.ts";
import { command as cancel } from "../../scripts/admin/cancel.ts";
import { deployContracts, writeDeployment } from "../../scripts/admin/deployContracts.ts";
import { command as execute } from "../../scripts/admin/execute.ts";
import { readDelay } from "../../scripts/admin/governanceOptions.ts";
import { type ScheduledAct, doneAtOnce } from "../../scripts/admin/governed.ts";
import { command as grantRole } from "../../scripts/admin/grantRole.ts";
import { command as listDeployments } from "../../scripts/admin/listDeployments.ts";
import { command as listRoles } from "../../scripts/admin/listRoles.ts";
import { command as listScheduled } from "../../scripts/admin/listScheduled.ts";
import { command as resume } from "../../scripts/admin/resume.ts";
import { command as revoke } from "../../scripts/admin/revoke.ts";
import { command as revokeQuery } from "../../scripts/admin/revokeQuery.ts";
import { command as revokeRole } from "../../scripts/admin/revokeRole.ts";
import { command as stop } from "../../scripts/admin/stop.ts";
import { consortiumAccess } from "../../workers/chain/consortiumAccess.ts";
import { emergencyStop } from "../../workers/chain/emergencyStop.ts";
import { memberRegistry } from "../../workers/chain/memberRegistries.ts";
import { CHAIN_ID } from "../workers/chain/localChain.ts";
import { type Consortium, startConsortium } from "./consortium.ts";

const TWO_DAYS = 172_800;
const HOUR = 3_600;

describe("governance", () => {
  let consortium: Consortium;
  let snapshot: unknown;
  const rpc = (method: string, ...parameters: unknown[]): Promise<unknown> =>
    consortium.chain.provider.send(method, parameters);
  const addressOf = (name: string): string => consortium.wallet(name).address;
  const grant = (role: string, name: string, delay: string) =>
    grantRole.handler({ ...consortium.as("admin"), role, account: addressOf(name), delay }, consortium.context);
  const wait = async (seconds: number): Promise<void> => {
    await rpc("evm_increaseTime", seconds);
    await rpc("evm_mine");
  };
  const admitAs = (name: string, account: string) =>
    admit.handler(
      { ...consortium.as(name), role: "vetter", account, organisation: "Board East", purpose: [] },
      consortium.context,
    );
  const isVetter = (account: string): Promise<boolean> =>
    memberRegistry(consortium.deployment, "vetter", consortium.chain.provider).isActive(account);
  const scheduledNow = () => listScheduled.handler(consortium.network, consortium.context);
  const isStopped = (): Promise<boolean> => emergencyStop(consortium.deployment, consortium.chain.provider).isStopped();

  before(async () => {
    consortium = await startConsortium();
    for (const name of ["registrar", "steward", "guardian", "outsider"]) {
      await rpc("hardhat_setBalance", addressOf(name), "0x8ac7230489e80000");
    }
    await grant("registrar", "registrar", "48h");
    await grant("steward", "steward", "2d");
    await grant("guardian", "guardian", "0");
  });
  beforeEach(async () => {
    snapshot = await rpc("evm_snapshot");
  });
  afterEach(async () => {
    await rpc("evm_revert", snapshot);
  });
  after(() => consortium.close());

  function scheduled(value: unknown): ScheduledAct {
    assert.ok(typeof value === "object" && value !== null && "scheduled" in value, "nothing was scheduled");
    return value as ScheduledAct;
  }
  const executeAs = (name: string, operation: string) =>
    execute.handler({ ...consortium.as(name), operation }, consortium.context);

  it("lists who holds which role, and with what delay", async () => {
    const roles = await listRoles.handler(consortium.network, consortium.context);
    const found = (role: string) => roles.filter((each) => each.role === role);
    const admin = { account: addressOf("admin"), delaySeconds: 0 };
    assert.deepEqual(found("admin"), [{ role: "admin", ...admin }]);
    assert.deepEqual(found("steward"), [
      { role: "steward", ...admin },
      { role: "steward", account: addressOf("steward"), delaySeconds: TWO_DAYS },
    ]);
    const { deployment } = consortium;
    const account = deployment.address("QueryCatalogue");
    assert.deepEqual(found("catalogue"), [{ role: "catalogue", account, contract: "QueryCatalogue", delaySeconds: 0 }]);
    assert.equal(found("guardian").length, 2);
  });

  it("schedules what must wait, shows it to everybody, and does it when its time has come", async () => {
    const account = addressOf("newcomer");
    const { operation, act, readyAt } = scheduled(await admitAs("registrar", account));
    assert.equal(act, "VetterRegistry.admit");
    const [listed, ...others] = await scheduledNow();
    assert.equal(others.length, 0);
    const { arguments: text, ...rest } = listed!;
    assert.deepEqual(rest, { operation, act, caller: addressOf("registrar"), readyAt });
    assert.equal((JSON.parse(text) as { account: string }).account, account);
    await assert.rejects(executeAs("registrar", operation), { code: "GOVERNANCE_NOT_READY" });
    await wait(TWO_DAYS - HOUR);
    await assert.rejects(executeAs("registrar", operation), {
      detail: { code: "GOVERNANCE_NOT_READY", operation, readyAt },
    });
    await wait(HOUR);
    await assert.rejects(executeAs("steward", operation), { code: "GOVERNANCE_NOT_CALLER" });
    assert.equal(await isVetter(account), false);
    const done = await executeAs("registrar", operation);
    assert.equal(done.act, act);
    assert.ok("MemberAdmitted" in done);
    assert.equal(await isVetter(account), true);
    await assert.rejects(executeAs("registrar", operation), { code: "GOVERNANCE_NOT_SCHEDULED" });
  });

  it("admits no worker with the encryption key of another, and renews the one whose it is", async () => {
    const keyOf = (name: string): string => consortium.wallet(name).signingKey.compressedPublicKey;
    const admitWorker = (name: string, encryptionKey: string, year: number) =>
      admit.handler(
        {
          ...consortium.as("admin"),
          ...{ role: "worker", account: addressOf(name), organisation: `Operator ${name}`, expires: `${year}-12-31` },
          ...{ endpoint: `https://${name}.example:1`, fingerprint: id(`certificate of ${name}`) },
          ...{ encryptionKey, purpose: [] },
        },
        consortium.context,
      );
    doneAtOnce(await admitWorker("first", keyOf("first"), 2999));
    await assert.rejects(async () => admitWorker("second", keyOf("first"), 2999), {
      detail: { code: "OPTION_INVALID", option: "encryption-key" },
      message: new RegExp(`not that of ${addressOf("first")} \\(Operator first\\)`),
    });
    doneAtOnce(await admitWorker("second", keyOf("second"), 2999));
    doneAtOnce(await admitWorker("first", keyOf("first"), 3000));
  });

  it("admits no worker that nobody could reach, and sends nothing", async () => {
    const before = await consortium.chain.provider.getTransactionCount(addressOf("admin"));
    const admitAt = async (endpoint: string) => {
      const { compressedPublicKey } = consortium.wallet("reached").signingKey;
      const options = {
        role: "worker",
        account: addressOf("reached"),
        organisation: "Operator",
        purpose: [],
        endpoint,
      };
      const pinned = { fingerprint: id("certificate of reached"), encryptionKey: compressedPublicKey };
      return admit.handler({ ...consortium.as("admin"), ...options, ...pinned }, consortium.context);
    };
    for (const endpoint of ["not a url", "127.0.0.1:7441", "http://127.0.0.1"]) {
      await assert.rejects(admitAt(endpoint), { detail: { code: "OPTION_INVALID", option: "endpoint" } }, endpoint);
    }
    assert.equal(await consortium.chain.provider.getTransactionCount(addressOf("admin")), before);
    doneAtOnce(await admitAt("https://127.0.0.1:7441"));
  });

  it("lets a guardian cancel, and nobody who has no part in it", async () => {
    const { operation } = scheduled(await admitAs("registrar", addressOf("newcomer")));
    const cancelAs = (name: string) => cancel.handler({ ...consortium.as(name), operation }, consortium.context);
    await assert.rejects(cancelAs("steward"), { code: "CHAIN_REVERTED", message: /AccessManagerUnauthorizedCancel/ });
    const { cancelled, caller } = await cancelAs("guardian");
    assert.deepEqual([cancelled, caller], ["VetterRegistry.admit", addressOf("registrar")]);
    assert.deepEqual(await scheduledNow(), []);
    await wait(TWO_DAYS);
    await assert.rejects(executeAs("registrar", operation), { code: "GOVERNANCE_NOT_SCHEDULED" });
    await assert.rejects(cancelAs("guardian"), { code: "GOVERNANCE_NOT_SCHEDULED" });
  });

  it("shows what it cannot decode beside everything else, and cancels it", async () => {
    const { deployment, chain } = consortium;
    const target = deployment.address("VetterRegistry");
    const data = deployment.abi("VetterRegistry").getFunction("admit")!.selector;
    const access = consortiumAccess(deployment, consortium.wallet("registrar").connect(chain.provider));
    await access.schedule({ what: "garbage", target, data });
    scheduled(await admitAs("registrar", addressOf("newcomer")));
    const [garbage, ...others] = await scheduledNow();
    assert.equal(others.length, 1);
    assert.deepEqual([garbage!.act, garbage!.arguments], [`VetterRegistry.${data}`, `undecodable: ${data}`]);
    const { operation } = garbage!;
    await cancel.handler({ ...consortium.as("guardian"), operation }, consortium.context);
    assert.equal((await scheduledNow()).length, 1);
  });

  it("says so when the very same act is scheduled already", async () => {
    const options = { ...consortium.as("steward"), study: consortium.studyId, threshold: "1" };
    for (const name of ["w1", "w2", "w3"]) {
      await consortium.admit("worker", name, `Operator ${name}`, { endpoint: "https://x.example:1" });
    }
    const worker = ["w1", "w2", "w3"].map(addressOf);
    const { operation, readyAt } = scheduled(
      await appointCommittee.handler({ ...options, worker }, consortium.context),
    );
    await assert.rejects(async () => appointCommittee.handler({ ...options, worker }, consortium.context), {
      detail: { code: "GOVERNANCE_ALREADY_SCHEDULED", operation, readyAt },
      message: /admin execute --operation 0x/,
    });
  });

  it("names the role that is missing, before anything is sent", async () => {
    const reason = "test";
    const query = id("query");
    const cases: [string, () => Promise<unknown>, string, string][] = [
      ["outsider", () => admitAs("outsider", addressOf("newcomer")), "VetterRegistry.admit", "registrar"],
      [
        "registrar",
        async () => stop.handler({ ...consortium.as("registrar"), reason }, consortium.context),
        "EmergencyStop.stop",
        "guardian",
      ],
      [
        "guardian",
        async () => resume.handler({ ...consortium.as("guardian"), reason }, consortium.context),
        "EmergencyStop.resume",
        "steward",
      ],
      [
        "steward",
        async () => revokeQuery.handler({ ...consortium.as("steward"), query, reason }, consortium.context),
        "QueryCatalogue.revoke",
        "guardian",
      ],
      [
        "guardian",
        async () =>
          grantRole.handler(
            { ...consortium.as("guardian"), role: "admin", account: addressOf("guardian"), delay: "0" },
            consortium.context,
          ),
        "ConsortiumAccess.grantRole",
        "admin",
      ],
    ];
    for (const [name, run, act, role] of cases) {
      const account = addressOf(name);
      await assert.rejects(run(), { detail: { code: "GOVERNANCE_UNAUTHORISED", account, act, role } });
      assert.equal(await consortium.chain.provider.getTransactionCount(account), 0);
    }
  });

  it("stops at once, and resumes after the steward's delay", async () => {
    const stopped = await stop.handler({ ...consortium.as("guardian"), reason: "stolen key" }, consortium.context);
    assert.deepEqual([doneAtOnce(stopped).stopped, await isStopped()], [true, true]);
    const options = { ...consortium.as("steward"), reason: "replaced" };
    const { operation } = scheduled(await resume.handler(options, consortium.context));
    assert.equal(await isStopped(), true);
    await wait(TWO_DAYS);
    await executeAs("steward", operation);
    assert.equal(await isStopped(), false);
  });

  it("lets a guardian revoke at once", async () => {
    const account = await consortium.admit("vetter", "gone", "Board West");
    const options = { ...consortium.as("guardian"), role: "vetter", account, reason: "key stolen" };
    doneAtOnce(await revoke.handler(options, consortium.context));
    assert.equal(await isVetter(account), false);
  });

  it("revokes a role, and refuses to revoke one that is not held or the last admin's", async () => {
    const revokeOf = (role: string, name: string) =>
      revokeRole.handler({ ...consortium.as("admin"), role, account: addressOf(name) }, consortium.context);
    const { operation } = scheduled(await admitAs("registrar", addressOf("newcomer")));
    await revokeOf("registrar", "registrar");
    const roles = await listRoles.handler(consortium.network, consortium.context);
    assert.ok(!roles.some(({ account }) => account === addressOf("registrar")));
    await wait(TWO_DAYS);
    await assert.rejects(executeAs("registrar", operation), {
      detail: { code: "CHAIN_REVERTED", error: "AccessManagedUnauthorized", args: { caller: addressOf("registrar") } },
    });
    await assert.rejects(revokeOf("steward", "guardian"), { code: "GOVERNANCE_ROLE_NOT_HELD" });
    await assert.rejects(revokeOf("admin", "admin"), { code: "GOVERNANCE_LAST_ADMIN" });
  });

  it("announces a successor, and tells whoever still uses the deployment before", async () => {
    const successor = join(consortium.folder, "v2");
    mkdirSync(successor, { recursive: true });
    const registry = consortium.deployment.address("DeploymentRegistry");
    const artifact = (name: string) => artifacts.readArtifact(name);
    const deployed = await deployContracts({ signer: consortium.chain.wallet, artifact, registry });
    await writeDeployment(successor, { network: "v2", chainId: CHAIN_ID, ...deployed });
    const list = (deployment: string) =>
      listDeployments.handler({ ...consortium.network, deployment }, consortium.context);
    assert.deepEqual(
      (await list(successor)).map(({ current, thisFolder }) => [current, thisFolder]),
      [[true, false]],
    );
    const options = { ...consortium.as("admin"), successor, as: "2" };
    const { number, version } = doneAtOnce(await announce.handler(options, consortium.context));
    assert.deepEqual([number, version], [2n, "2"]);
    const { deployment } = consortium.network;
    assert.deepEqual(
      (await list(deployment)).map((each) => [each.number, each.version, each.current, each.thisFolder]),
      [
        [1n, "1", false, true],
        [2n, "2", true, false],
      ],
    );
    consortium.context.lines.length = 0;
    await grant("guardian", "outsider", "0");
    assert.match(consortium.context.lines.join("\n"), /deployment .* is not the current one: that is version 2/);
  });

  it("refuses a successor that has a registry of its own", async () => {
    const successor = join(consortium.folder, "alien");
    mkdirSync(successor, { recursive: true });
    const artifact = (name: string) => artifacts.readArtifact(name);
    const deployed = await deployContracts({ signer: consortium.chain.wallet, artifact });
    await writeDeployment(successor, { network: "alien", chainId: CHAIN_ID, ...deployed });
    await assert.rejects(
      async () => announce.handler({ ...consortium.as("admin"), successor, as: "2" }, consortium.context),
      { code: "DEPLOYMENT_OTHER_REGISTRY", message: /--follows/ },
    );
  });
});

describe("--delay", () => {
  it("is a number with a unit, or 0", () => {
    const values = ["0", "90s", "30m", "48h", "2d", "366d"].map((text) => readDelay("delay", text));
    assert.deepEqual(values, [0, 90, 1_800, TWO_DAYS, TWO_DAYS, 366 * 86_400]);
  });
  it("refuses anything else", () => {
    for (const text of ["", "48", "h", "-1h", "1.5h", "2w", "367d", "1h30m", " 1h", "999999999s"]) {
      assert.throws(() => readDelay("delay", text), { detail: { code: "OPTION_INVALID", option: "delay" } }, text);
    }
  });
});
