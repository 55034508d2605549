/** `opaline admin complete-committee`: makes the proposed committee the study's, and its shares the datasets'. */
import { committeeChanges, committeeRegistry } from "#chain";
import { CodedError } from "#errors";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { readBytes32 } from "../readOption.ts";
import { sendOrRelayed } from "../relayed.ts";
import { requireStudy } from "../study.ts";
import { missingSteps } from "./missingSteps.ts";

export type CompleteCommitteeErrorDetail =
  | { readonly code: "COMPLETE_NOTHING_PROPOSED"; readonly studyId: string; readonly currentEpoch: bigint }
  /** Somebody has something to do first, each line of `missing` says who and what; the command can be repeated until then. */
  | {
      readonly code: "COMPLETE_STEPS_MISSING";
      readonly retryable: true;
      readonly studyId: string;
      readonly epoch: bigint;
      readonly missing: readonly string[];
    };

export const command = defineCommand({
  command: "admin complete-committee",
  describe: "Make the proposed committee the study's, once all owners and all its workers have done their part",
  examples: [
    [
      "admin complete-committee --study 0x… --keystore k.json --password-file pw",
      "any account may; says who has something to do first, if anybody has (exit code 75)",
    ],
  ],
  options: { ...signerOptions, study: { type: "string", describe: "Study id", required: true } },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    return withSigner(options, context, async (connection) => {
      await requireStudy(connection, studyId);
      const { deployment, signer } = connection;
      const committees = committeeRegistry(deployment, signer);
      const [epoch, oldEpoch] = [await committees.proposedEpoch(studyId), await committees.currentEpoch(studyId)];
      if (epoch === 0n) throw nothingProposed(studyId, oldEpoch);
      const missing = await missingSteps(connection, { studyId, epoch });
      if (missing.length > 0) throw stepsMissing(studyId, epoch, missing);
      const changes = committeeChanges(deployment, signer);
      const mined = await sendOrRelayed(
        () => changes.complete(studyId),
        async () => (await committees.currentEpoch(studyId)) === epoch,
      );
      // Until then the committee before may answer what was asked of it; afterwards anyone may release its deposits.
      const oldBoundUntil = await committees.boundUntil(studyId, oldEpoch);
      const value = { studyId, epoch, oldEpoch, oldBoundUntil, completedByAnother: mined === undefined };
      return mined === undefined ? value : { ...value, ...gasReport(mined) };
    });
  },
});

function nothingProposed(studyId: string, currentEpoch: bigint): CodedError<CompleteCommitteeErrorDetail> {
  return new CodedError(
    { code: "COMPLETE_NOTHING_PROPOSED", studyId, currentEpoch },
    `no other committee is proposed for the study, which that of epoch ${currentEpoch} serves`,
  );
}

function stepsMissing(
  studyId: string,
  epoch: bigint,
  missing: readonly string[],
): CodedError<CompleteCommitteeErrorDetail> {
  return new CodedError(
    { code: "COMPLETE_STEPS_MISSING", retryable: true, studyId, epoch, missing },
    `the committee of epoch ${epoch} cannot take over yet:\n${missing.map((step) => `- ${step}`).join("\n")}`,
  );
}

if (import.meta.main) await runAlone(command);
