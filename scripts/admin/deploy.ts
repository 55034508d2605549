/** `opaline admin deploy`: deploys the contracts and writes their addresses and ABIs down. The key becomes the consortium. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import type { BaseWallet, JsonRpcProvider } from "ethers";
import { chainError, connectProvider } from "#chain";
import { CodedError } from "#errors";
import { runAlone } from "../cli.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { signerOptions } from "../connection.ts";
import { namePayer } from "../funds.ts";
import { readWhole } from "../readOption.ts";
import { readArtifact } from "./artifacts.ts";
import { type Deployment, deployContracts, writeDeployment } from "./deployContracts.ts";

export const command = defineCommand({
  command: "admin deploy",
  describe: "Deploy the contracts; the key that signs becomes the consortium",
  examples: [
    [
      "admin deploy --deployment deployments/local --chain-id 31337 --keystore k.json --password-file pw",
      "writes contracts.json and abi/ into the folder, whose name is the network's",
    ],
  ],
  options: {
    ...signerOptions,
    chainId: { type: "string", describe: "The chain's id; another chain is refused", required: true },
    replace: { type: "boolean", describe: "Overwrite the folder of an earlier deployment" },
  },
  handler: async (options, context) => {
    const chainId = readWhole("chain-id", options.chainId, 1n, 2n ** 53n - 1n);
    const directory = context.resolve(options.deployment);
    refuseOverwrite(directory, options.replace);
    const provider = await connectProvider(options.rpc, chainId);
    try {
      const wallet = await context.unlock(context.resolve(options.keystore), context.resolve(options.passwordFile));
      const signer = wallet.connect(provider) as BaseWallet;
      const { contracts, gasUsed, block } = await deployAll(signer, provider, context);
      const network = basename(directory);
      await writeDeployment(directory, { network, chainId, block, contracts });
      const addresses = Object.fromEntries(Object.entries(contracts).map(([name, { address }]) => [name, address]));
      const total = Object.values(gasUsed).reduce((sum, gas) => sum + gas, 0n);
      return { network, chainId, block, consortium: signer.address, gasUsed: total, contracts: addresses };
    } finally {
      provider.destroy();
    }
  },
});

/** @throws CodedError CHAIN_INSUFFICIENT_FUNDS | CHAIN_UNREACHABLE | CHAIN_REVERTED | CONFIGURATION_NOT_BUILT */
async function deployAll(signer: BaseWallet, provider: JsonRpcProvider, { log }: CommandContext): Promise<Deployment> {
  try {
    return await deployContracts({ signer, artifact: readArtifact, log });
  } catch (error) {
    throw await namePayer(chainError(error, [], "deployment"), provider, signer);
  }
}

function refuseOverwrite(directory: string, replace: boolean): void {
  if (replace || !existsSync(join(directory, "contracts.json"))) return;
  throw new CodedError(
    { code: "DEPLOY_EXISTS", directory },
    `${directory} holds a deployment already; give another folder, or --replace to forget where that one is`,
  );
}

if (import.meta.main) await runAlone(command);
