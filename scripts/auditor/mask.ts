/**
 * `opaline auditor mask`: which rows a request may not use, and the root that binds them, derived from the chain's events;
 * compared with what the request fixed, or with what the contract keeps now.
 */
import { consentRegistry, datasetRegistry } from "#chain";
import { CodedError } from "#errors";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { type Connection, networkOptions, withNetwork } from "../connection.ts";
import { tableOf } from "../printValue.ts";
import { readRequestEvents } from "../querier/requestEvents.ts";
import { invalidOption, readBytes32 } from "../readOption.ts";
import { type Mask, maskNow, maskOfRequest } from "../requestMask.ts";
import { readAll, requireStudy } from "../study.ts";

export interface MaskReport {
  /** The events give what the request fixed; without one, what the contract keeps. */
  readonly verified: boolean;
  readonly studyId: string;
  readonly request: string | undefined;
  /** As the request fixed it; undefined without one, where the root follows from the newest block's second. */
  readonly expectedRoot: string | undefined;
  /** Undefined when the events do not give the request's root. */
  readonly root: string | undefined;
  readonly explicitOnly: boolean | undefined;
  readonly leastForm: number | undefined;
  readonly versions: readonly MaskRow[];
}

export interface MaskRow {
  readonly datasetId: string;
  readonly version: bigint;
  readonly rowCount: bigint;
  readonly excluded: number;
}

export const command = defineCommand({
  command: "auditor mask",
  describe: "Derive the public consent mask from the chain's events and compare its root",
  examples: [
    ["auditor mask --study 0x…", "of this moment, over all datasets of the study"],
    ["auditor mask --request 0x…", "of a request: its datasets, its block"],
  ],
  options: {
    ...networkOptions,
    study: { type: "string", describe: "Study id (without --request)" },
    dataset: {
      type: "strings",
      describe: "Only this dataset, in ascending order; repeat for more (without --request)",
    },
    request: { type: "string", describe: "Of this request, with its own study and datasets" },
  },
  handler: (options, context): Promise<MaskReport> => {
    const { study, request } = options;
    if ((study === undefined) === (request === undefined)) throw invalidOption("study", "either --study or --request");
    if (request !== undefined && options.dataset.length > 0) {
      throw invalidOption("dataset", "nothing: --request has its own datasets");
    }
    const requestId = request === undefined ? undefined : readBytes32("request", request);
    const studyId = study === undefined ? undefined : readBytes32("study", study);
    const datasetIds = options.dataset.map((each) => readBytes32("dataset", each));
    return withNetwork(options, context, (connection) =>
      requestId === undefined ? reportNow(connection, studyId!, datasetIds) : reportRequest(connection, requestId),
    );
  },
  print: ({ verified, root, expectedRoot, explicitOnly, leastForm, versions }) =>
    [
      tableOf(
        ["dataset", "version", "rows", "not used"],
        versions.map(({ datasetId, version, rowCount, excluded }) => [datasetId, version, rowCount, excluded]),
      ),
      "",
      `rules: ${explicitOnly === true ? "only rows with a recorded consent" : "rows without a record are used"}, least form ${leastForm ?? "unknown"}`,
      `root ${root ?? "unknown"}`,
      verified
        ? "verified"
        : `NOT VERIFIED: the events give another root than ${expectedRoot ?? "the contract's heads"}`,
    ].join("\n"),
  succeeded: ({ verified }) => verified,
});

async function reportRequest(connection: Connection, requestId: string): Promise<MaskReport> {
  const { requested } = await readRequestEvents(connection, requestId);
  const { studyId, consentMaskRoot } = requested.context;
  const mask = await maskOfRequest(connection, requested);
  return { verified: mask !== undefined, studyId, request: requestId, expectedRoot: consentMaskRoot, ...rowsOf(mask) };
}

async function reportNow(connection: Connection, studyId: string, given: readonly string[]): Promise<MaskReport> {
  await requireStudy(connection, studyId);
  const { deployment, provider } = connection;
  const registry = datasetRegistry(deployment, provider);
  const all = await readAll(registry.count(studyId), (offset, limit) => registry.datasets(studyId, offset, limit));
  const datasetIds = given.length === 0 ? all.toSorted() : given;
  for (const each of datasetIds) if (!all.includes(each)) throw otherStudy(each, studyId);
  const mask = await maskNow(connection, studyId, datasetIds);
  return {
    verified: await isKept(connection, studyId, mask),
    studyId,
    request: undefined,
    expectedRoot: undefined,
    ...rowsOf(mask),
  };
}

/** Rules and heads as the contract keeps them: its own root is of another second. */
async function isKept({ deployment, provider }: Connection, studyId: string, mask: Mask): Promise<boolean> {
  const consents = consentRegistry(deployment, provider);
  const { explicitOnly, leastForm } = await consents.rules(studyId);
  const heads = await Promise.all(mask.datasets.map(({ datasetId }) => consents.head(datasetId)));
  const sameHeads = mask.datasets.every(({ head }, index) => head === heads[index]);
  return sameHeads && explicitOnly === mask.explicitOnly && leastForm === mask.leastForm;
}

function rowsOf(mask: Mask | undefined): Pick<MaskReport, "root" | "explicitOnly" | "leastForm" | "versions"> {
  const versions = (mask?.datasets ?? []).flatMap(({ datasetId, versions: found }) =>
    found.map(({ version, rowCount, excluded }) => ({ datasetId, version, rowCount, excluded: excluded.length })),
  );
  return { root: mask?.root, explicitOnly: mask?.explicitOnly, leastForm: mask?.leastForm, versions };
}

function otherStudy(datasetId: string, studyId: string): CodedError {
  return new CodedError(
    { code: "DATASET_OTHER_STUDY", datasetId, studyId },
    `--dataset: ${datasetId} is not of this study: \`opaline data-owner datasets --study ${studyId}\` lists them`,
  );
}

if (import.meta.main) await runAlone(command);
