/** A consortium whose hospital has contributed one file, as `contribute` keeps it, and participants who want a say. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ZeroHash } from "ethers";
import { command as publishConsentForm } from "../../scripts/admin/publishConsentForm.ts";
import { doneAtOnce } from "../../scripts/admin/governed.ts";
import { command as enrol } from "../../scripts/dataOwner/enrol.ts";
import { contributionFolder, writeContribution } from "../../scripts/dataOwner/preparedContribution.ts";
import { makePrivateFolder } from "../../scripts/privateFiles.ts";
import { type Slip, parseSlip } from "../../scripts/slipFile.ts";
import { datasetRegistry } from "../../workers/chain/datasetRegistry.ts";
import { commitColumns } from "../../workers/encoding/commitColumns.ts";
import { encodeTable } from "../../workers/encoding/encodeTable.ts";
import { readTable } from "../../workers/encoding/readTable.ts";
import { parseSchema } from "../../workers/schema/parseSchema.ts";
import { trialStudy } from "../support/trialStudy.ts";
import { type TrialWorld, contribute, startTrialWorld } from "./trialWorld.ts";

export const FORM = "I take part.\n";

export interface ConsentWorld extends TrialWorld {
  readonly datasetId: string;
  /** The hospital's private folder. */
  readonly directory: string;
  readonly subjects: readonly string[];
  /** Paths of published forms, oldest first. */
  readonly form: string;
  readonly slotOf: (subject: string) => number;
  /** Makes slips for [subject, key's name]; returns where they are. */
  readonly enrol: (...participants: readonly (readonly [string, string])[]) => Promise<string[]>;
  readonly handles: string;
  readonly balance: (name: string) => Promise<void>;
}

export async function startConsentWorld(): Promise<ConsentWorld> {
  const world = await startTrialWorld();
  const { consortium } = world;
  const { folder, studyId, context, deployment, chain } = consortium;
  const directory = join(folder, "private");
  makePrivateFolder(directory);
  const { schemaText, sites } = trialStudy();
  const schema = parseSchema(schemaText);
  const table = readTable(Buffer.from(sites[0]!.csv), schema, "patients.csv");
  const segment = encodeTable(table, schema, context.randomBytes);
  const commitments = commitColumns(segment, context.randomBytes);
  const { columnsRoot } = commitments;
  const datasetId = await contribute(consortium, BigInt(segment.rowCount), columnsRoot);
  const { sharesRoot } = (await datasetRegistry(deployment, chain.provider).segments(datasetId))[0]!;
  const contribution = {
    ...{ studyId, datasetId, version: 1, schemaHash: schema.hash, committeeEpoch: "1", csvHash: ZeroHash },
    ...{ rowCount: segment.rowCount, columnsRoot, sharesRoot, fileHashes: [], ingestProof: "0x" },
  };
  writeContribution(contributionFolder(directory, datasetId, 1), contribution, segment, commitments, []);
  const form = world.write("form-1.txt", FORM);
  doneAtOnce(await publishConsentForm.handler({ ...consortium.as("admin"), study: studyId, document: form }, context));
  const out = join(folder, "slips");
  const subjects = segment.subjectsBySlot;
  return {
    ...world,
    datasetId,
    directory,
    subjects,
    form,
    slotOf: (subject) => subjects.indexOf(subject),
    enrol: async (...participants) => {
      const rows = participants.map(([subject, name]) => `${subject},${consortium.wallet(name).address}`);
      const file = world.write("enrol.csv", ["subject_id,address", ...rows, ""].join("\n"));
      const options = {
        ...consortium.as("hospital"),
        study: studyId,
        version: "1",
        participants: file,
        directory,
        out,
      };
      await enrol.handler(options, context);
      return participants.map(([subject, name]) =>
        join(out, `${consortium.wallet(name).address}-v1-${subjects.indexOf(subject)}.json`),
      );
    },
    handles: join(out, "handles-v1.json"),
    balance: async (name) => {
      const { address } = consortium.wallet(name);
      await chain.provider.send("hardhat_setBalance", [address, "0x8ac7230489e80000"]);
    },
  };
}

export function slipAt(path: string): Slip {
  return parseSlip("slip", readFileSync(path, "utf8"));
}
