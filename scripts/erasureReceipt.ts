/** A worker's signed receipt that it has erased its shares of a dataset, posted by anyone where the worker cannot. */
import { datasetRegistry } from "#chain";
import { defineCommand } from "./command.ts";
import { signerOptions, withSigner } from "./connection.ts";
import { gasReport } from "./gasReport.ts";
import { invalidOption, readBytes32, readWhole } from "./readOption.ts";
import { sendOrRelayed } from "./relayed.ts";

/** As many workers as a committee may have. */
const MOST_WORKERS = 7n;
const MOST_EPOCHS = 2n ** 64n - 1n;

/** `opaline data-owner confirm-erasure` and `opaline auditor confirm-erasure`. */
export function confirmErasureCommand(command: string) {
  return defineCommand({
    command,
    describe: "Post a worker's signed receipt that it has erased its shares of a dataset",
    examples: [
      [
        `${command} --dataset 0x… --epoch 1 --index 3 --signature 0x… --keystore k.json --password-file pw`,
        "as the worker's operator reads it in `worker status --json`, under `erasures`",
      ],
    ],
    options: {
      ...signerOptions,
      dataset: { type: "string", describe: "Dataset id", required: true },
      epoch: { type: "string", describe: "Of the committee that was given the shares", required: true },
      index: { type: "string", describe: "The worker's point in that committee, from 1", required: true },
      signature: { type: "string", describe: "The worker's receipt, 0x and 130 hex digits", required: true },
    },
    handler: (options, context) => {
      const datasetId = readBytes32("dataset", options.dataset);
      const epoch = readWhole("epoch", options.epoch, 1n, MOST_EPOCHS);
      const index = Number(readWhole("index", options.index, 1n, MOST_WORKERS));
      const { signature } = options;
      if (!/^0x[0-9a-fA-F]{130}$/.test(signature)) throw invalidOption("signature", "0x and 130 hex digits");
      return withSigner(options, context, async ({ deployment, signer }) => {
        const registry = datasetRegistry(deployment, signer);
        const isThere = async (): Promise<boolean> =>
          (await registry.erasures(datasetId, epoch)).confirmed.includes(index);
        const mined = await sendOrRelayed(() => registry.confirmErasure(datasetId, epoch, index, signature), isThere);
        const { outstanding } = await registry.erasures(datasetId, epoch);
        const place = { datasetId, epoch, index, confirmed: true, outstanding };
        return { ...place, relayedByAnother: mined === undefined, ...(mined && gasReport(mined)) };
      });
    },
  });
}
