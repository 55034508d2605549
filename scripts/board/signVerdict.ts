/** `opaline board sign-verdict`: one member's signature of a trial's verdict, once the chain would take it. */
import { type Evidence, type TrialRules, chainTime } from "#chain";
import { CodedError } from "#errors";
import {
  BOARD_SIGNATURE,
  type TrialVerdict,
  ZERO_HASH,
  opalineDomain,
  signTypedData,
  trialVerdictHash,
} from "#messages";
import { runAlone } from "../cli.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { type SignerConnection, signerOptions, withSigner } from "../connection.ts";
import { memberOfKey } from "../memberOfKey.ts";
import { writePrivateFile } from "../privateFiles.ts";
import { textOf } from "../printValue.ts";
import { readInputFile } from "../readInputFile.ts";
import { readBytes32 } from "../readOption.ts";
import { NO_EVIDENCE, readCitedAnswer } from "./citedAnswer.ts";
import { type OpenTrial, openTrial } from "./openTrial.ts";
import { signatureFileText } from "./signatureFile.ts";
import { type VerdictFile, parseVerdictFile } from "./verdictFile.ts";
import { instant, verdictText } from "./verdictText.ts";

export type SignVerdictErrorDetail =
  | { readonly code: "BOARD_NOT_MEMBER"; readonly account: string }
  /** The file states another number than the answer gives. */
  | { readonly code: "VERDICT_RESPONDED_DIFFERS"; readonly stated: number; readonly counted: number }
  /** The answer is sealed, this key cannot open it, and the file does not state the number. */
  | { readonly code: "VERDICT_RESPONDED_MISSING"; readonly requestId: string }
  /** A quorum of workers signed two ends of the request that is cited. */
  | { readonly code: "VERDICT_ANSWER_DISPUTED"; readonly requestId: string };

const MEANING = "I have reviewed the interim data and the registered rules, and approve this verdict";

export const command = defineCommand({
  command: "board sign-verdict",
  describe: "Sign a trial's verdict, after it was checked against the registered rules; nothing is sent",
  examples: [
    [
      "board sign-verdict --trial 0x… --verdict look1.json --name 'Prof. B. Member' --out me.json --keystore k.json " +
        "--password-file pw",
      "every member signs the same file; then one of them posts (board post-verdict)",
    ],
  ],
  options: {
    ...signerOptions,
    trial: { type: "string", describe: "Trial id", required: true },
    verdict: { type: "string", describe: "JSON file with the verdict that the board agreed on", required: true },
    name: { type: "string", describe: "Your name, as it stands on the record", required: true },
    meaning: { type: "string", describe: "What your signature means", default: MEANING },
    out: { type: "string", describe: "File to write your signature to", required: true },
    despiteDispute: {
      type: "boolean",
      describe: "Also where a quorum of workers signed another end of the request that is cited",
    },
  },
  handler: (options, context) => {
    const trialId = readBytes32("trial", options.trial);
    const text = readInputFile("verdict", context.resolve(options.verdict));
    return withSigner(options, context, async (connection) => {
      const { deployment, provider, signer } = connection;
      const open = await openTrial(connection, trialId);
      const member = await memberOfKey(connection, "board", signer.address);
      requireMember(open.rules, member);
      const file = parseVerdictFile("verdict", text, open);
      const { verdict, evidence, checked } = await prepareVerdict(connection, open, file, options.despiteDispute);
      const enrolled = await open.contract.checkVerdict(verdict, evidence);
      const shown = { ...verdictText(open.rules, verdict), enrolled, checked, deadline: instant(verdict.deadline) };
      showBeforeSigning(shown, context);
      const signedAt = await chainTime(provider);
      const said = { member, name: options.name, meaning: options.meaning, signedAt };
      const domain = opalineDomain(deployment.chainId, open.contract.address);
      const signature = await signTypedData(signer, domain, BOARD_SIGNATURE, { verdict, ...said });
      const out = context.resolve(options.out);
      writePrivateFile(out, signatureFileText({ verdict, ...said, signature }));
      const needed = `${open.rules.signatures} of ${open.rules.board.length}`;
      const signed = { ...said, signedAt: instant(signedAt) };
      return { trialId, verdictHash: trialVerdictHash(verdict), ...shown, ...signed, needed, file: out };
    });
  },
});

interface PreparedVerdict {
  readonly verdict: TrialVerdict;
  readonly evidence: Evidence;
  /** Who vouches for the number of subjects that responded. */
  readonly checked: string;
}

async function prepareVerdict(
  connection: SignerConnection,
  { trialId, rules }: OpenTrial,
  file: VerdictFile,
  despiteDispute: boolean,
): Promise<PreparedVerdict> {
  const { requestId, responded, ...rest } = file;
  if (requestId === undefined) {
    const nothing = { queryHash: ZERO_HASH, requestId: ZERO_HASH, outputsHash: ZERO_HASH, responded: 0 };
    return { verdict: { trialId, ...nothing, ...rest }, evidence: NO_EVIDENCE, checked: "no answer is cited" };
  }
  const cited = await readCitedAnswer(connection, rules, requestId, connection.signer);
  const { evidence, outputsHash, counted, isSealed, isDisputed } = cited;
  if (isDisputed && !despiteDispute) throw disputed(requestId);
  const { queryHash } = evidence.context;
  const verdict = {
    trialId,
    queryHash,
    requestId,
    outputsHash,
    responded: agreed(requestId, responded, counted),
    ...rest,
  };
  const doubt = isDisputed ? "; the answer is DISPUTED: a quorum of workers signed another end, too" : "";
  return { verdict, evidence, checked: whoChecks(isSealed, counted) + doubt };
}

function disputed(requestId: string): CodedError<SignVerdictErrorDetail> {
  return new CodedError(
    { code: "VERDICT_ANSWER_DISPUTED", requestId },
    `the answer of ${requestId} is disputed: a quorum of workers signed another end, too (\`opaline auditor disputes\`); ` +
      "nothing was signed. Ask again, or sign with --despite-dispute",
  );
}

function whoChecks(isSealed: boolean, counted: number | undefined): string {
  if (!isSealed) return "the chain counts who responded";
  return counted === undefined
    ? "the answer is sealed and not readable with your key: who responded is your word, unchecked"
    : "the answer is sealed: who responded was counted here, with your key; on chain it is the board's word";
}

/** @throws CodedError VERDICT_RESPONDED_DIFFERS | VERDICT_RESPONDED_MISSING */
function agreed(requestId: string, stated: number | undefined, counted: number | undefined): number {
  if (stated !== undefined && counted !== undefined && stated !== counted) {
    const detail = { code: "VERDICT_RESPONDED_DIFFERS", stated, counted } as const;
    throw new CodedError<SignVerdictErrorDetail>(
      detail,
      `the verdict states that ${stated} subjects responded, the answer counts ${counted} (hidden counts are 0); nothing was signed`,
    );
  }
  const number = stated ?? counted;
  if (number !== undefined) return number;
  throw new CodedError<SignVerdictErrorDetail>(
    { code: "VERDICT_RESPONDED_MISSING", requestId },
    `the answer of ${requestId} is sealed and your key cannot open it (or its keys are not published yet): state "responded" in the file`,
  );
}

/** @throws CodedError BOARD_NOT_MEMBER */
export function requireMember({ board }: TrialRules, account: string): number {
  const index = board.indexOf(account);
  if (index !== -1) return index;
  throw new CodedError<SignVerdictErrorDetail>(
    { code: "BOARD_NOT_MEMBER", account },
    `${account} is not of this trial's board: ${board.join(", ")}`,
  );
}

function showBeforeSigning(shown: object, { log }: CommandContext): void {
  log("you sign:");
  for (const line of textOf(shown).split("\n")) log(`  ${line}`);
}

if (import.meta.main) await runAlone(command);
