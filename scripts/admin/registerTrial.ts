/** `opaline admin register-trial`: a study's adaptive rules, for good, before its first dataset. */
import { ZeroHash, keccak256 } from "ethers";
import { type TrialRules, type TrialSource, adaptiveTrial, eventOf } from "#chain";
import { Finish, encodeParameters } from "#messages";
import { bindParameters, cellCount } from "#query";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { type Connection, signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { openDescriptor, openQuery } from "../query.ts";
import { readInputFile } from "../readInputFile.ts";
import { governed } from "./governed.ts";
import { type TrialQuery, parseTrialFile } from "./trialFile.ts";

export const command = defineCommand({
  command: "admin register-trial",
  describe: "Register a study's adaptive trial: arms, looks, thresholds and board, before its first dataset",
  examples: [
    [
      "admin register-trial --trial trial.json --keystore k.json --password-file pw",
      "prints the trial id that the board's commands name; docs/trials.md describes the file",
    ],
  ],
  options: {
    ...signerOptions,
    trial: { type: "string", describe: "JSON file with the trial's rules", required: true },
  },
  handler: (options, context) => {
    const file = parseTrialFile("trial", readInputFile("trial", context.resolve(options.trial)));
    return withSigner(options, context, async (connection) => {
      const { queries, ...rest } = file;
      const sources: TrialSource[] = [];
      for (const query of queries) sources.push(await sourceOf(connection, query));
      const rules: TrialRules = { ...rest, sources };
      const call = adaptiveTrial(connection.deployment, connection.signer).register(rules);
      return governed(connection, call, (mined) => {
        const { trialId, rulesHash } = eventOf(mined, "TrialRegistered").args;
        return {
          trialId: String(trialId),
          studyId: rules.studyId,
          rulesHash: String(rulesHash),
          arms: rules.arms.map(({ name }) => name),
          looks: rules.looks.length,
          board: `${rules.signatures} of ${rules.board.length}`,
          ...gasReport(mined),
        };
      });
    });
  },
});

/** The registration is for good: outputs that are no counts would make every verdict impossible, or meaningless. */
async function sourceOf(connection: Connection, given: TrialQuery): Promise<TrialSource> {
  const { queryHash, parameters, respondedOutputs } = given;
  const { bounds, study } = await openQuery(connection, queryHash);
  const descriptor = await openDescriptor(connection, queryHash);
  const step = descriptor.steps[0]!;
  const width = step.outputs.length;
  const outputs = cellCount(step, study.schema) * width;
  const counts = new Set(descriptor.columns.flatMap(({ finish, sums }) => (finish === Finish.GROUP ? [] : [sums[0]!])));
  const fields = given.field.fields("query", "parameters", "respondedOutputs").respondedOutputs.list();
  respondedOutputs.forEach((output, i) => {
    if (output >= outputs) throw fields[i]!.invalid(`an output of the query, which has ${outputs},`);
    if (counts.has(output % width)) return;
    throw fields[i]!.invalid(`a count (of each cell's ${width} outputs: ${[...counts].join(", ")})`);
  });
  if (parameters === undefined) return { queryHash, parametersHash: ZeroHash, respondedOutputs };
  const values = bindParameters(bounds, study.schema, parameters);
  return { queryHash, parametersHash: keccak256(encodeParameters(values)), respondedOutputs };
}

if (import.meta.main) await runAlone(command);
