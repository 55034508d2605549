/** `opaline participant show`: what the chain says about one's own row, and every request that has used its dataset. */
import { type ConsentForm, consentRegistry, latestBlock } from "#chain";
import type { ConsentChange, ConsentRecord } from "#messages";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { type Connection, networkOptions, withNetwork } from "../connection.ts";
import { mapBounded } from "../mapBounded.ts";
import { purposeText } from "../purposes.ts";
import { instantText } from "../query.ts";
import { type LoggedRequest, type Mask, maskNow, maskOfRequest, requestsOver } from "../requestMask.ts";
import type { Slip } from "../slipFile.ts";
import { readSlip, slipOption } from "./slip.ts";

/** Each needs the chain's log of consents until its block. */
const MASKS_AT_ONCE = 4;

export interface OwnRecord {
  readonly block: number;
  /** By your own signature; otherwise by the hospital. */
  readonly own: boolean;
  readonly given: boolean;
  readonly form: number;
  readonly purposes: readonly string[];
  readonly futureUse: boolean;
  /** Last valid second, ISO 8601; null: without end, or a withdrawal. */
  readonly expiry: string | null;
}

export const command = defineCommand({
  command: "participant show",
  describe: "Show what the chain says about your row, and every request that has used its dataset since",
  examples: [["participant show --slip slip.json", "needs no key; nothing is sent to anyone"]],
  options: { ...networkOptions, ...slipOption },
  handler: (options, context) => {
    const slip = readSlip(options.slip, context);
    return withNetwork(options, context, async (connection) => {
      const { datasetId, version, slot, participant } = slip.enrolment;
      const consents = consentRegistry(connection.deployment, connection.provider);
      const enrolled = await consents.participant(datasetId, version, slot);
      const forms = await consents.forms(slip.studyId);
      const now = await maskNow(connection, slip.studyId, [datasetId]);
      const requests = await requestsOver(connection, slip.studyId, datasetId);
      return {
        ...{ studyId: slip.studyId, datasetId, version, slot },
        speaks: enrolled?.key ?? "nobody yet: your first consent or withdrawal enrols your key",
        isYourKey: enrolled === undefined ? undefined : enrolled.key === participant,
        explicitOnly: now.explicitOnly,
        leastForm: now.leastForm,
        newestForm: newestOf(forms),
        records: await ownRecords(connection, slip),
        usableNow: isUsable(now, slip) ?? false,
        requests: await mapBounded(requests, MASKS_AT_ONCE, (request) => useOf(connection, slip, request)),
      };
    });
  },
});

function newestOf(forms: readonly ConsentForm[]): string {
  const newest = forms.at(-1);
  return newest === undefined ? "none" : `${newest.form} (${newest.formHash})`;
}

async function ownRecords({ deployment, provider }: Connection, { studyId, enrolment }: Slip): Promise<OwnRecord[]> {
  const { datasetId, version, slot } = enrolment;
  const consents = consentRegistry(deployment, provider);
  const last = await latestBlock(provider);
  const changes: ConsentChange[] = await consents.changes(studyId, [datasetId], deployment.block, last);
  return changes.flatMap((change) => {
    if (change.kind !== "record" || change.record.version !== version || !change.record.slots.includes(slot)) return [];
    const { given, form, purposes, futureUse, expiry }: ConsentRecord = change.record;
    const scope = { given, form, purposes: purposes.map(purposeText), futureUse, expiry: instantText(expiry) };
    return [{ block: change.block, own: change.own, ...scope }];
  });
}

/** Undefined where the version is not among those of the mask: the row was not there yet. */
function isUsable({ datasets }: Mask, { enrolment }: Slip): boolean | undefined {
  const dataset = datasets.find(({ datasetId }) => datasetId.toLowerCase() === enrolment.datasetId);
  const found = dataset?.versions.find(({ version }) => version === enrolment.version);
  return found === undefined ? undefined : !found.excluded.includes(enrolment.slot);
}

async function useOf(connection: Connection, slip: Slip, request: LoggedRequest) {
  const mask = await maskOfRequest(connection, request);
  const usable = mask === undefined ? undefined : isUsable(mask, slip);
  return {
    requestId: request.requestId,
    block: request.context.requestBlock,
    queryHash: request.queryHash,
    querier: request.querier,
    yourRow:
      mask === undefined
        ? "UNKNOWN: the request's mask is not what the chain's records give"
        : usable === undefined
          ? "not there yet"
          : usable
            ? "could be used"
            : "was not used",
  };
}

if (import.meta.main) await runAlone(command);
