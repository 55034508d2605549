/** Logs as a node gives them, encoded with the contracts' own ABIs, of a deployment that is nowhere. */
import { readFileSync } from "node:fs";
import { Interface, type InterfaceAbi, ZeroHash } from "ethers";
import type { Deployment } from "../../../workers/chain/deployment.ts";
import type { ChainLog } from "../../../workers/chain/logs.ts";

export const BLOCK = 12;
/** Of a query contract, or of one that nobody knows. */
export const CLONE = "0x00000000000000000000000000000000000000c1";
export const ADDRESSES: Readonly<Record<string, string>> = {
  DatasetRegistry: "0x00000000000000000000000000000000000000D1",
  QueryCatalogue: "0x00000000000000000000000000000000000000D2",
  CommitteeRegistry: "0x00000000000000000000000000000000000000D3",
  CommitteeChanges: "0x00000000000000000000000000000000000000D4",
};

function abiOf(folder: string, name: string): Interface {
  const path = new URL(`../../../artifacts/contracts/${folder}/${name}.sol/${name}.json`, import.meta.url);
  return new Interface((JSON.parse(readFileSync(path, "utf8")) as { abi: InterfaceAbi }).abi);
}

export const ABIS: Readonly<Record<string, Interface>> = {
  DatasetRegistry: abiOf("study", "DatasetRegistry"),
  CommitteeRegistry: abiOf("study", "CommitteeRegistry"),
  CommitteeChanges: abiOf("study", "CommitteeChanges"),
  QueryCatalogue: abiOf("query", "QueryCatalogue"),
  QuerySmartContract: abiOf("query", "QuerySmartContract"),
};

export const DEPLOYMENT: Deployment = {
  network: "test",
  chainId: 31337n,
  block: 1,
  interfaces: Object.values(ABIS),
  names: Object.keys(ABIS),
  address: (name) => ADDRESSES[name]!,
  abi: (name) => ABIS[name]!,
};

/** In block `BLOCK`; by default of the contract's own address. */
export function logOf(
  contract: string,
  event: string,
  values: unknown[],
  address = ADDRESSES[contract] ?? CLONE,
): ChainLog {
  const { topics, data } = ABIS[contract]!.encodeEventLog(event, values);
  return { address, topics, data, blockNumber: BLOCK, blockHash: ZeroHash, logIndex: 0, transactionHash: ZeroHash };
}
