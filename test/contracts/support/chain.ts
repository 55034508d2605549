/** One in-process chain per test file, and what tests do to it. Every `it` starts from a named fixture's snapshot. */
import { artifacts, network } from "hardhat";
import { HDNodeWallet, Mnemonic } from "ethers";
import { type Deployment, deployContracts } from "../../../scripts/admin/deployContracts.ts";

const connection = await network.connect();
export const { ethers, networkHelpers } = connection;
export const { chainId } = await ethers.provider.getNetwork();

/** Hardhat's funded accounts, with their public test keys at hand. */
const MNEMONIC = "test test test test test test test test test test test junk";

export function account(index: number): HDNodeWallet {
  const path = `m/44'/60'/0'/0/${index}`;
  return HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(MNEMONIC), path).connect(ethers.provider);
}

export function deploy(signer: HDNodeWallet): Promise<Deployment> {
  return deployContracts({ signer, artifact: (name) => artifacts.readArtifact(name) });
}

/** Deploys a contract of contracts/mocks. */
export async function deployMock<Type>(name: string, ...parameters: unknown[]): Promise<Type> {
  const contract = await ethers.deployContract(name, parameters);
  await contract.waitForDeployment();
  return contract as unknown as Type;
}

/** The chain's clock, in seconds. */
export async function now(): Promise<bigint> {
  return BigInt(await networkHelpers.time.latest());
}

export async function blockNumber(): Promise<bigint> {
  return BigInt(await ethers.provider.getBlockNumber());
}

/** Mines empty blocks until the next transaction lands in `block`. */
export async function mineUntilNextIs(block: bigint): Promise<void> {
  const missing = block - 1n - (await blockNumber());
  if (missing < 0n) throw new Error(`block ${block} is past`);
  if (missing > 0n) await networkHelpers.mine(Number(missing));
}

/** One wrapper per fixture: loadFixture passes the connection as an argument, and knows fixtures by identity. */
const wrapped = new WeakMap<() => Promise<unknown>, () => Promise<unknown>>();

/** The state right after a named fixture: built once per file, then restored from a snapshot. */
export function load<World>(fixture: () => Promise<World>): Promise<World> {
  const withoutArguments = (): Promise<World> => fixture();
  const known = wrapped.get(fixture) ?? withoutArguments;
  wrapped.set(fixture, known);
  return networkHelpers.loadFixture(known) as Promise<World>;
}
