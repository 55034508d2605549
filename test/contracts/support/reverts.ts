/** Asserts that a call reverts with one custom error, name and arguments. */
import assert from "node:assert/strict";
import { Interface } from "ethers";
import type { ErrorDescription } from "ethers";

/** Errors that come through from a called contract and are not in the called contract's own ABI. */
const FOREIGN = new Interface([
  "error AccessManagedUnauthorized(address caller)",
  "error AuditTrailNotRecorder(address account)",
  "error CommitteeRegistryUnknown(bytes32 studyId, uint64 epoch)",
  "error StudyRegistryUnknown(bytes32 studyId)",
  "error DeployedNotContract(address account)",
  "error DatasetRegistryVetoed(bytes32 datasetId, bytes32 queryHash)",
  "error DatasetRegistryInactiveQuery(bytes32 queryHash)",
  "error DatasetRegistryClosed(bytes32 datasetId)",
  "error DatasetRegistryRetired(bytes32 datasetId)",
  "error DatasetRegistryBudgetSpent(bytes32 datasetId, uint32 budget)",
  "error DatasetRegistryQuotaSpent(bytes32 studyId, bytes32 organisation, uint24 quota)",
  "error DatasetRegistryMissingPurpose(bytes32 datasetId, bytes32 purpose)",
  "error InvalidAccountNonce(address account, uint256 currentNonce)",
  "error ECDSAInvalidSignature()",
  "error ECDSAInvalidSignatureLength(uint256 length)",
  "error ECDSAInvalidSignatureS(bytes32 s)",
  "error FailedCall()",
  "error FailedDeployment()",
  "error ReentrancyGuardReentrantCall()",
  "error HostilePayeeRefuses()",
  "error Panic(uint256 code)",
]);

export type Reverting = { readonly interface: Interface };

/**
 * @param act sends or calls; its promise must be rejected by the EVM, not by ethers. Whatever else is awaited for the
 *   assertion is awaited before the act: a promise rejected while nobody listens to it yet fails the run
 */
export async function reverts(
  act: Promise<unknown>,
  contract: Reverting,
  name: string,
  args: readonly unknown[] = [],
): Promise<void> {
  const error = await act.then(
    () => assert.fail(`expected ${name}, but nothing reverted`),
    (reason: unknown) => reason,
  );
  const found = parse(error, contract.interface);
  assert.ok(found, `expected ${name}, but got ${String(error)}`);
  assert.deepEqual([found.name, ...found.args.toArray().map(plain)], [name, ...args.map(plain)]);
}

/** A revert without data: undecodable input, or a value out of an enum's range. */
export async function revertsBare(act: Promise<unknown>): Promise<void> {
  const error = await act.then(
    () => assert.fail("expected a revert"),
    (reason: unknown) => reason,
  );
  assert.equal(dataOf(error), "0x", String(error));
}

function parse(error: unknown, abi: Interface): ErrorDescription | null {
  const data = dataOf(error);
  if (data === undefined) return null;
  return abi.parseError(data) ?? FOREIGN.parseError(data);
}

function dataOf(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Object && depth < 5; depth++) {
    const data: unknown = "data" in at ? at.data : undefined;
    if (typeof data === "string") return data;
    // Where Hardhat does not know the error by name, as behind a clone, the data are one level deeper.
    if (data instanceof Object) at = data;
    else at = "error" in at ? at.error : "cause" in at ? at.cause : "info" in at ? at.info : undefined;
  }
  return undefined;
}

function plain(value: unknown): unknown {
  return typeof value === "number" ? BigInt(value) : typeof value === "string" ? value.toLowerCase() : value;
}
