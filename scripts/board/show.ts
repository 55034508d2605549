/** `opaline board show`: a trial's rules, what is in force, and every verdict with the answer it cites. */
import { ZeroHash } from "ethers";
import { type RecordedVerdict, type TrialRules, memberRegistry } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { type Connection, networkOptions, withNetwork } from "../connection.ts";
import { invalidOption, readBytes32 } from "../readOption.ts";
import { textOf } from "../printValue.ts";
import { adaptiveTrialOf, cellRows, openTrial, stateWord } from "./openTrial.ts";
import { instant, percent, verdictText } from "./verdictText.ts";

export const command = defineCommand({
  command: "board show",
  describe: "Show a trial: rules, board, arms, the allocation in force, verdicts and the answers they cite",
  examples: [
    ["board show --trial 0x…", "what a site randomises by, and why"],
    ["board show --study 0x… --json", "the same, found by the study"],
  ],
  options: {
    ...networkOptions,
    trial: { type: "string", describe: "Trial id" },
    study: { type: "string", describe: "Study id, instead of the trial's" },
  },
  handler: (options, context) => {
    const trial = options.trial === undefined ? undefined : readBytes32("trial", options.trial);
    const study = options.study === undefined ? undefined : readBytes32("study", options.study);
    if ((trial === undefined) === (study === undefined)) throw invalidOption("trial", "either this or --study");
    return withNetwork(options, context, async (connection) => {
      const trialId = trial ?? (await adaptiveTrialOf(connection, study!));
      const open = await openTrial(connection, trialId);
      const { rules } = open;
      const verdicts = await open.contract.verdicts(connection.provider, trialId);
      return {
        trialId,
        studyId: rules.studyId,
        state: stateWord(open.trial.state),
        looks: `${open.trial.looksTaken} taken, ${rules.looks.length} registered`,
        protocolHash: rules.protocolHash,
        analysisPlanHash: rules.analysisPlanHash,
        rulesHash: open.trial.rulesHash,
        arms: armRows(rules),
        lookRules: lookRows(rules),
        queries: queryRows(rules),
        signatures: `${rules.signatures} of ${rules.board.length}`,
        board: await boardRows(connection, rules),
        inForce: cellRows(rules, open.standing).map((row) => ({ ...row, allocation: percent(row.allocation) })),
        verdicts: verdicts.map((recorded) => verdictReport(rules, recorded)),
      };
    });
  },
  print: ({ verdicts, ...rest }) =>
    [textOf(rest), ...verdicts.flatMap((verdict) => ["", `VERDICT ${verdict.look}`, textOf(verdict)])].join("\n"),
});

function armRows({ arms, control }: TrialRules) {
  return arms.map(({ name, floor, cap }, i) => ({
    arm: name,
    control: i === control,
    floor: percent(floor),
    cap: percent(cap),
  }));
}

function lookRows({ looks }: TrialRules) {
  return looks.map(({ minimumEnrolled, minimumResponded, futility, graduation }, i) => ({
    look: i + 1,
    minimumEnrolled,
    minimumResponded,
    dropBelow: futility === 0 ? null : percent(futility),
    graduateFrom: graduation === 0 ? null : percent(graduation),
  }));
}

function queryRows({ sources }: TrialRules) {
  return sources.map(({ queryHash, parametersHash, respondedOutputs }) => ({
    query: queryHash,
    parametersHash: parametersHash === ZeroHash ? "any" : parametersHash,
    respondedOutputs: respondedOutputs.join(" "),
  }));
}

/** Who may sign today. */
function boardRows({ deployment, provider }: Connection, { board }: TrialRules) {
  const registry = memberRegistry(deployment, "board", provider);
  return Promise.all(
    board.map(async (account) => {
      const { organisationName } = await registry.member(account);
      return { account, organisation: organisationName, active: await registry.isActive(account) };
    }),
  );
}

function verdictReport(rules: TrialRules, recorded: RecordedVerdict) {
  const { verdict, verdictHash, enrolled, block, transaction, signers } = recorded;
  const signed = signers.map(({ signedAt, ...signer }) => ({ ...signer, signedAt: instant(signedAt) }));
  return { ...verdictText(rules, verdict), enrolled, signers: signed, verdictHash, block, transaction };
}

if (import.meta.main) await runAlone(command);
