/** The chain as one worker uses it: the deployment's contracts over one provider. */
import type { JsonRpcProvider } from "ethers";
import { type CommitteeRegistry, committeeRegistry } from "../chain/committeeRegistry.ts";
import { type ConsentRegistry, consentRegistry } from "../chain/consentRegistry.ts";
import { type DatasetRegistry, datasetRegistry } from "../chain/datasetRegistry.ts";
import { type Deployment, readDeployment } from "../chain/deployment.ts";
import { type EmergencyStop, emergencyStop } from "../chain/emergencyStop.ts";
import { type MemberRegistry, memberRegistry } from "../chain/memberRegistries.ts";
import { hostOf, openProvider } from "../chain/provider.ts";
import { type QueryCatalogue, queryCatalogue } from "../chain/queryCatalogue.ts";
import { type StudyRegistry, studyRegistry } from "../chain/studyRegistry.ts";
import { CodedError } from "../errors.ts";
import type { Configuration } from "./configuration.ts";

export interface WorkerChain {
  readonly deployment: Deployment;
  readonly rpc: JsonRpcProvider;
  readonly workers: MemberRegistry;
  readonly owners: MemberRegistry;
  readonly studies: StudyRegistry;
  readonly committees: CommitteeRegistry;
  readonly datasets: DatasetRegistry;
  readonly catalogue: QueryCatalogue;
  readonly emergencyStop: EmergencyStop;
  readonly consents: ConsentRegistry;
}

/** Reads the deployment's folder; asks the chain nothing yet. @throws CodedError CHAIN_DEPLOYMENT | CHAIN_WRONG_ID */
export function openWorkerChain({ deployment: folder, chainId, rpcUrl }: Configuration): WorkerChain {
  const deployment = readDeployment(folder);
  if (deployment.chainId !== chainId) throw wrongDeployment(chainId, deployment.chainId, folder);
  return workerChain(deployment, openProvider(rpcUrl, chainId));
}

/** What a log may say of the node: host and port, and the variable that names another. */
export function chainNode({ rpcUrl }: Pick<Configuration, "rpcUrl">) {
  return { node: hostOf(rpcUrl), variable: "OPALINE_RPC_URL" } as const;
}

/** The deployment's contracts over a provider. */
export function workerChain(deployment: Deployment, rpc: JsonRpcProvider): WorkerChain {
  return {
    deployment,
    rpc,
    workers: memberRegistry(deployment, "worker", rpc),
    owners: memberRegistry(deployment, "dataOwner", rpc),
    studies: studyRegistry(deployment, rpc),
    committees: committeeRegistry(deployment, rpc),
    datasets: datasetRegistry(deployment, rpc),
    catalogue: queryCatalogue(deployment, rpc),
    emergencyStop: emergencyStop(deployment, rpc),
    consents: consentRegistry(deployment, rpc),
  };
}

function wrongDeployment(configured: bigint, deployed: bigint, folder: string): CodedError {
  return new CodedError(
    { code: "CHAIN_WRONG_ID", expected: String(configured), actual: String(deployed) },
    `OPALINE_CHAIN_ID is ${configured}, but the deployment in ${folder} (OPALINE_DEPLOYMENT) is of chain ${deployed}`,
  );
}
