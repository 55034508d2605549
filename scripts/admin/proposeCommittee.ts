/** `opaline admin propose-committee`: who shall follow the committee of a study that has data, if its owners agree. */
import { committeeRegistry, eventOf, quorumOf } from "#chain";
import { committeeHash } from "#messages";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { committeeOptions, neededOnline, readCommittee, warnOfNoSpare } from "./committeeOptions.ts";
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
  options: { ...signerOptions, ...committeeOptions },
  handler: (options, context) => {
    const { studyId, workers, size } = readCommittee(options);
    warnOfNoSpare(size, context.log);
    return withSigner(options, context, (connection) => {
      const call = committeeRegistry(connection.deployment, connection.signer).propose(studyId, workers, size.t);
      return governed(connection, call, (mined) => {
        const { args } = eventOf(mined, "CommitteeProposed");
        const [epoch, demonstration] = [args["epoch"] as bigint, args["demonstration"] as boolean];
        const hash = committeeHash({ epoch, threshold: size.t, demonstration, workers });
        const needed = { quorum: quorumOf(size.n, size.t), neededOnline: neededOnline(size) };
        const proposed = { studyId, epoch, ...size, ...needed, demonstration, workers, committeeHash: hash };
        return { ...proposed, ...gasReport(mined) };
      });
    });
  },
});

if (import.meta.main) await runAlone(command);
