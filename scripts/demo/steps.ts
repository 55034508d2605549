/** The demonstration, step by step, as the README tells it. */
import { openProvider } from "#chain";
import { type AuditEvent, command as trail } from "../auditor/trail.ts";
import { buildContracts } from "./buildContracts.ts";
import { ComparedRequests, type DemoAnswer, type DemoRefusal } from "./comparedRequests.ts";
import { GATE_RUNS } from "./expectedDisclosure.ts";
import { GasMeter } from "./gasMeter.ts";
import type { LocalNetwork } from "./localNetwork.ts";
import { StageRecorder } from "./stageRecorder.ts";
import type { SyntheticTrial } from "./syntheticTrial.ts";
import { type DemoParameters, acceptAgreement, publishQuery, signQuery } from "./vettedQuery.ts";

export const DEMO_SQL =
  "SELECT arm, COUNT(*), AVG(response), AVG(age), VAR_SAMP(age) FROM trial " +
  "WHERE age BETWEEN :lo AND :hi AND biomarker = :marker GROUP BY arm";

/** One vetted query, asked again with other parameters: no second vetting. */
export const REQUESTS: readonly DemoParameters[] = [
  { lo: 40, hi: 74, marker: "EGFR" },
  { lo: 55, hi: 89, marker: "KRAS/BRAF" },
];

/** The first request's cohort with other ends of the age range, the nearest first. */
export const TRACKERS: readonly DemoParameters[] = [
  [35, 74],
  [40, 79],
  [45, 74],
  [30, 74],
  [35, 79],
  [40, 84],
  [40, 69],
].map(([lo, hi]) => ({ lo: lo!, hi: hi!, marker: "EGFR" }));

/** Disease-specific research, in the Data Use Ontology. */
const PURPOSE = "DUO:0000007";

export interface DemoReport {
  readonly answers: readonly DemoAnswer[];
  /** Requests that the gate must refuse. */
  readonly refusals: readonly DemoRefusal[];
  readonly committee: { readonly n: number; readonly t: number };
  readonly security: string;
  readonly audit: { readonly events: readonly AuditEvent[]; readonly verified: boolean };
  readonly gas: Readonly<Record<string, number>>;
  readonly seconds: Readonly<Record<string, number>>;
}

const STUDY_AGREEMENT =
  "Adaptive trial: each hospital contributes its patients' records as shares only, for vetted queries only, " +
  "and may set its own terms, veto a query, or close its data.\n";

export async function runSteps(network: LocalNetwork, trial: SyntheticTrial): Promise<DemoReport> {
  const { context, plan } = network;
  const stages = new StageRecorder(context);
  await stages.run("build", "compiling the contracts (two to five minutes the first time)", buildContracts);
  await stages.run("chain", "starting a local chain", () => network.startChain());
  const provider = openProvider(network.rpc, network.chainId);
  stages.meter = new GasMeter(provider, 0);
  try {
    await stages.run("contracts", `deploying the contracts into ${plan.deployment}`, () => network.deployContracts());
    const members = [plan.hospitals, plan.vetters, [plan.querier], plan.workers].map((group) => group.join(", "));
    await stages.run("members", `admitting ${members.join("; ")}`, () => network.admitMembers([PURPOSE]));
    await stages.run("study", "registering the study and its committee", () =>
      network.registerStudy({
        name: "Adaptive trial",
        schemaText: trial.schemaText,
        agreement: STUDY_AGREEMENT,
        deadlineBlocks: 600,
        priceEther: "0.01",
        purposes: [PURPOSE],
      }),
    );
    await stages.run("study agreement", "every hospital signs the study's agreement", () => network.signAgreements());
    await stages.run("workers", `starting ${plan.workers.length} workers, each a process`, () =>
      network.startWorkers(),
    );
    await contributeAll(network, trial, stages);
    await stages.run("input check", "the workers check every dataset's columns", () => network.untilChecked());
    const query = await vetQuery(network, stages);
    const requests = new ComparedRequests(network, trial, query, DEMO_SQL);
    const answers: DemoAnswer[] = [];
    for (const parameters of REQUESTS) {
      const title = `asking with ${JSON.stringify(parameters)}`;
      answers.push(await stages.run("answers", title, () => requests.ask(parameters)));
    }
    const refusals = GATE_RUNS ? [await askTracker(requests, answers[0]!.k, stages)] : [];
    const audit = await stages.run("audit", "verifying the audit trail", () =>
      trail.handler({ ...network.network, subject: undefined }, context),
    );
    const security = String((await network.services[0]!.status(context.signal))["security"]);
    stages.meter = undefined; // the chain ends, too
    await stages.run("shutdown", "ending every process", () => network.stop());
    stages.total();
    const { gas, seconds } = stages;
    const committee = { n: plan.workers.length, t: plan.threshold };
    return { answers, refusals, committee, security, audit, gas, seconds };
  } finally {
    provider.destroy();
  }
}

async function contributeAll(network: LocalNetwork, trial: SyntheticTrial, stages: StageRecorder): Promise<void> {
  for (const [index, { name, csv }] of trial.sites.entries()) {
    await stages.run("contribution", `${name} contributes its patients`, () =>
      network.contribute(network.hospitals[index]!, csv),
    );
  }
}

async function vetQuery(network: LocalNetwork, stages: StageRecorder): Promise<string> {
  const query = await stages.run("publication", `publishing: ${DEMO_SQL}`, () => publishQuery(network, DEMO_SQL));
  for (const vetter of network.vetters) {
    await stages.run("vetting", `${vetter.organisation} reviews and signs`, () => signQuery(network, query, vetter));
  }
  await stages.run("agreement", "the querier accepts the agreement", () => acceptAgreement(network, query));
  return query;
}

/** Subtracted from the first answer, this one's would speak of a few patients. */
async function askTracker(requests: ComparedRequests, k: number, stages: StageRecorder): Promise<DemoRefusal> {
  const parameters = requests.tracker(TRACKERS, k);
  return stages.run("refusals", `asking for a few patients more or less: ${JSON.stringify(parameters)}`, () =>
    requests.askRefused(parameters),
  );
}
