/** The demonstration's requests: each answer beside the clear-text one, and one request that the gate must refuse. */
import { openProvider, readDeployment } from "#chain";
import { Finish } from "#messages";
import { type StudySchema, parseSchema } from "#schema";
import type { HiddenCells } from "#statistics";
import { openDescriptor } from "../query.ts";
import type { AnswerReport, Cell } from "../querier/answerReport.ts";
import { type Cell as ClearCell, clearAnswer } from "./clearAnswer.ts";
import { type ClearSets, type PatientSet, clearSets } from "./clearSets.ts";
import { alignRows, faultsOf } from "./compareAnswers.ts";
import { disclosedSets, expectAnswer, expectDisclosure } from "./expectedDisclosure.ts";
import type { LocalNetwork } from "./localNetwork.ts";
import type { SyntheticTrial } from "./syntheticTrial.ts";
import { type DemoParameters, askQuery } from "./vettedQuery.ts";

export interface DemoAnswer {
  readonly sql: string;
  readonly parameters: DemoParameters;
  readonly requestId: string;
  readonly assurance: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly suppression: HiddenCells | undefined;
  /** No set of fewer patients is disclosed. */
  readonly k: number;
  /** The same SQL over the hospitals' files in clear, computed by the demonstration only; no value: an empty group. */
  readonly clear: readonly (readonly ClearCell[])[];
  /** Every shown value is the clear one, and what is hidden is what must be. */
  readonly equal: boolean;
}

export interface DemoRefusal {
  readonly sql: string;
  readonly parameters: DemoParameters;
  readonly requestId: string;
  readonly state: string;
  readonly outcome: string | undefined;
  readonly reason: string | undefined;
  /** Refused, as it must be. */
  readonly refused: boolean;
}

/** Asks in order, and remembers what was disclosed, as the workers do. */
export class ComparedRequests {
  readonly #network: LocalNetwork;
  readonly #trial: SyntheticTrial;
  readonly #schema: StudySchema;
  readonly #query: string;
  readonly #sql: string;
  #disclosed: readonly PatientSet[] = [];

  constructor(network: LocalNetwork, trial: SyntheticTrial, query: string, sql: string) {
    this.#network = network;
    this.#trial = trial;
    this.#schema = parseSchema(trial.schemaText);
    this.#query = query;
    this.#sql = sql;
  }

  async ask(parameters: DemoParameters): Promise<DemoAnswer> {
    return this.compare(parameters, await askQuery(this.#network, this.#query, { parameters }));
  }

  /** An answer that came after the last one compared. */
  async compare(parameters: DemoParameters, report: AnswerReport): Promise<DemoAnswer> {
    const { requestId, assurance, columns, rows, suppression, k, state } = report;
    const files = this.#trial.sites.map(({ csv }) => csv);
    const keysAt = await groupKeys(this.#network, report);
    const aligned = alignRows(rows, clearAnswer(files, this.#schema, this.#sql, parameters), keysAt);
    const sets = this.#setsOf(parameters);
    const expected = expectAnswer(sets, k, { disclosed: this.#disclosed, perhaps: [] });
    const faults = faultsOf(rows, aligned, keysAt, expected);
    for (const fault of faults) this.#network.context.log(fault);
    this.#disclosed = [...this.#disclosed, ...disclosedSets(sets, rows, keysAt)];
    const clear = [...aligned.partners.map((partner) => partner ?? []), ...aligned.missing];
    const equal = state === "ANSWERED" && expected.request !== "hidden" && faults.length === 0;
    return { sql: this.#sql, parameters, requestId, assurance, columns, rows, suppression, k, clear, equal };
  }

  /** @throws Error when the made-up patients allow none */
  tracker(candidates: readonly DemoParameters[], k: number): DemoParameters {
    const found = findTracker(candidates, (parameters) => this.#setsOf(parameters), k, this.#disclosed);
    if (found === undefined) throw new Error("no cohort differs in a handful of patients: choose another seed");
    return found;
  }

  async askRefused(parameters: DemoParameters): Promise<DemoRefusal> {
    const report = await askQuery(this.#network, this.#query, { parameters });
    const { requestId, state, outcome, reason } = report;
    const refused = outcome === "REFUSED_DISCLOSURE";
    return { sql: this.#sql, parameters, requestId, state, outcome, reason, refused };
  }

  #setsOf(parameters: DemoParameters): ClearSets {
    return clearSets(this.#trial.sites, this.#schema, this.#sql, parameters);
  }
}

/** A tracker: a cohort that is large enough by itself, and differs from one that was answered in a handful of patients. */
export function findTracker(
  candidates: readonly DemoParameters[],
  setsOf: (parameters: DemoParameters) => ClearSets,
  k: number,
  disclosed: readonly PatientSet[],
): DemoParameters | undefined {
  return candidates.find((parameters) => {
    const sets = setsOf(parameters);
    const [alone, after] = [[], disclosed].map((earlier) =>
      expectDisclosure(sets, k, { disclosed: earlier, perhaps: [] }),
    );
    return alone!.request === "shown" && after!.request === "hidden";
  });
}

/** Positions of the answer's columns that name the group. */
async function groupKeys(network: LocalNetwork, report: AnswerReport): Promise<number[]> {
  const provider = openProvider(network.rpc, network.chainId);
  try {
    const connection = { deployment: readDeployment(network.plan.deployment), provider };
    const { columns } = await openDescriptor(connection, report.queryHash);
    return columns.flatMap(({ finish }, position) => (finish === Finish.GROUP ? [position] : []));
  } finally {
    provider.destroy();
  }
}
