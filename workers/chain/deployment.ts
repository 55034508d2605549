/**
 * One deployment of the contracts, as `opaline admin deploy` leaves it in `deployments/<network>/`:
 * `contracts.json` {network, chainId, block, contracts: {Name: {address}}} and one `abi/<Name>.json` per contract.
 * ABIs are read at run time; only their types are compiled in.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type BaseContract, Contract, type ContractRunner, type InterfaceAbi, Interface, isAddress } from "ethers";
import { CodedError } from "../errors.ts";
import type { ChainErrorDetail } from "./errors.ts";

export interface Deployment {
  readonly network: string;
  readonly chainId: bigint;
  /** The block before which none of these contracts existed: following starts here. */
  readonly block: number;
  /** Of all contracts, ascending. */
  readonly names: readonly string[];
  /** @throws CodedError CHAIN_DEPLOYMENT for a name that was not deployed */
  address(name: string): string;
  /** @throws CodedError CHAIN_DEPLOYMENT for a name without ABI */
  abi(name: string): Interface;
  /** Every ABI, for decoding errors and events of contracts called on the way. */
  readonly interfaces: readonly Interface[];
}

interface ContractsFile {
  readonly network: string;
  readonly chainId: number | string;
  readonly block: number;
  readonly contracts: Readonly<Record<string, { readonly address: string }>>;
}

function refuse(path: string, why: string, cause?: unknown): CodedError<ChainErrorDetail> {
  return new CodedError({ code: "CHAIN_DEPLOYMENT", path }, `Deployment ${path}: ${why}`, { cause });
}

const ABSENT =
  "there is no such file. --deployment (of a worker: OPALINE_DEPLOYMENT) names the deployment's folder: get it from the " +
  "consortium, or make one with `opaline admin deploy`";

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw refuse(path, (cause as NodeJS.ErrnoException).code === "ENOENT" ? ABSENT : "cannot be read as JSON", cause);
  }
}

function parseContracts(path: string): ContractsFile {
  const file = readJson(path) as Partial<ContractsFile> | null;
  if (file === null || typeof file !== "object" || typeof file.contracts !== "object") {
    throw refuse(path, "has no `contracts`");
  }
  if (!Number.isSafeInteger(file.block)) throw refuse(path, "`block` is not a block number");
  if (!/^[0-9]+$/.test(String(file.chainId))) throw refuse(path, "`chainId` is not a number");
  for (const [name, entry] of Object.entries(file.contracts)) {
    if (!isAddress(entry?.address)) throw refuse(path, `the address of ${name} is not an address`);
  }
  return file as ContractsFile;
}

/** ABI files are either a bare ABI array or an artifact with an `abi` member. */
function parseAbi(path: string): Interface {
  const file = readJson(path) as InterfaceAbi | { abi: InterfaceAbi };
  try {
    return new Interface(Array.isArray(file) ? file : (file as { abi: InterfaceAbi }).abi);
  } catch (cause) {
    throw refuse(path, "is not an ABI", cause);
  }
}

function readAbis(directory: string): Map<string, Interface> {
  let names: string[];
  try {
    names = readdirSync(directory).filter((name) => name.endsWith(".json"));
  } catch (cause) {
    throw refuse(
      directory,
      "the ABI folder cannot be read; get the deployment's whole folder from the consortium",
      cause,
    );
  }
  return new Map(names.sort().map((name) => [name.slice(0, -".json".length), parseAbi(join(directory, name))]));
}

/** @throws CodedError CHAIN_DEPLOYMENT */
export function readDeployment(directory: string): Deployment {
  const path = join(directory, "contracts.json");
  const file = parseContracts(path);
  const abis = readAbis(join(directory, "abi"));
  return {
    network: file.network,
    chainId: BigInt(file.chainId),
    block: file.block,
    interfaces: [...abis.values()],
    names: Object.keys(file.contracts).sort(), // ASCII: code units are bytes
    address(name) {
      const entry = file.contracts[name];
      if (entry === undefined) throw refuse(path, `${name} is not part of this deployment`);
      return entry.address;
    },
    abi(name) {
      const abi = abis.get(name);
      if (abi === undefined) throw refuse(join(directory, "abi", `${name}.json`), "is missing");
      return abi;
    },
  };
}

/**
 * A contract object whose static type comes from its ABI (`types/`, made by the build) and whose run-time ABI comes
 * from the deployment.
 *
 * @param address for contracts that share one ABI (Query Smart Contracts); default the deployed one of that name
 */
export function openContract<Typed extends BaseContract>(
  deployment: Deployment,
  name: string,
  runner: ContractRunner,
  address: string = deployment.address(name),
): Typed {
  return new Contract(address, deployment.abi(name), runner) as unknown as Typed;
}
