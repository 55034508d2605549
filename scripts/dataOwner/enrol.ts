/**
 * `opaline data-owner enrol`: a slip for each participant who wants to speak for its own row, and the public list of handles
 * that slips are checked against. Nothing is sent: whoever holds a slip relays it.
 */
import { join } from "node:path";
import { concat, getBytes, keccak256 } from "ethers";
import { consentRegistry } from "#chain";
import { handleOf, HANDLES_KIND, proveLeaf, verifyLeaf } from "#encoding";
import { CodedError } from "#errors";
import { ENROLMENT, type Enrolment, opalineDomain, signTypedData } from "#messages";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { type SignerConnection, signerOptions, withSigner } from "../connection.ts";
import { makePrivateFolder, writePrivateFile } from "../privateFiles.ts";
import { readBytes32, readWhole } from "../readOption.ts";
import { type Slip, handleListText, handlesLeaf, slipText } from "../slipFile.ts";
import { type Named, type OwnVersion, openOwnVersion, readParticipants } from "./ownRows.ts";

export type EnrolErrorDetail = {
  /** The kept salts and ids are not those that the version was committed with. */
  readonly code: "ENROL_OTHER_COMMITMENTS";
  readonly datasetId: string;
  readonly version: string;
};

export const command = defineCommand({
  command: "data-owner enrol",
  describe: "Write a slip for each participant who wants to give and withdraw consent by a key of its own",
  examples: [
    [
      "data-owner enrol --study 0x… --version 1 --participants enrol.csv --directory ~/private --out ~/slips " +
        "--keystore ~/private/keystore.json --password-file ~/private/password",
      "enrol.csv has the columns subject_id,address; give each slip to its participant, and to nobody else",
    ],
  ],
  options: {
    ...signerOptions,
    study: { type: "string", describe: "Study id", required: true },
    version: { type: "string", describe: "Version of your dataset that the participants are in", required: true },
    participants: { type: "string", describe: "CSV file with the columns subject_id,address", required: true },
    directory: { type: "string", describe: "The hospital's private folder (from init)", required: true },
    out: { type: "string", describe: "Private folder for the slips and the list of handles", required: true },
  },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    const version = readWhole("version", options.version, 1n, 2n ** 32n);
    return withSigner(options, context, async (connection) => {
      const own = await openOwnVersion(connection, studyId, version, context.resolve(options.directory));
      const commitment = commitmentOf(own);
      const path = context.resolve(options.participants);
      const named = readParticipants(path, ["subject_id", "address"], own.kept);
      const slips: [Named, Slip][] = [];
      for (const each of named) slips.push([each, await slipOf(connection, studyId, own, commitment, each)]);
      const folder = context.resolve(options.out);
      makePrivateFolder(folder);
      const { datasetId } = own;
      const handlesFile = join(folder, `handles-v${version}.json`);
      writePrivateFile(handlesFile, handleListText({ datasetId, version, handles: commitment.handles }));
      for (const [{ address, slot }, slip] of slips) {
        writePrivateFile(join(folder, `${address}-v${version}-${slot}.json`), slipText(slip));
      }
      const replaced = slips.filter(([, { enrolment }]) => enrolment.nonce > 0n).length;
      return { studyId, datasetId, version, slips: slips.length, replaced, folder, handlesFile };
    });
  },
});

interface Commitment {
  readonly handles: readonly string[];
  readonly handlesHash: string;
  readonly proof: readonly string[];
}

/** From what is kept, compared with the chain: a slip must be right for ever. @throws CodedError ENROL_OTHER_COMMITMENTS */
function commitmentOf({ datasetId, version, segment, kept }: OwnVersion): Commitment {
  const { subjects, salts, leaves } = kept;
  const handles = subjects.map((subject, slot) => handleOf(getBytes(salts[slot]!), subject));
  const handlesHash = keccak256(concat(handles));
  const index = leaves.findIndex(([, kind]) => kind === HANDLES_KIND);
  const proof = index < 0 ? [] : proveLeaf(leaves, index);
  if (verifyLeaf(segment.columnsRoot, handlesLeaf(handlesHash), proof)) return { handles, handlesHash, proof };
  throw new CodedError<EnrolErrorDetail>(
    { code: "ENROL_OTHER_COMMITMENTS", datasetId, version: String(version) },
    `what is kept of version ${version} in --directory is not what the chain has: restore the folder from a backup`,
  );
}

/** The nonce is the number of keys that the row has had: the slip replaces the newest. */
async function slipOf(
  { deployment, provider, signer }: SignerConnection,
  studyId: string,
  { datasetId, version, kept }: OwnVersion,
  { handles, handlesHash, proof }: Commitment,
  { slot, address }: Named,
): Promise<Slip> {
  const consents = consentRegistry(deployment, provider);
  const enrolled = await consents.participant(datasetId, version, slot);
  const enrolment: Enrolment = {
    datasetId,
    version,
    slot,
    handle: handles[slot]!,
    participant: address!,
    nonce: enrolled?.generation ?? 0n,
  };
  const domain = opalineDomain(deployment.chainId, consents.address);
  const ownerSignature = await signTypedData(signer, domain, ENROLMENT, enrolment);
  return { studyId, enrolment, ownerSignature, salt: kept.salts[slot]!, handlesHash, proof };
}

if (import.meta.main) await runAlone(command);
