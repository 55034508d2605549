/** `opaline board post-verdict`: collects the members' signature files of one verdict and records it; anyone may. */
import { type BoardSignature, adaptiveTrial, memberRegistry } from "#chain";
import { CodedError } from "#errors";
import { ZERO_HASH, opalineDomain, trialVerdictHash } from "#messages";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { readInputFile } from "../readInputFile.ts";
import { invalidOption } from "../readOption.ts";
import { sendOrRelayed } from "../relayed.ts";
import { NO_EVIDENCE, readCitedAnswer } from "./citedAnswer.ts";
import { cellRows, openTrial, stateWord } from "./openTrial.ts";
import { parseSignatureFile, requireGenuine, requireSameVerdict } from "./signatureFile.ts";
import { requireMember } from "./signVerdict.ts";
import { verdictText } from "./verdictText.ts";

export interface PostVerdictErrorDetail {
  readonly code: "BOARD_TOO_FEW_SIGNATURES";
  readonly given: number;
  readonly needed: number;
}

export const command = defineCommand({
  command: "board post-verdict",
  describe: "Record a verdict that enough members have signed; takes effect at once",
  examples: [
    [
      "board post-verdict --signature a.json --signature b.json --keystore k.json --password-file pw",
      "any funded account may post: the signatures count, not the sender",
    ],
  ],
  options: {
    ...signerOptions,
    signature: { type: "strings", describe: "File that a member's sign-verdict wrote; once per member" },
  },
  handler: (options, context) => {
    if (options.signature.length === 0) throw invalidOption("signature", "at least one file of board sign-verdict");
    const files = options.signature.map(
      (path) => [path, parseSignatureFile("signature", readInputFile("signature", context.resolve(path)))] as const,
    );
    const verdict = requireSameVerdict(files);
    return withSigner(options, context, async (connection) => {
      const { deployment, provider, signer } = connection;
      const { contract, rules } = await openTrial(connection, verdict.trialId);
      const boards = memberRegistry(deployment, "board", provider);
      const domain = opalineDomain(deployment.chainId, contract.address);
      const byMember = new Map<number, BoardSignature>();
      for (const [path, file] of files) {
        const member = requireMember(rules, file.member);
        const { key } = await boards.member(file.member);
        requireGenuine(path, file, key, domain);
        const { name, meaning, signedAt, signature } = file;
        byMember.set(member, { member, name, meaning, signedAt, signature });
      }
      requireEnough(byMember.size, rules.signatures);
      const { requestId } = verdict;
      const cited = requestId === ZERO_HASH ? undefined : await readCitedAnswer(connection, rules, requestId);
      const signatures = [...byMember.values()].sort((a, b) => a.member - b.member);
      const verdictHash = trialVerdictHash(verdict);
      const mined = await sendOrRelayed(
        () => adaptiveTrial(deployment, signer).recordVerdict(verdict, cited?.evidence ?? NO_EVIDENCE, signatures),
        async () => (await contract.verdictHashOf(verdict.trialId, verdict.look)) === verdictHash,
      );
      const { trial, standing } = await openTrial(connection, verdict.trialId);
      const value = {
        trialId: verdict.trialId,
        verdictHash,
        ...verdictText(rules, verdict),
        state: stateWord(trial.state),
        inForce: cellRows(rules, standing),
      };
      if (mined === undefined) return { ...value, relayedByAnother: true };
      return { ...value, relayedByAnother: false, ...gasReport(mined) };
    });
  },
});

/** @throws CodedError BOARD_TOO_FEW_SIGNATURES */
function requireEnough(given: number, needed: number): void {
  if (given >= needed) return;
  throw new CodedError<PostVerdictErrorDetail>(
    { code: "BOARD_TOO_FEW_SIGNATURES", given, needed },
    `${given} of ${needed} signatures: give --signature once for each member who signed`,
  );
}

if (import.meta.main) await runAlone(command);
