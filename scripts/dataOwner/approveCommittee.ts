/** `opaline data-owner approve-committee`: the owner's signature for exactly the workers it names. */
import { type Committee, chainTime, committeeChanges, committeeRegistry } from "#chain";
import { CodedError } from "#errors";
import { COMMITTEE_APPROVAL, type CommitteeApproval, committeeHash, opalineDomain, signTypedData } from "#messages";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { memberOfKey } from "../memberOfKey.ts";
import { readAddress, readBytes32, readWhole } from "../readOption.ts";
import { sendOrRelayed } from "../relayed.ts";
import { requireStudy } from "../study.ts";

export type ApproveCommitteeErrorDetail =
  | { readonly code: "APPROVE_NOTHING_PROPOSED"; readonly studyId: string }
  /** The proposal is of other workers, in another order, or of another threshold. */
  | { readonly code: "APPROVE_OTHER_COMMITTEE"; readonly epoch: bigint; readonly workers: readonly string[] };

/** The signature is sent at once; a day leaves room for a slow chain. */
const SIGNATURE_SECONDS = 86_400n;
const MEANING = "These workers may hold the shares of our data";

export const command = defineCommand({
  command: "data-owner approve-committee",
  describe: "Let another committee hold your data: the one that is proposed, and only if it is the one you name",
  examples: [
    [
      "data-owner approve-committee --study 0x… --worker 0xA… --worker 0xB… --worker 0xC… --worker 0xD… " +
        "--worker 0xE… --threshold 2 --name 'Dr A. Director' --keystore k.json --password-file pw",
      "no data move yet: `data-owner reshare` follows",
    ],
  ],
  options: {
    ...signerOptions,
    study: { type: "string", describe: "Study id", required: true },
    worker: { type: "strings", describe: "A worker's address; repeat, in the order of the proposal" },
    threshold: { type: "string", describe: "t: how many of them together still learn nothing", required: true },
    name: { type: "string", describe: "Your name, as it stands on the record", required: true },
    meaning: { type: "string", describe: "What your signature means", default: MEANING },
  },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    const workers = options.worker.map((account) => readAddress("worker", account));
    const threshold = Number(readWhole("threshold", options.threshold, 1n, 3n));
    return withSigner(options, context, async (connection) => {
      await requireStudy(connection, studyId);
      const { deployment, provider, signer } = connection;
      const committees = committeeRegistry(deployment, provider);
      const newEpoch = await committees.proposedEpoch(studyId);
      if (newEpoch === 0n) throw nothingProposed(studyId);
      const proposal = await committees.committee(studyId, newEpoch);
      if (!isNamed(proposal, workers, threshold)) throw otherCommittee(proposal);
      const changes = committeeChanges(deployment, signer);
      const owner = await memberOfKey(connection, "dataOwner", signer.address);
      const signedAt = await chainTime(provider);
      const given: CommitteeApproval = {
        studyId,
        oldEpoch: await committees.currentEpoch(studyId),
        newEpoch,
        committeeHash: committeeHash(proposal),
        owner,
        name: options.name,
        meaning: options.meaning,
        signedAt,
        nonce: await changes.nonces(owner),
        deadline: signedAt + SIGNATURE_SECONDS,
      };
      const before = await changes.isApproved(studyId, newEpoch, owner);
      const domain = opalineDomain(deployment.chainId, changes.address);
      const signature = await signTypedData(signer, domain, COMMITTEE_APPROVAL, given);
      const mined = await sendOrRelayed(
        () => changes.approve(given, signature),
        async () => !before && (await changes.isApproved(studyId, newEpoch, owner)),
      );
      const value = { studyId, epoch: newEpoch, committeeHash: given.committeeHash, owner };
      if (mined === undefined) return { ...value, relayedByAnother: true };
      return { ...value, relayedByAnother: false, ...gasReport(mined) };
    });
  },
});

function isNamed(proposal: Committee, workers: readonly string[], threshold: number): boolean {
  const sameWorkers = proposal.workers.join().toLowerCase() === workers.join().toLowerCase();
  return sameWorkers && proposal.threshold === threshold;
}

function nothingProposed(studyId: string): CodedError<ApproveCommitteeErrorDetail> {
  return new CodedError({ code: "APPROVE_NOTHING_PROPOSED", studyId }, "no other committee is proposed for the study");
}

function otherCommittee({ epoch, threshold, workers }: Committee): CodedError<ApproveCommitteeErrorDetail> {
  return new CodedError(
    { code: "APPROVE_OTHER_COMMITTEE", epoch, workers },
    `the proposal is of ${workers.join(", ")} with t = ${threshold}, in this order; nothing was signed`,
  );
}

if (import.meta.main) await runAlone(command);
