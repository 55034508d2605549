/** `opaline admin appoint-committee`: the workers that hold a study's shares, in the order of their Shamir points. */
import { committeeRegistry, eventOf, quorumOf } from "#chain";
import { checkCommitteeSize } from "#sharing";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { readAddress, readBytes32, readWhole } from "../readOption.ts";
import { governed } from "./governed.ts";

export const command = defineCommand({
  command: "admin appoint-committee",
  describe: "Appoint the workers of a study, one per organisation, and the threshold t",
  examples: [
    [
      "admin appoint-committee --study 0x… --worker 0xA… --worker 0xB… --worker 0xC… --worker 0xD… --threshold 1 " +
        "--keystore k.json --password-file pw",
      "four workers; any one of them alone learns nothing",
    ],
  ],
  options: {
    ...signerOptions,
    study: { type: "string", describe: "Study id", required: true },
    worker: { type: "strings", describe: "A worker's address; repeat, the first is Shamir point 1" },
    threshold: { type: "string", describe: "t: how many workers together still learn nothing", required: true },
  },
  handler: (options, context) => {
    const studyId = readBytes32("study", options.study);
    const workers = options.worker.map((account) => readAddress("worker", account));
    const size = { n: workers.length, t: Number(readWhole("threshold", options.threshold, 1n, 3n)) };
    checkCommitteeSize(size);
    return withSigner(options, context, (connection) => {
      const call = committeeRegistry(connection.deployment, connection.signer).appoint(studyId, workers, size.t);
      return governed(connection, call, (mined) => {
        const { epoch, demonstration } = eventOf(mined, "CommitteeAppointed").args;
        const quorum = quorumOf(size.n, size.t);
        return { studyId, epoch, ...size, quorum, demonstration, workers, ...gasReport(mined) };
      });
    });
  },
});

if (import.meta.main) await runAlone(command);
