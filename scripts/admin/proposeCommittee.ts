/** `opaline admin propose-committee`: who shall follow the committee of a study that has data, if its owners agree. */
import { committeeRegistry, eventOf, quorumOf } from "#chain";
import { committeeHash } from "#messages";
import { checkCommitteeSize } from "#sharing";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { readAddress, readBytes32, readWhole } from "../readOption.ts";
import { governed } from "./governed.ts";

export const command = defineCommand({
  command: "admin propose-committee",
  describe: "Propose the workers that shall follow the committee of a study that has data",
  examples: [
    [
      "admin propose-committee --study 0x… --worker 0xA… --worker 0xB… --worker 0xC… --worker 0xD… --worker 0xE… " +
        "--threshold 2 --keystore k.json --password-file pw",
      "every owner approves with `data-owner approve-committee`; until the change is complete the old committee serves",
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
      const call = committeeRegistry(connection.deployment, connection.signer).propose(studyId, workers, size.t);
      return governed(connection, call, (mined) => {
        const { args } = eventOf(mined, "CommitteeProposed");
        const [epoch, demonstration] = [args["epoch"] as bigint, args["demonstration"] as boolean];
        const hash = committeeHash({ epoch, threshold: size.t, demonstration, workers });
        const quorum = quorumOf(size.n, size.t);
        return { studyId, epoch, ...size, quorum, demonstration, workers, committeeHash: hash, ...gasReport(mined) };
      });
    });
  },
});

if (import.meta.main) await runAlone(command);
