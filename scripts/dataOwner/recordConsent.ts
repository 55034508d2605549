/** `opaline data-owner record-consent`: consents and withdrawals on paper, of many participants at once. */
import { consentRegistry, studyRegistry } from "#chain";
import type { ConsentRecord } from "#messages";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { type SignerConnection, signerOptions, withSigner } from "../connection.ts";
import { readScope, requireFuture, scopeOptions, uncovered } from "../consentScope.ts";
import { mapBounded } from "../mapBounded.ts";
import { purposeText } from "../purposes.ts";
import { invalidOption, readBytes32, readWhole } from "../readOption.ts";
import { type Named, type OwnVersion, invalid, openOwnVersion, readParticipants } from "./ownRows.ts";

/** The contract takes no more in one record. */
const MOST_SLOTS = 256;
const READS_AT_ONCE = 8;

export const command = defineCommand({
  command: "data-owner record-consent",
  describe: "Record participants' consents or withdrawals that you have on paper",
  examples: [
    [
      "data-owner record-consent --study 0x… --version 1 --participants withdrawn.csv --withdraw --directory ~/private " +
        "--keystore ~/private/keystore.json --password-file ~/private/password",
      "withdrawn.csv has the column subject_id; in force for every later request",
    ],
    ["data-owner record-consent … --give --form 1 --purpose DUO:0000007 --expires 2030-12-31", "consents"],
  ],
  options: {
    ...signerOptions,
    study: { type: "string", describe: "Study id", required: true },
    version: { type: "string", describe: "Version of your dataset that the participants are in", required: true },
    participants: { type: "string", describe: "CSV file with the column subject_id", required: true },
    directory: { type: "string", describe: "The hospital's private folder (from init)", required: true },
    ...scopeOptions,
    form: { type: "string", describe: "Version of the consent form that was signed (with --give)" },
  },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    const version = readWhole("version", options.version, 1n, 2n ** 32n);
    const scope = readScope(options);
    const form = readForm(options.form, scope.given);
    return withSigner(options, context, async (connection) => {
      const { deployment, provider, signer } = connection;
      const own = await openOwnVersion(connection, studyId, version, context.resolve(options.directory));
      await requireFuture(provider, scope);
      const named = readParticipants(context.resolve(options.participants), ["subject_id"], own.kept);
      if (scope.given) await refuseSpoken(connection, own, named);
      const { purposes } = await studyRegistry(deployment, provider).policy(studyId);
      const missing = uncovered(scope, purposes).map(purposeText);
      if (missing.length > 0) context.log(`warning: without ${missing.join(", ")} these rows are not used at all`);
      const consents = consentRegistry(deployment, signer);
      const slots = named.map(({ slot }) => slot).sort((a, b) => a - b);
      const transactions: string[] = [];
      let gasUsed = 0n;
      for (let next = 0; next < slots.length; next += MOST_SLOTS) {
        const record: ConsentRecord = { version, slots: slots.slice(next, next + MOST_SLOTS), form, ...scope };
        const mined = await consents.record(own.datasetId, record);
        transactions.push(mined.hash);
        gasUsed += mined.gasUsed;
      }
      const { datasetId } = own;
      return { studyId, datasetId, version, given: scope.given, participants: slots.length, transactions, gasUsed };
    });
  },
});

function readForm(text: string | undefined, given: boolean): number {
  if (given !== (text !== undefined)) {
    throw invalidOption(
      "form",
      given ? "the version of the form that was signed" : "nothing: --withdraw needs no form",
    );
  }
  return text === undefined ? 0 : Number(readWhole("form", text, 1n, 2n ** 32n - 1n));
}

/** The contract would refuse, too, and name a row; here it is a line of the file. @throws CodedError PARTICIPANTS_INVALID */
async function refuseSpoken(
  { deployment, provider }: SignerConnection,
  { datasetId, version }: OwnVersion,
  named: readonly Named[],
): Promise<void> {
  const consents = consentRegistry(deployment, provider);
  const found = await mapBounded(named, READS_AT_ONCE, ({ slot }) => consents.participant(datasetId, version, slot));
  const index = found.findIndex((participant) => participant?.spoke === true);
  if (index < 0) return;
  const why = "this participant has spoken by its own signature, and only that can give consent from then on";
  throw invalid(named[index]!.line, why);
}

if (import.meta.main) await runAlone(command);
