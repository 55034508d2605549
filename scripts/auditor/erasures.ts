/** `opaline auditor erasures`: of all shares of a study that are to be erased, which workers have confirmed that they did. */
import { committeeRegistry, datasetRegistry, memberRegistry } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { type Connection, networkOptions, withNetwork } from "../connection.ts";
import { mapBounded } from "../mapBounded.ts";
import { readBytes32 } from "../readOption.ts";
import { readAll, requireStudy } from "../study.ts";

/** What one committee was given of a dataset. */
export interface ErasureReport {
  readonly datasetId: string;
  readonly owner: string;
  /** The committee's. */
  readonly epoch: bigint;
  /** The dataset; otherwise nothing is asked of this committee any more: another has followed it, or it was never installed. */
  readonly retired: boolean;
  /** Whether every worker has confirmed. */
  readonly erased: boolean;
  /** Workers by name and organisation. */
  readonly confirmed: readonly string[];
  readonly outstanding: readonly string[];
}

const AT_ONCE = 8;

export const command = defineCommand({
  command: "auditor erasures",
  describe:
    "List what is to be erased of a study, by dataset and committee: which workers have confirmed, which have not",
  examples: [
    [
      "auditor erasures --study 0x… --json",
      "nothing while no dataset is retired, no proposal was withdrawn, and no followed committee is past its last deadline",
    ],
  ],
  options: { ...networkOptions, study: { type: "string", describe: "Study id", required: true } },
  handler: (options, context): Promise<ErasureReport[]> => {
    const studyId = readBytes32("study", options.study);
    return withNetwork(options, context, async (connection) => {
      await requireStudy(connection, studyId);
      const { deployment, provider } = connection;
      const registry = datasetRegistry(deployment, provider);
      const ids = await readAll(registry.count(studyId), (offset, limit) => registry.datasets(studyId, offset, limit));
      if (ids.length === 0) return [];
      return (await mapBounded(ids, AT_ONCE, (datasetId) => reportsOf(connection, studyId, datasetId))).flat();
    });
  },
});

/** Nothing of a committee that is in use, unless the dataset is retired. */
async function reportsOf(connection: Connection, studyId: string, datasetId: string): Promise<ErasureReport[]> {
  const { deployment, provider } = connection;
  const registry = datasetRegistry(deployment, provider);
  const [owner, retired] = await Promise.all([registry.ownerOf(datasetId), registry.isRetired(datasetId)]);
  const reports: ErasureReport[] = [];
  for (const epoch of await registry.holders(datasetId)) {
    const { due, confirmed, outstanding } = await registry.erasures(datasetId, epoch);
    if (!due) continue;
    const named = (points: readonly number[]) => workersAt(connection, { studyId, epoch, points });
    const place = { datasetId, owner, epoch, retired, erased: outstanding.length === 0 };
    reports.push({ ...place, confirmed: await named(confirmed), outstanding: await named(outstanding) });
  }
  return reports;
}

async function workersAt(
  { deployment, provider }: Connection,
  { studyId, epoch, points }: { studyId: string; epoch: bigint; points: readonly number[] },
): Promise<string[]> {
  const { workers } = await committeeRegistry(deployment, provider).committee(studyId, epoch);
  const members = memberRegistry(deployment, "worker", provider);
  const nameOf = async (point: number): Promise<string> => {
    const worker = workers[point - 1]!;
    return `${point}: ${worker} (${(await members.member(worker)).organisationName})`;
  };
  return Promise.all(points.map(nameOf));
}

if (import.meta.main) await runAlone(command);
