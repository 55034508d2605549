/** `opaline auditor erasures`: of each retired dataset of a study, which workers have confirmed that they erased it. */
import { committeeRegistry, datasetRegistry, memberRegistry, type DatasetRegistry } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { mapBounded } from "../mapBounded.ts";
import { readBytes32 } from "../readOption.ts";
import { readAll, requireStudy } from "../study.ts";

export interface ErasureReport {
  readonly datasetId: string;
  readonly owner: string;
  /** Whether every worker has confirmed. */
  readonly erased: boolean;
  /** Workers by name and organisation. */
  readonly confirmed: readonly string[];
  readonly outstanding: readonly string[];
}

const AT_ONCE = 8;

export const command = defineCommand({
  command: "auditor erasures",
  describe: "List a study's retired datasets: which workers have confirmed the erasure, which have not",
  examples: [["auditor erasures --study 0x… --json", "nothing while no dataset was retired"]],
  options: { ...networkOptions, study: { type: "string", describe: "Study id", required: true } },
  handler: (options, context): Promise<ErasureReport[]> => {
    const studyId = readBytes32("study", options.study);
    return withNetwork(options, context, async (connection) => {
      await requireStudy(connection, studyId);
      const { deployment, provider } = connection;
      const registry = datasetRegistry(deployment, provider);
      const ids = await readAll(registry.count(studyId), (offset, limit) => registry.datasets(studyId, offset, limit));
      if (ids.length === 0) return [];
      const committees = committeeRegistry(deployment, provider);
      const { workers } = await committees.committee(studyId, await committees.currentEpoch(studyId));
      const members = memberRegistry(deployment, "worker", provider);
      const names = await Promise.all(
        workers.map(async (worker) => `${worker} (${(await members.member(worker)).organisationName})`),
      );
      return (await mapBounded(ids, AT_ONCE, (datasetId) => reportOf(registry, datasetId, names))).flat();
    });
  },
});

/** Nothing of a dataset that is in use. */
async function reportOf(
  registry: DatasetRegistry,
  datasetId: string,
  names: readonly string[],
): Promise<ErasureReport[]> {
  const { retired, confirmed, outstanding } = await registry.erasures(datasetId);
  if (!retired) return [];
  const named = (points: readonly number[]): string[] => points.map((point) => `${point}: ${names[point - 1]}`);
  const owner = await registry.ownerOf(datasetId);
  const workers = { confirmed: named(confirmed), outstanding: named(outstanding) };
  return [{ datasetId, owner, erased: outstanding.length === 0, ...workers }];
}

if (import.meta.main) await runAlone(command);
