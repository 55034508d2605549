/** `opaline admin deploy`: deploys the contracts, sets who governs, and writes addresses and ABIs down. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import type { BaseWallet, JsonRpcProvider } from "ethers";
import { chainError, readDeployment } from "#chain";
import { CodedError } from "#errors";
import { runAlone } from "../cli.ts";
import { namingNode, openRpcNode } from "../rpcNode.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { signerOptions } from "../connection.ts";
import { namePayer } from "../funds.ts";
import { textOf } from "../printValue.ts";
import { readAddress, readWhole } from "../readOption.ts";
import { readArtifact } from "./artifacts.ts";
import type { Governance } from "./configureContracts.ts";
import { type DeployOptions, type Deployment, deployContracts, writeDeployment } from "./deployContracts.ts";
import { readDelay } from "./governanceOptions.ts";

type GovernancePlan = Partial<Governance> & Pick<Governance, "delaySeconds">;

export const command = defineCommand({
  command: "admin deploy",
  describe: "Deploy the contracts; the key that signs becomes the consortium, unless another is named",
  examples: [
    [
      "admin deploy --deployment deployments/local --chain-id 31337 --keystore k.json --password-file pw",
      "writes contracts.json and abi/ into the folder, whose name is the network's",
    ],
    [
      "admin deploy --deployment deployments/study --chain-id 1337 --consortium 0xWALLET --guardian 0x… --delay 48h " +
        "--keystore k.json --password-file pw",
      "a multi-signature wallet governs, two days in advance; the key that signs keeps nothing",
    ],
    [
      "admin deploy --deployment deployments/v2 --chain-id 1337 --follows deployments/v1 --keystore k.json --password-file pw",
      "new contracts under the old registry; `admin announce` makes them the current ones",
    ],
  ],
  options: {
    ...signerOptions,
    chainId: { type: "string", describe: "The chain's id; another chain is refused", required: true },
    consortium: { type: "string", describe: "Who governs: a multi-signature wallet (default: the key that signs)" },
    guardian: { type: "string", describe: "Who can stop and revoke at once (default: the consortium)" },
    delay: {
      type: "string",
      describe: "How long the consortium's acts are public before they can be done",
      default: "0",
    },
    follows: { type: "string", describe: "Folder of the deployment that this one is to succeed" },
    replace: { type: "boolean", describe: "Overwrite the folder of an earlier deployment" },
  },
  handler: async (options, context) => {
    const chainId = readWhole("chain-id", options.chainId, 1n, 2n ** 53n - 1n);
    const directory = context.resolve(options.deployment);
    refuseOverwrite(directory, options.replace);
    const plan = {
      governance: readGovernance(options),
      ...(options.follows === undefined ? {} : { registry: readRegistry(context.resolve(options.follows), chainId) }),
    };
    const provider = await openRpcNode(options.rpc, chainId, "--chain-id");
    try {
      const wallet = await context.unlock(context.resolve(options.keystore), context.resolve(options.passwordFile));
      const signer = wallet.connect(provider) as BaseWallet;
      const { contracts, gasUsed, block } = await deployAll(signer, provider, context, plan);
      const network = basename(directory);
      await writeDeployment(directory, { network, chainId, block, contracts });
      const addresses = Object.fromEntries(Object.entries(contracts).map(([name, { address }]) => [name, address]));
      const total = Object.values(gasUsed).reduce((sum, gas) => sum + gas, 0n);
      const { consortium = signer.address, guardian = consortium, delaySeconds } = plan.governance;
      return { network, chainId, block, consortium, guardian, delaySeconds, gasUsed: total, contracts: addresses };
    } catch (error) {
      throw namingNode(error, options.rpc);
    } finally {
      provider.destroy();
    }
  },
  print: ({ contracts, ...rest }) =>
    textOf({ ...rest, contracts: Object.entries(contracts).map(([contract, address]) => ({ contract, address })) }),
});

/** @throws CodedError CHAIN_INSUFFICIENT_FUNDS | CHAIN_UNREACHABLE | CHAIN_REVERTED | CONFIGURATION_NOT_BUILT */
async function deployAll(
  signer: BaseWallet,
  provider: JsonRpcProvider,
  { log }: CommandContext,
  plan: Pick<DeployOptions, "governance" | "registry">,
): Promise<Deployment> {
  try {
    return await deployContracts({ signer, artifact: readArtifact, log, ...plan });
  } catch (error) {
    throw await namePayer(chainError(error, [], "deployment"), provider, signer);
  }
}

interface GovernanceOptionValues {
  readonly consortium?: string | undefined;
  readonly guardian?: string | undefined;
  readonly delay: string;
}

function readGovernance({ consortium, guardian, delay }: GovernanceOptionValues): GovernancePlan {
  return {
    ...(consortium === undefined ? {} : { consortium: readAddress("consortium", consortium) }),
    ...(guardian === undefined ? {} : { guardian: readAddress("guardian", guardian) }),
    delaySeconds: readDelay("delay", delay),
  };
}

/** @throws CodedError CHAIN_DEPLOYMENT | CHAIN_WRONG_ID */
function readRegistry(folder: string, chainId: bigint): string {
  const earlier = readDeployment(folder);
  if (earlier.chainId === chainId) return earlier.address("DeploymentRegistry");
  throw new CodedError(
    { code: "CHAIN_WRONG_ID", expected: String(chainId), actual: String(earlier.chainId) },
    `--follows: ${folder} is a deployment on chain ${earlier.chainId}, not ${chainId}`,
  );
}

function refuseOverwrite(directory: string, replace: boolean): void {
  if (replace || !existsSync(join(directory, "contracts.json"))) return;
  throw new CodedError(
    { code: "DEPLOY_EXISTS", directory },
    `${directory} holds a deployment already; give another folder, or --replace to forget where that one is`,
  );
}

if (import.meta.main) await runAlone(command);
