/** A local network's study: its registration, the committee that holds its shares, and the agreement that every hospital signs. */
import { join } from "node:path";
import { command as appointCommittee } from "../admin/appointCommittee.ts";
import { doneAtOnce } from "../admin/governed.ts";
import { command as publishAgreement } from "../admin/publishAgreement.ts";
import { command as registerStudy } from "../admin/registerStudy.ts";
import type { CommandContext } from "../command.ts";
import { command as signAgreement } from "../dataOwner/signAgreement.ts";
import { writePrivateFile } from "../privateFiles.ts";
import type { LocalMember, MemberOptions } from "./localMembers.ts";

export interface StudyPlan {
  readonly name: string;
  readonly schemaText: string;
  /** The text that every hospital signs. */
  readonly agreement: string;
  readonly deadlineBlocks: number;
  readonly priceEther: string;
  readonly purposes: readonly string[];
}

/** In whose name a study is made, and where its files are. */
export interface StudyFounder {
  /** The network's private folder. */
  readonly folder: string;
  readonly consortium: MemberOptions;
  readonly context: CommandContext;
}

/** @returns its id */
export async function registerLocalStudy(
  study: StudyPlan,
  { folder, consortium, context }: StudyFounder,
): Promise<string> {
  const schema = join(folder, "schema.json");
  writePrivateFile(schema, study.schemaText);
  const registered = await registerStudy.handler(
    {
      ...consortium,
      name: study.name,
      schema,
      log2N: "10",
      k: "11",
      vettings: "2",
      vettingOrganisations: "2",
      minimumThreshold: "2",
      demonstration: true,
      openingsBudget: "1000",
      deadlineBlocks: String(study.deadlineBlocks),
      priceEther: study.priceEther,
      ownersShare: "5000",
      workersShare: "4000",
      authorShare: "1000",
      storageFeeWei: "0",
      leastDepositEther: "0",
      siteAxis: "yes",
      purpose: [...study.purposes],
    },
    context,
  );
  return doneAtOnce(registered).studyId;
}

/** @param workers all of the committee */
export async function appointLocalCommittee(
  study: string,
  workers: readonly LocalMember[],
  threshold: number,
  { consortium, context }: StudyFounder,
): Promise<void> {
  const worker = workers.map(({ key }) => key.account);
  const committee = { ...consortium, study, worker, threshold: String(threshold) };
  doneAtOnce(await appointCommittee.handler(committee, context));
}

export async function publishLocalAgreement(
  study: string,
  text: string,
  hospitals: readonly LocalMember[],
  { folder, consortium, context }: StudyFounder,
): Promise<void> {
  const document = agreementFile(folder);
  writePrivateFile(document, text);
  const party = hospitals.map(({ organisation }) => organisation);
  const agreement = { ...consortium, study, document, jurisdiction: "EU", party };
  doneAtOnce(await publishAgreement.handler(agreement, context));
}

/** @param options in the hospital's name */
export async function signLocalAgreement(
  study: string,
  { organisation }: LocalMember,
  options: MemberOptions,
  { folder, context }: Omit<StudyFounder, "consortium">,
): Promise<void> {
  const statement = { name: `Director of ${organisation}`, meaning: "I sign for my organisation" };
  await signAgreement.handler({ ...options, study, document: agreementFile(folder), ...statement }, context);
}

function agreementFile(folder: string): string {
  return join(folder, "agreement.txt");
}
