/**
 * The kit can open cells of one patient; a worker cannot. `workers/main.ts` reads its settings from the environment and its k from the
 * chain; whatever they say, a PUBLIC answer is planned with k = 5 at least, and nothing that it imports opens outputs in
 * another way.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { planGate } from "../../workers/disclosure/planGate.ts";
import { LEAST_K } from "../../workers/disclosure/preparedRequest.ts";
import { bn254Fr } from "../../workers/field/bn254Fr.ts";
import type { SizeTest } from "../../workers/messages/gatePlan.ts";
import { readConfiguration } from "../../workers/node/configuration.ts";
import { parseSchema } from "../../workers/schema/parseSchema.ts";
import type { Row } from "../workers/disclosure/clearStudy.ts";
import { ClearStudy } from "../workers/disclosure/clearStudy.ts";
import { GatedCommittee } from "../workers/node/gatedCommittee.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const schema = parseSchema(
  JSON.stringify({
    name: "least k",
    table: "trial",
    subject: "id",
    fields: [{ name: "arm", type: "category", categories: ["four", "five", "most"], required: true }],
  }),
);
const ROWS: readonly Row[] = [4, 5, 60].flatMap((count, arm) =>
  Array.from({ length: count }, () => ({ arm: BigInt(arm) })),
);
const TABLE = "SELECT arm, COUNT(*) FROM trial GROUP BY arm";
const FOUR = "SELECT COUNT(*) FROM trial WHERE arm = 'four'";

describe("a PUBLIC k below 5", () => {
  it("is planned as 5, however small the policy's", async () => {
    const study = new ClearStudy(schema);
    study.contribute("one", ROWS);
    for (const sql of [TABLE, FOUR]) {
      const { facts, circuit } = await study.compile({ sql });
      assert(circuit !== undefined);
      const planned = async (k: number): Promise<SizeTest[]> => {
        const gate = await planGate({ ...facts, circuit }, [], k, bn254Fr);
        assert(!gate.refused);
        const { cohort, zeros, groups } = gate.plan;
        return [...cohort, ...zeros, ...groups.flatMap(({ tests }) => tests)];
      };
      const least = await planned(LEAST_K);
      assert.equal(LEAST_K, 5);
      assert.ok(least.length > 0 && least.every(({ last }) => last >= LEAST_K - 1));
      for (const k of [-1, 0, 1, 4]) assert.deepEqual(await planned(k), least, `k = ${k}`);
      assert.notDeepEqual(await planned(LEAST_K + 1), least);
    }
  });

  it("shows nothing of four patients at three workers", async () => {
    const committee = new GatedCommittee(schema);
    (committee.clear as { k: number }).k = 1;
    committee.contribute("one", ROWS);
    const refused = await committee.ask({ sql: FOUR });
    assert.equal(refused.shared.kind, "refused");
    const { shared } = await committee.ask({ sql: TABLE });
    assert(shared.kind === "answered");
    assert.deepEqual(
      shared.outputs,
      [undefined, 5n, undefined],
      "four are hidden, and what would tell them; five are shown",
    );
  });

  it("is no setting of a worker", () => {
    const complete = {
      OPALINE_DATA_DIR: "data",
      OPALINE_KEY_DIR: "keys",
      OPALINE_STORE_KEY: "store.key",
      OPALINE_KEYSTORE: "keystore",
      OPALINE_PASSWORD_FILE: "password",
      OPALINE_TLS_KEY: "tls.key",
      OPALINE_TLS_CERTIFICATE: "tls.crt",
      OPALINE_LISTEN: "127.0.0.1:0",
      OPALINE_RPC_URL: "http://127.0.0.1:8545",
      OPALINE_CHAIN_ID: "31337",
      OPALINE_DEPLOYMENT: "deployment",
    };
    const names = ["K", "LEAST_K", "PUBLIC_K", "POLICY_K", "DISCLOSURE_CONTROL", "NO_DISCLOSURE_CONTROL"];
    const more = Object.fromEntries(names.map((name) => [`OPALINE_${name}`, "1"]));
    const configuration = readConfiguration({ ...complete, ...more }, ROOT);
    assert.deepEqual(configuration, readConfiguration(complete, ROOT));
    assert.deepEqual(
      Object.keys(configuration).filter((key) => /^k$|least|disclosure|gate/i.test(key)),
      [],
    );
  });
});

describe("what workers/main.ts imports", () => {
  const imports = importsFrom("workers/main.ts");
  const importersOf = (file: string): string[] =>
    [...imports].flatMap(([importer, files]) => (files.includes(file) ? [importer] : [])).sort();

  it("is workers' code alone: neither this kit nor any test", () => {
    assert.ok(imports.size > 100, "the whole worker");
    assert.deepEqual(
      [...imports.keys()].filter((file) => !file.startsWith("workers/")),
      [],
    );
  });

  it("computes and opens outputs in the gate alone, by a plan of planGate", () => {
    assert.deepEqual(importersOf("workers/protocols/evaluateCircuit.ts"), ["workers/protocols/gateRun.ts"]);
    // Choosing lines opens bits of tests, and no sums.
    const runs = importersOf("workers/protocols/gateRun.ts").filter((file) => !file.endsWith("/chooseLines.ts"));
    assert.deepEqual(runs, ["workers/protocols/gate.ts"]);
    assert.deepEqual(importersOf("workers/protocols/gate.ts"), ["workers/node/gatedRun.ts"]);
    assert.ok(imports.get("workers/node/gatedRun.ts")?.includes("workers/disclosure/planGate.ts"));
  });
});

/** By file, which of the repository's own files it imports values from, as far as they can be reached. Paths from the root. */
function importsFrom(entry: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const open = [entry];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (found.has(file)) continue;
    const text = readFileSync(join(ROOT, file), "utf8");
    const values = [
      ...text.matchAll(/^(?:import|export)\s+(?!type\b)[^;]*?from\s+"(\.[^"]+)"|import\("(\.[^"]+)"\)/gms),
    ];
    const files = values.map(([, from, lazy]) => relative(ROOT, join(ROOT, dirname(file), (from ?? lazy)!)));
    found.set(file, files);
    open.push(...files);
  }
  return found;
}
