/** The demonstration, step by step, as the README tells it. */
import { openProvider, readDeployment } from "#chain";
import { Finish } from "#messages";
import { parseSchema } from "#schema";
import { type AuditEvent, command as trail } from "../auditor/trail.ts";
import { openDescriptor } from "../query.ts";
import type { AnswerReport, Cell } from "../querier/answerReport.ts";
import { buildContracts } from "./buildContracts.ts";
import { LOCAL_CHAIN_ID } from "./chain.ts";
import { clearAnswer } from "./clearAnswer.ts";
import { alignRows, equalAnswers } from "./compareAnswers.ts";
import { GasMeter } from "./gasMeter.ts";
import type { LocalNetwork } from "./localNetwork.ts";
import { StageRecorder } from "./stageRecorder.ts";
import type { SyntheticTrial } from "./syntheticTrial.ts";
import { type DemoParameters, acceptAgreement, askQuery, publishQuery, signQuery } from "./vettedQuery.ts";

export const DEMO_SQL =
  "SELECT arm, COUNT(*), AVG(response), AVG(age), VAR_SAMP(age) FROM trial " +
  "WHERE age BETWEEN :lo AND :hi AND biomarker = :marker GROUP BY arm";

/** One vetted query, asked again with other parameters: no second vetting. */
const REQUESTS: readonly DemoParameters[] = [
  { lo: 40, hi: 74, marker: "EGFR" },
  { lo: 55, hi: 89, marker: "KRAS/BRAF" },
];

/** Disease-specific research, in the Data Use Ontology. */
const PURPOSE = "DUO:0000007";

export interface DemoAnswer {
  readonly sql: string;
  readonly parameters: DemoParameters;
  readonly requestId: string;
  readonly assurance: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** The same SQL over the hospitals' files in clear, computed by the demonstration only. */
  readonly clear: readonly (readonly Cell[])[];
  readonly equal: boolean;
}

export interface DemoReport {
  readonly answers: readonly DemoAnswer[];
  readonly committee: { readonly n: number; readonly t: number };
  readonly security: string;
  readonly audit: { readonly events: readonly AuditEvent[]; readonly verified: boolean };
  readonly gas: Readonly<Record<string, number>>;
  readonly seconds: Readonly<Record<string, number>>;
}

export async function runSteps(network: LocalNetwork, trial: SyntheticTrial): Promise<DemoReport> {
  const { context, plan } = network;
  const stages = new StageRecorder(context);
  await stages.run("build", "compiling the contracts where needed", buildContracts);
  await stages.run("chain", "starting a local chain", () => network.startChain());
  const provider = openProvider(network.rpc, LOCAL_CHAIN_ID);
  stages.meter = new GasMeter(provider, 0);
  try {
    await stages.run("contracts", `deploying the contracts into ${plan.deployment}`, () => network.deployContracts());
    const members = [plan.hospitals, plan.vetters, [plan.querier], plan.workers].map((group) => group.join(", "));
    await stages.run("members", `admitting ${members.join("; ")}`, () => network.admitMembers([PURPOSE]));
    await stages.run("study", "registering the study and its committee", () =>
      network.registerStudy({
        name: "Adaptive trial",
        schemaText: trial.schemaText,
        deadlineBlocks: 600,
        priceEther: "0.01",
        purposes: [PURPOSE],
      }),
    );
    await stages.run("workers", `starting ${plan.workers.length} workers, each a process`, () =>
      network.startWorkers(),
    );
    await contributeAll(network, trial, stages);
    await stages.run("input check", "the workers check every dataset's columns", () => network.untilChecked());
    const query = await vetQuery(network, stages);
    const answers: DemoAnswer[] = [];
    for (const parameters of REQUESTS) answers.push(await ask(network, trial, query, parameters, stages));
    const audit = await stages.run("audit", "verifying the audit trail", () =>
      trail.handler({ ...network.network, subject: undefined }, context),
    );
    const security = String((await network.services[0]!.status(context.signal))["security"]);
    stages.meter = undefined; // the chain ends, too
    await stages.run("shutdown", "ending every process", () => network.stop());
    stages.total();
    const { gas, seconds } = stages;
    const committee = { n: plan.workers.length, t: plan.threshold };
    return { answers, committee, security, audit, gas, seconds };
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

async function ask(
  network: LocalNetwork,
  trial: SyntheticTrial,
  query: string,
  parameters: DemoParameters,
  stages: StageRecorder,
): Promise<DemoAnswer> {
  const report = await stages.run("answers", `asking with ${JSON.stringify(parameters)}`, () =>
    askQuery(network, query, { parameters }),
  );
  const csvs = trial.sites.map(({ csv }) => csv);
  const inOrder = clearAnswer(csvs, parseSchema(trial.schemaText), report.sql, parameters);
  const clear = alignRows(report.rows, inOrder, await groupKeys(network, report));
  const { sql, requestId, assurance, columns, rows, state } = report;
  const equal = state === "ANSWERED" && equalAnswers(rows, clear);
  return { sql, parameters, requestId, assurance, columns, rows, clear, equal };
}

/** Positions of the answer's columns that name the group. */
async function groupKeys(network: LocalNetwork, report: AnswerReport): Promise<number[]> {
  const provider = openProvider(network.rpc, LOCAL_CHAIN_ID);
  try {
    const connection = { deployment: readDeployment(network.plan.deployment), provider };
    const { columns } = await openDescriptor(connection, report.queryHash);
    return columns.flatMap(({ finish }, position) => (finish === Finish.GROUP ? [position] : []));
  } finally {
    provider.destroy();
  }
}
