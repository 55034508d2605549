/**
 * `npm run demo`: one vetted query, end to end, through all three layers, on this machine. Starts a chain and four
 * workers, contributes three hospitals' made-up patients, asks twice, and compares with the same SQL over the files in
 * clear: what is shown, and what is hidden or refused. Leaves nothing running, and nothing on disk but `deployments/demo/`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { LocalNetwork } from "./localNetwork.ts";
import { printDemo } from "./printDemo.ts";
import { type DemoReport, runSteps } from "./steps.ts";
import { syntheticTrial } from "./syntheticTrial.ts";

/** A hundredth of a keystore's usual cost: these keys live for a minute. The workers' keystores have the full cost. */
const MEMBER_SCRYPT_N = 1_024;

/** In the package, wherever it is started from. */
const DEPLOYMENT = fileURLToPath(new URL("../../deployments/demo", import.meta.url));

const WORKERS = ["University Alder", "University Birch", "Institute Cedar", "Foundation Doum"];
const VETTERS = ["Ethics Board North", "Statistics Institute South"];

export const command = defineCommand({
  command: "demo",
  describe: "Run one vetted query end to end on this machine: chain, contracts, members, workers, answer",
  examples: [],
  options: {
    seed: { type: "string", describe: "Seed of the made-up patients", default: "opaline" },
    keep: { type: "boolean", describe: "Keep the temporary folder (keys, stores, logs) for inspection" },
  },
  handler: async ({ seed, keep }, context): Promise<DemoReport> => {
    const trial = syntheticTrial(seed);
    const folder = mkdtempSync(join(tmpdir(), "opaline-"));
    const network = new LocalNetwork(
      {
        folder,
        deployment: DEPLOYMENT,
        hospitals: trial.sites.map(({ name }) => name),
        vetters: VETTERS,
        querier: "Research Institute",
        workers: WORKERS,
        threshold: 1,
        scryptN: MEMBER_SCRYPT_N,
        workerScryptN: undefined,
        workerEnvironment: { OPALINE_POLL_MS: "100" },
      },
      context,
    );
    try {
      return await runSteps(network, trial);
    } finally {
      await network.stop();
      if (keep) context.log(`kept ${folder}`);
      else rmSync(folder, { recursive: true, force: true });
    }
  },
  print: printDemo,
  json: ({ answers, refusals, committee, security, audit, gas, seconds }) => {
    const { events, verified } = audit;
    return { answers, refusals, committee, security, audit: { events: events.length, verified }, gas, seconds };
  },
  succeeded: ({ answers, refusals, audit }) =>
    audit.verified && answers.every(({ equal }) => equal) && refusals.every(({ refused }) => refused),
});

if (import.meta.main) await runAlone(command);
