/** `opaline admin release-deposits`: frees what the workers of a committee that was followed had to deposit. */
import { committeeRegistry, latestBlock, studyRegistry } from "#chain";
import { CodedError } from "#errors";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { readBytes32, readWhole } from "../readOption.ts";
import { sendOrRelayed } from "../relayed.ts";
import { requireStudy } from "../study.ts";

export type ReleaseDepositsErrorDetail = {
  /** A request of the epoch may be answered up to and including block `until`. */
  readonly code: "RELEASE_REQUESTS_OPEN";
  readonly retryable: true;
  readonly epoch: bigint;
  readonly until: bigint;
  readonly block: bigint;
};

const MOST_EPOCHS = 2n ** 64n - 1n;

export const command = defineCommand({
  command: "admin release-deposits",
  describe: "Free the deposits of a committee that was followed, once it can answer nothing any more",
  examples: [
    [
      "admin release-deposits --study 0x… --epoch 1 --keystore k.json --password-file pw",
      "any account may; too early, it says until which block (exit code 75)",
    ],
  ],
  options: {
    ...signerOptions,
    study: { type: "string", describe: "Study id", required: true },
    epoch: { type: "string", describe: "Of the committee that was followed", required: true },
  },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    const epoch = readWhole("epoch", options.epoch, 1n, MOST_EPOCHS);
    return withSigner(options, context, async (connection) => {
      await requireStudy(connection, studyId);
      const { deployment, provider, signer } = connection;
      const committees = committeeRegistry(deployment, signer);
      const until = await committees.boundUntil(studyId, epoch);
      const block = BigInt(await latestBlock(provider));
      if (until >= block) throw requestsOpen(epoch, until, block);
      const mined = await sendOrRelayed(
        () => committees.releaseDeposits(studyId, epoch),
        async () => until > 0n && (await committees.boundUntil(studyId, epoch)) === 0n,
      );
      const { workers } = await committees.committee(studyId, epoch);
      const { leastDeposit } = await studyRegistry(deployment, provider).policy(studyId);
      const value = { studyId, epoch, workers, freedEach: leastDeposit, releasedByAnother: mined === undefined };
      return mined === undefined ? value : { ...value, ...gasReport(mined) };
    });
  },
});

function requestsOpen(epoch: bigint, until: bigint, block: bigint): CodedError<ReleaseDepositsErrorDetail> {
  return new CodedError(
    { code: "RELEASE_REQUESTS_OPEN", retryable: true, epoch, until, block },
    `the committee of epoch ${epoch} may answer up to block ${until}, and the chain is at ${block}: repeat it later`,
  );
}

if (import.meta.main) await runAlone(command);
