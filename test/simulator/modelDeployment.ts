/** The contracts of the model chain: the build's ABIs at addresses of our choosing, as a worker's `Deployment`. */
import { readFileSync } from "node:fs";
import { Interface, type InterfaceAbi, ZeroAddress, getCreateAddress } from "ethers";
import type { Deployment } from "../../workers/chain/deployment.ts";

export const CHAIN_ID = 31337n;

const FOLDERS: Readonly<Record<string, string>> = {
  DataOwnerRegistry: "identity",
  VetterRegistry: "identity",
  QuerierRegistry: "identity",
  WorkerRegistry: "identity",
  EmergencyStop: "governance",
  StudyRegistry: "study",
  CommitteeRegistry: "study",
  StudyAgreements: "study",
  DatasetRegistry: "study",
  ConsentRegistry: "consent",
  QuerySmartContract: "query",
  QueryCatalogue: "query",
  CommitteeChanges: "study",
};
export const CONTRACTS = Object.keys(FOLDERS);

/** Errors that come through from contracts that are called on the way, or from a library. */
const FOREIGN = new Interface([
  "error AccessManagedUnauthorized(address caller)",
  "error CommitteeRegistryUnknown(bytes32 studyId, uint64 epoch)",
  "error StudyRegistryUnknown(bytes32 studyId)",
  "error InvalidAccountNonce(address account, uint256 currentNonce)",
  "error ECDSAInvalidSignature()",
  "error ECDSAInvalidSignatureLength(uint256 length)",
  "error ECDSAInvalidSignatureS(bytes32 s)",
]);

function readAbi(name: string): Interface {
  const path = `../../artifacts/contracts/${FOLDERS[name]!}/${name}.sol/${name}.json`;
  const { abi } = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as { abi: InterfaceAbi };
  return new Interface(abi);
}

let abis: ReadonlyMap<string, Interface> | undefined;

export function abiOf(name: string): Interface {
  abis ??= new Map(CONTRACTS.map((each) => [each, readAbi(each)]));
  return abis.get(name)!;
}

/** The first ABI that knows this error. */
export function interfaceOfError(contract: string, error: string): Interface {
  const candidates = [abiOf(contract), FOREIGN, ...CONTRACTS.map(abiOf)];
  const found = candidates.find((abi) => abi.getError(error) !== null);
  if (found === undefined) throw new Error(`no contract has an error ${error}`);
  return found;
}

/** Addresses by name, `consortium` included. Which they are does not matter: the comparison takes the real chain's. */
export function modelAddresses(consortium: string): Record<string, string> {
  const entries = CONTRACTS.map((name, i) => [name, getCreateAddress({ from: ZeroAddress, nonce: i + 1 })]);
  return { ...(Object.fromEntries(entries) as Record<string, string>), consortium };
}

export function modelDeployment(addresses: Readonly<Record<string, string>>): Deployment {
  return {
    network: "model",
    chainId: CHAIN_ID,
    block: 1,
    interfaces: CONTRACTS.map(abiOf),
    names: [...CONTRACTS].sort(),
    address: (name) => addresses[name]!,
    abi: abiOf,
  };
}
