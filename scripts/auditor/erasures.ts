/** `opaline auditor erasures`: of each retired dataset of a study, which workers have confirmed that they erased it. */
import { committeeRegistry, datasetRegistry, memberRegistry } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { type Connection, networkOptions, withNetwork } from "../connection.ts";
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
      return (await mapBounded(ids, AT_ONCE, (datasetId) => reportOf(connection, studyId, datasetId))).flat();
    });
  },
});

/** Nothing of a dataset that is in use. */
async function reportOf(
  { deployment, provider }: Connection,
  studyId: string,
  datasetId: string,
): Promise<ErasureReport[]> {
  const registry = datasetRegistry(deployment, provider);
  const { retired, confirmed, outstanding } = await registry.erasures(datasetId);
  if (!retired) return [];
  // Of the committee that held the shares, which another may have followed since.
  const epoch = await registry.retiredUnder(datasetId);
  const { workers } = await committeeRegistry(deployment, provider).committee(studyId, epoch);
  const members = memberRegistry(deployment, "worker", provider);
  const nameOf = async (point: number): Promise<string> => {
    const worker = workers[point - 1]!;
    return `${point}: ${worker} (${(await members.member(worker)).organisationName})`;
  };
  const [done, missing] = await Promise.all([confirmed, outstanding].map((points) => Promise.all(points.map(nameOf))));
  const owner = await registry.ownerOf(datasetId);
  return [{ datasetId, owner, erased: outstanding.length === 0, confirmed: done!, outstanding: missing! }];
}

if (import.meta.main) await runAlone(command);
