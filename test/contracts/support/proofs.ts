/**
 * A deployment as of a version that ships proof systems, whichever a test names: the registry's code becomes its test
 * double's, with storage and constructor arguments as deployed. The real registry can be given no verifier.
 */
import { AbiCoder, ZeroHash, keccak256 } from "ethers";
import type { ProofVerifierRegistryHarness } from "../../../types/mocks/ProofVerifierRegistryHarness.ts";
import type { ResultVerifierMock } from "../../../types/mocks/ResultVerifierMock.ts";
import { type Verdict, statementHash } from "../../../workers/messages/statement.ts";
import { chainId, deployMock, ethers, networkHelpers } from "./chain.ts";
import { CONSORTIUM, DESCRIPTOR, PARAMETERS, type OpenWorld, VERDICT } from "./consortium.ts";
import type { Contracts } from "./consortium.ts";
import { encodeDescriptor } from "../../../workers/messages/descriptor.ts";

export const ASSURANCE = { NONE: 0n, QUORUM: 1n, LINEAR_PROOF: 2n, FULL_PROOF: 3n };

export async function withProofSystems<World extends Contracts>(world: World) {
  const { access, trail, studies, verifiers } = world;
  const parts = await Promise.all([access, trail, studies].map((contract) => contract.getAddress()));
  const double = await deployMock<ProofVerifierRegistryHarness>("ProofVerifierRegistryHarness", ...parts);
  const address = await verifiers.getAddress();
  await networkHelpers.setCode(address, await ethers.provider.getCode(await double.getAddress()));
  const registry = double.attach(address) as ProofVerifierRegistryHarness;
  return { ...world, registry: registry.connect(CONSORTIUM) };
}

/** An honest verifier of its own code: the salt is in it. */
export async function deployVerifier(salt: bigint): Promise<ResultVerifierMock> {
  return deployMock<ResultVerifierMock>("ResultVerifierMock", salt);
}

/** What ResultVerifierMock accepts for exactly these arguments. */
export async function proofOf(world: OpenWorld, salt: bigint, verdict: Verdict = VERDICT): Promise<string> {
  const contract = await world.query.getAddress();
  const { context } = world.asked;
  const statement = statementHash({ chainId, contract, context, verdict });
  const coder = AbiCoder.defaultAbiCoder();
  const types = ["uint256", "bytes32", "bytes", "bytes", "bytes32[]", "bytes32", "uint256[]"];
  const descriptor = encodeDescriptor(DESCRIPTOR);
  const words = [salt, statement, descriptor, PARAMETERS, context.datasetRoots, ZeroHash, verdict.outputs];
  return keccak256(coder.encode(types, words));
}
