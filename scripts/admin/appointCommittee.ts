/** `opaline admin appoint-committee`: the workers that hold a study's shares, in the order of their Shamir points. */
import { committeeRegistry, eventOf, quorumOf } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { committeeOptions, neededOnline, readCommittee, warnOfNoSpare } from "./committeeOptions.ts";
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
  options: { ...signerOptions, ...committeeOptions },
  handler: (options, context) => {
    const { studyId, workers, size } = readCommittee(options);
    warnOfNoSpare(size, context.log);
    return withSigner(options, context, (connection) => {
      const call = committeeRegistry(connection.deployment, connection.signer).appoint(studyId, workers, size.t);
      return governed(connection, call, (mined) => {
        const { epoch, demonstration } = eventOf(mined, "CommitteeAppointed").args;
        const needed = { quorum: quorumOf(size.n, size.t), neededOnline: neededOnline(size) };
        return { studyId, epoch, ...size, ...needed, demonstration, workers, ...gasReport(mined) };
      });
    });
  },
});

if (import.meta.main) await runAlone(command);
