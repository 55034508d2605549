/** What must be refused, each with a clear error and nothing half-done, on a running network. */
import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEther } from "ethers";
import { datasetRegistry } from "../../workers/chain/datasetRegistry.ts";
import { Capacity, credits } from "../../workers/chain/credits.ts";
import { queryCatalogue } from "../../workers/chain/queryCatalogue.ts";
import { querySmartContract } from "../../workers/chain/querySmartContract.ts";
import { eventOf } from "../../workers/chain/transactions.ts";
import { encodeParameters } from "../../workers/messages/descriptor.ts";
import { authoredAgreement } from "../../workers/query/authoredAgreement.ts";
import { compileQuery } from "../../workers/query/compileQuery.ts";
import { parseSchema } from "../../workers/schema/parseSchema.ts";
import { command as revokeMember } from "../../scripts/admin/revoke.ts";
import { command as revokeQuery } from "../../scripts/admin/revokeQuery.ts";
import { type SignerConnection, withNetwork, withSigner } from "../../scripts/connection.ts";
import { type LocalMember, admitMember, createMember } from "../../scripts/demo/localMembers.ts";
import type { LocalNetwork } from "../../scripts/demo/localNetwork.ts";
import {
  AGREEMENT,
  acceptAgreement,
  askQuery,
  openVettedQuery,
  publishQuery,
  signQuery,
} from "../../scripts/demo/vettedQuery.ts";
import { WorkerService } from "../../scripts/demo/workerService.ts";
import { exitCodeOf } from "../../scripts/exitCode.ts";
import { command as answer } from "../../scripts/querier/answer.ts";
import { command as request } from "../../scripts/querier/request.ts";
import { command as expire } from "../../scripts/querier/expire.ts";
import { waitForAnswer } from "../../scripts/querier/waitForAnswer.ts";
import { command as review } from "../../scripts/vetter/review.ts";
import { writeTlsIdentity } from "../../scripts/tlsIdentity.ts";
import { runProgram } from "../support/runProgram.ts";
import {
  DEADLINE_BLOCKS,
  PRICE_ETHER,
  type TestNetwork,
  logLines,
  startTestNetwork,
  untilReport,
} from "../support/network.ts";
import { TRIAL_SQL, trialStudy } from "../support/trialStudy.ts";

const trial = trialStudy();
const PURPOSE = "DUO:0000007";
const GOOD = { lo: 30, hi: 69 };
/** Cheap on purpose. */
const SCRYPT_N = 1_024;

describe("bad input", () => {
  let test: TestNetwork;
  let network: LocalNetwork;
  let query: string;

  before(async () => {
    test = await startTestNetwork({ schemaText: trial.schemaText, sites: trial.sites, purposes: [PURPOSE] });
    network = test.network;
    query = await openVettedQuery(network, TRIAL_SQL);
  });
  after(() => test.close());

  const as = <Value>(member: LocalMember, act: (connection: SignerConnection) => Promise<Value>): Promise<Value> =>
    withSigner(network.optionsOf(member), network.context, act);

  const datasetsOnChain = (): Promise<number> =>
    withNetwork(network.network, network.context, async ({ deployment, provider }) =>
      datasetRegistry(deployment, provider).count(network.studyId),
    );

  describe("a CSV file", () => {
    const [header, first, ...others] = trial.sites[0]!.csv.split("\n") as [string, string, ...string[]];
    const rows = [first.replace("MER", "NEW"), others[0]!.replace("MER", "NEW")] as const;
    const withoutColumn = (text: string): string => text.split(",").slice(0, -1).join(",");
    const withAge = (text: string, age: string): string => text.split(",").with(3, age).join(",");
    const files: readonly (readonly [what: string, csv: string, code: string])[] = [
      ["with a missing column", [header, ...rows].map(withoutColumn).join("\n"), "CSV_MISSING_COLUMN"],
      ["with a value out of range", [header, withAge(rows[0], "130"), rows[1]].join("\n"), "CSV_OUT_OF_RANGE"],
      ["with a value of the wrong type", [header, withAge(rows[0], "old"), rows[1]].join("\n"), "CSV_WRONG_TYPE"],
      ["with a duplicate patient id", [header, rows[0], rows[0]].join("\n"), "CSV_DUPLICATE_SUBJECT"],
      ["that is empty", "", "CSV_EMPTY_FILE"],
    ];
    for (const [what, csv, code] of files) {
      it(`${what} is refused before anything is prepared or sent`, async () => {
        const hospital = await createMember(
          "data-owner",
          "Hospital Late",
          join(network.plan.folder, code + what.length),
          network.context,
          SCRYPT_N,
        );
        await assert.rejects(network.contribute(hospital, csv), (error: { code: string; detail: object }) => {
          assert.equal(error.code, "CSV_INVALID");
          assert.match(JSON.stringify(error.detail), new RegExp(code));
          return true;
        });
        assert.equal(existsSync(join(hospital.folder, "datasets")), false);
        assert.equal(await datasetsOnChain(), trial.sites.length);
      });
    }

    it("with patients that are in an earlier version already is refused", async () => {
      const hospital = network.hospitals[0]!;
      const before = readdirSync(join(hospital.folder, "datasets"), { recursive: true });
      await assert.rejects(network.contribute(hospital, `${[header, first].join("\n")}\n`), {
        code: "CONTRIBUTE_KNOWN_SUBJECTS",
      });
      assert.deepEqual(readdirSync(join(hospital.folder, "datasets"), { recursive: true }), before);
    });

    it("that was contributed before is not contributed twice", async () => {
      await network.contribute(network.hospitals[0]!, trial.sites[0]!.csv);
      assert.equal(await datasetsOnChain(), trial.sites.length);
    });

    it("leaves no share file behind once it is active, and keeps its salts private", () => {
      const folder = join(network.hospitals[0]!.folder, "datasets");
      const files = readdirSync(folder, { recursive: true }).map(String);
      assert.deepEqual(
        files.filter((name) => name.endsWith(".share")),
        [],
      );
      assert.equal(files.filter((name) => name.endsWith("salts.json")).length, 1);
    });

    it("of an owner who was never admitted is refused by every worker", async () => {
      const stranger = await createMember(
        "data-owner",
        "Stranger",
        join(network.plan.folder, "stranger"),
        network.context,
        SCRYPT_N,
      );
      const file = [header, ...rows].join("\n");
      await assert.rejects(network.contribute(stranger, file), {
        detail: { code: "CHAIN_INSUFFICIENT_FUNDS", account: stranger.key.account, balance: "0" },
      });
      await test.rpc("hardhat_setBalance", [stranger.key.account, "0x8ac7230489e80000"]);
      await assert.rejects(network.contribute(stranger, file), { code: "CONTRIBUTE_REFUSED" });
      assert.equal(await datasetsOnChain(), trial.sites.length);
    });
  });

  describe("a parameter", () => {
    const refused = (parameters: Record<string, string | number>, code: string): Promise<void> =>
      assert.rejects(askQuery(network, query, { parameters }), { code });

    it("out of its bounds, unknown, missing or of the wrong type is refused before anything is paid", async () => {
      const balance = await test.rpc("eth_getBalance", [network.querier.key.account, "latest"]);
      await refused({ lo: 5, hi: 69 }, "PARAMETER_OUT_OF_BOUNDS");
      await refused({ ...GOOD, age: 3 }, "PARAMETER_UNKNOWN");
      await refused({ lo: 30 }, "PARAMETER_MISSING");
      await refused({ lo: "thirty", hi: 69 }, "PARAMETER_TYPE");
      assert.equal(await test.rpc("eth_getBalance", [network.querier.key.account, "latest"]), balance);
    });

    it("out of its bounds is refused by the contract, too", async () => {
      await as(network.querier, async ({ deployment, signer }) => {
        const { queryContract } = await queryCatalogue(deployment, signer).query(query);
        const registry = datasetRegistry(deployment, signer);
        const ids = (await registry.datasets(network.studyId, 0, 100)).sort();
        const contract = querySmartContract(deployment, queryContract, signer);
        await assert.rejects(contract.request(0n, encodeParameters([5n, 69n]), ids, 0, [], parseEther(PRICE_ETHER)), {
          detail: {
            code: "CHAIN_REVERTED",
            error: "QuerySmartContractParameterOutOfBounds",
            args: { index: "0", value: "5" },
          },
        });
      });
    });

    it("pair that describes no patient at all is refused before anything is paid", async () => {
      const balance = await test.rpc("eth_getBalance", [network.querier.key.account, "latest"]);
      await assert.rejects(askQuery(network, query, { parameters: { lo: 70, hi: 44 } }), {
        detail: { code: "REQUEST_EMPTY_SET", queryHash: query },
        message: "`:lo` = 70 is above `:hi` = 44: no patient can match; nothing was sent",
      });
      assert.equal(await test.rpc("eth_getBalance", [network.querier.key.account, "latest"]), balance);
    });

    it("pair that describes no patient at all is refused by the workers, too, without MPC", async () => {
      const requestId = await as(network.querier, async ({ deployment, signer }) => {
        const { queryContract } = await queryCatalogue(deployment, signer).query(query);
        const ids = (await datasetRegistry(deployment, signer).datasets(network.studyId, 0, 100)).sort();
        const contract = querySmartContract(deployment, queryContract, signer);
        const parameters = encodeParameters([70n, 44n]);
        const mined = await contract.request(0n, parameters, ids, 0, [], parseEther(PRICE_ETHER));
        return String(eventOf(mined, "QueryRequested").args["requestId"]);
      });
      const report = await untilReport(network, requestId, ({ state }) => state !== "REQUESTED");
      assert.equal(request.succeeded!({ ...report, request: undefined as never }), false);
      assert.equal(report.state, "REFUSED");
      assert.equal(report.outcome, "REFUSED_EMPTY_SET");
      assert.deepEqual(report.rows, []);
    });
  });

  describe("a query", () => {
    const sqlOf = (limit: number): string => `SELECT arm, COUNT(*) FROM trial WHERE age >= ${limit} GROUP BY arm`;

    it("that nobody vetted cannot be requested", async () => {
      const unvetted = await publishQuery(network, sqlOf(25));
      await assert.rejects(askQuery(network, unvetted), {
        detail: { code: "QUERY_NOT_ACTIVE", queryHash: unvetted, state: "PUBLISHED" },
      });
    });

    it("that one vetter signed cannot be requested, and no vetter counts twice", async () => {
      const once = await publishQuery(network, sqlOf(30));
      await signQuery(network, once, network.vetters[0]!);
      await signQuery(network, once, network.vetters[0]!); // a renewal, not a second vote
      await assert.rejects(askQuery(network, once), { message: /1 of 2 approvals/ });
    });

    it("that was revoked cannot be requested", async () => {
      const revoked = await openVettedQuery(network, sqlOf(35));
      await revokeQuery.handler(
        { ...network.optionsOf(network.admin), query: revoked, reason: "test" },
        network.context,
      );
      await assert.rejects(askQuery(network, revoked), { message: /it was revoked/ });
    });

    it("that is not what its SQL compiles to is seen by the vetters, who do not sign it", async () => {
      const schema = parseSchema(trial.schemaText);
      const { descriptorBytes, boundsBytes } = await compileQuery(sqlOf(40), schema);
      const altered = await as(network.querier, async ({ deployment, signer }) => {
        const catalogue = queryCatalogue(deployment, signer);
        await catalogue.publish(
          network.studyId,
          descriptorBytes,
          sqlOf(40),
          boundsBytes,
          "discloses nothing",
          authoredAgreement(AGREEMENT, network.querier.key.account),
        );
        return (await catalogue.queries((await catalogue.count()) - 1, 1))[0]!;
      });
      const seen = await review.handler({ ...network.network, query: altered }, network.context);
      assert.equal(seen.recompiled, false);
      await assert.rejects(signQuery(network, altered, network.vetters[0]!), {
        detail: { code: "VETTER_QUERY_DIFFERS", queryHash: altered },
      });
    });

    it("with one digit of its hash altered is unknown", async () => {
      const altered = `${query.slice(0, -1)}${query.endsWith("0") ? "1" : "0"}`;
      await assert.rejects(askQuery(network, altered, { parameters: GOOD }), {
        detail: { code: "CHAIN_REVERTED", error: "QueryCatalogueUnknown", args: { queryHash: altered } },
      });
    });
  });

  describe("a querier", () => {
    const newQuerier = async (name: string, purposes: readonly string[] | undefined): Promise<LocalMember> => {
      const member = await createMember("querier", name, join(network.plan.folder, name), network.context, SCRYPT_N);
      await test.rpc("hardhat_setBalance", [member.key.account, "0x8ac7230489e80000"]);
      if (purposes !== undefined)
        await admitMember(member, network.optionsOf(network.admin), purposes, network.context);
      return member;
    };
    const refusedAs = (querier: LocalMember, error: string): Promise<void> =>
      assert.rejects(
        askQuery(network, query, { parameters: GOOD, querier }),
        (caught: { detail: { error?: string } }) => {
          assert.equal(caught.detail.error, error);
          return true;
        },
      );

    it("without credential may not ask", async () => {
      await refusedAs(await newQuerier("no-credential", undefined), "QuerySmartContractNotQuerier");
    });

    it("without the study's purpose may not ask", async () => {
      const querier = await newQuerier("other-purpose", ["DUO:0000042"]);
      await acceptAgreement(network, query, querier);
      await refusedAs(querier, "QuerySmartContractMissingPurpose");
    });

    it("who has not accepted the agreement may not ask", async () => {
      await refusedAs(await newQuerier("no-agreement", [PURPOSE]), "QuerySmartContractAgreementNotAccepted");
    });

    it("whose credential was revoked may not ask", async () => {
      const querier = await newQuerier("revoked", [PURPOSE]);
      const options = {
        ...network.optionsOf(network.admin),
        role: "querier",
        account: querier.key.account,
        reason: "test",
      };
      await revokeMember.handler(options, network.context);
      await refusedAs(querier, "QuerySmartContractNotQuerier");
    });
  });

  describe("a command line", () => {
    const words = (keystore: string, password: string, deployment = network.plan.deployment): string[] => [
      ...["querier", "accept", "--query", query, "--name", "Q", "--json"],
      ...["--deployment", deployment, "--rpc", network.rpc, "--keystore", keystore, "--password-file", password],
    ];

    it("with a wrong keystore password ends with 78, one JSON error on stderr and nothing on stdout", async () => {
      const wrong = join(network.plan.folder, "wrong-password");
      writeFileSync(wrong, "not this one\n", { mode: 0o600 });
      const { code, stdout, stderr } = await runProgram("scripts/cli.ts", words(network.querier.key.keystore, wrong));
      assert.equal(code, 78);
      assert.equal(stdout, "");
      assert.equal((JSON.parse(stderr) as { error: { code: string } }).error.code, "KEYSTORE_WRONG_PASSWORD");
    });

    it("for a deployment on another chain ends with 78, naming both chains", async () => {
      const deployment = join(network.plan.folder, "deployments", "elsewhere");
      cpSync(network.plan.deployment, deployment, { recursive: true });
      const file = join(deployment, "contracts.json");
      writeFileSync(file, readFileSync(file, "utf8").replace('"chainId": 31337', '"chainId": 1'));
      const { keystore, passwordFile } = network.querier.key;
      const { code, stderr } = await runProgram("scripts/cli.ts", words(keystore, passwordFile, deployment));
      assert.equal(code, 78);
      const { error } = JSON.parse(stderr) as { error: { code: string; expected: string; actual: string } };
      assert.deepEqual([error.code, error.expected, error.actual], ["CHAIN_WRONG_ID", "1", "31337"]);
    });

    it("to a chain that is not there ends with 75: try again", async () => {
      const { keystore, passwordFile } = network.querier.key;
      const all = words(keystore, passwordFile).map((word) => (word === network.rpc ? "http://127.0.0.1:9" : word));
      const { code, stderr } = await runProgram("scripts/cli.ts", all);
      assert.equal(code, 75, stderr);
    });

    it("describes a running worker by the data folder in its settings", async () => {
      const dataDir = { OPALINE_DATA_DIR: join(network.workers[0]!.folder, "store") };
      const { code, stdout, stderr } = await runProgram("scripts/cli.ts", ["worker", "status", "--json"], dataDir);
      assert.equal(code, 0, stderr);
      const status = JSON.parse(stdout) as { state: string; security: string; organisation: string };
      assert.equal(status.state, "ready");
      assert.equal(status.organisation, "Operator 1");
      assert.match(status.security, /^Malicious workers, honest majority/);
    });

    it("for a worker that does not run ends with 75", async () => {
      const dataDir = { OPALINE_DATA_DIR: network.plan.folder };
      const { code, stdout, stderr } = await runProgram("scripts/worker/status.ts", ["--json"], dataDir);
      assert.equal(code, 75);
      assert.equal(stdout, "");
      assert.equal((JSON.parse(stderr) as { error: { code: string } }).error.code, "WORKER_UNREACHABLE");
    });

    it("prints one JSON value, also for a verb's own file", async () => {
      const list = ["--deployment", network.plan.deployment, "--rpc", network.rpc, "--json"];
      const byCli = await runProgram("scripts/cli.ts", ["querier", "list", ...list]);
      const byFile = await runProgram("scripts/querier/list.ts", list);
      assert.equal(byCli.code, 0, byCli.stderr);
      assert.equal(byCli.stdout, byFile.stdout);
      const queries = JSON.parse(byCli.stdout) as { queryHash: string; state: string }[];
      assert.ok(queries.some(({ queryHash, state }) => queryHash === query && state === "ACTIVE"));
    });
  });

  describe("a worker", () => {
    /** A second process with worker 4's folder, altered, while worker 4 is stopped. */
    const startAltered = async (
      environment: Record<string, string>,
    ): Promise<{ code: number | string; log: string }> => {
      await network.services[3]!.stop();
      const altered = new WorkerService(network.workers[3]!.folder, { OPALINE_POLL_MS: "50", ...environment });
      const logged = altered.log().length;
      altered.start();
      const code = await altered.ended();
      return { code, log: altered.log().slice(logged) };
    };

    it("with a certificate that is not the registered one does not start, and says both fingerprints", async () => {
      const folder = join(network.plan.folder, "other-certificate");
      const other = await createMember("vetter", "x", folder, network.context, SCRYPT_N);
      const tls = await writeTlsIdentity(other.folder, "Impostor", ["127.0.0.1"], network.context);
      const { code, log } = await startAltered({ OPALINE_TLS_KEY: tls.key, OPALINE_TLS_CERTIFICATE: tls.certificate });
      assert.equal(code, 78);
      assert.match(log, /NODE_WRONG_CERTIFICATE/);
      assert.ok(log.includes(tls.fingerprint) && log.includes(network.workers[3]!.fingerprint!));
    });

    it("with a wrong keystore password does not start", async () => {
      const { code, log } = await startAltered({ OPALINE_PASSWORD_FILE: join(network.plan.folder, "wrong-password") });
      assert.equal(code, 78);
      assert.match(log, /KEYSTORE_WRONG_PASSWORD/);
    });

    it("configured for another chain does not start", async () => {
      const { code, log } = await startAltered({ OPALINE_CHAIN_ID: "1" });
      assert.equal(code, 78);
      assert.match(log, /CHAIN_WRONG_ID|CHAIN_DEPLOYMENT/);
    });
  });

  it("a request nobody can answer expires, is visible as such, and its price comes back", async () => {
    // Worker 4 is stopped by now; of four workers, three are needed.
    await network.services[2]!.stop();
    const querier = network.optionsOf(network.querier);
    const { requestId } = await askQuery(network, query, { parameters: GOOD, wait: false });
    await assert.rejects(expire.handler({ ...querier, request: requestId }, network.context), {
      code: "CHAIN_REVERTED",
    });
    const early = answer.handler({ ...network.network, request: requestId }, network.context);
    await assert.rejects(early, (error: { code: string; message: string }) => {
      assert.match(error.message, /not answered yet; deadline block [0-9]+$/);
      assert.deepEqual([error.code, exitCodeOf(error)], ["REQUEST_PENDING", 75]);
      return true;
    });
    await test.mineBlocks(DEADLINE_BLOCKS + 1);

    const { refunded } = await expire.handler({ ...querier, request: requestId }, network.context);
    assert.equal(refunded, parseEther(PRICE_ETHER));
    const report = await answer.handler({ ...network.network, request: requestId }, network.context);
    assert.equal(report.state, "EXPIRED");
    assert.deepEqual(report.rows, []);
    const left = await as(network.querier, ({ deployment, signer }) =>
      credits(deployment, signer).credit(Capacity.QUERIER, signer.address),
    );
    assert.equal(left, 0n);

    // The workers come back and leave the expired request alone.
    await network.startWorkers(network.services.filter(({ running }) => !running));
    const next = await askQuery(network, query, { parameters: GOOD });
    assert.equal(next.state, "ANSWERED");
    const again = await untilReport(network, requestId, () => true);
    assert.equal(again.state, "EXPIRED");
    for (const service of network.services) assert.deepEqual(logLines(service, "verdict-signed", requestId), []);
  });

  it("waiting past the deadline says that the request is overdue", async () => {
    await Promise.all(network.services.slice(0, 2).map((service) => service.stop()));
    const asked = await askQuery(network, query, { parameters: { lo: 25, hi: 89 }, wait: false });
    await withNetwork(network.network, network.context, async (connection) => {
      const { queryContract } = await queryCatalogue(connection.deployment, connection.provider).query(query);
      const waiting = waitForAnswer(connection, queryContract, asked, network.context);
      await Promise.all([assert.rejects(waiting, { code: "REQUEST_OVERDUE" }), test.mineBlocks(DEADLINE_BLOCKS + 1)]);
    });
  });
});
