/** What is scheduled, as people read it. */
import type { Interface } from "ethers";
import { type ScheduledOperation, consortiumAccess } from "#chain";
import { CodedError } from "#errors";
import type { Connection } from "../connection.ts";
import { jsonOf } from "../printValue.ts";
import { type GovernanceErrorDetail, timeOf } from "./governed.ts";

export interface DescribedOperation {
  readonly operation: string;
  /** Contract and function. */
  readonly act: string;
  /** JSON of its arguments by name. */
  readonly arguments: string;
  readonly caller: string;
  /** ISO 8601. */
  readonly readyAt: string;
}

/** @throws CodedError GOVERNANCE_NOT_SCHEDULED */
export async function findScheduled(
  { deployment, provider }: Connection,
  operation: string,
): Promise<ScheduledOperation> {
  const found = (await consortiumAccess(deployment, provider).scheduled(provider)).find(
    (each) => each.operation === operation,
  );
  if (found !== undefined) return found;
  throw new CodedError<GovernanceErrorDetail>(
    { code: "GOVERNANCE_NOT_SCHEDULED", operation },
    `nothing with this id is scheduled: it was done, cancelled, or not done within a week; \`opaline admin list-scheduled\``,
  );
}

export function describeOperation(
  { deployment }: Pick<Connection, "deployment">,
  { operation, caller, target, data, readyAt }: ScheduledOperation,
): DescribedOperation {
  const contract = deployment.names.find((name) => deployment.address(name).toLowerCase() === target.toLowerCase());
  const decoded = contract === undefined ? undefined : decodeCall(deployment.abi(contract), data);
  return {
    operation,
    act: `${contract ?? target}.${decoded?.name ?? data.slice(0, 10)}`,
    arguments: decoded?.text ?? `undecodable: ${data}`,
    caller,
    readyAt: timeOf(readyAt),
  };
}

/** Anyone with a role may schedule any bytes: what cannot be decoded hides nothing else, and can be cancelled. */
function decodeCall(abi: Interface, data: string): { name: string; text: string } | undefined {
  try {
    const parsed = abi.parseTransaction({ data });
    return parsed === null ? undefined : { name: parsed.name, text: jsonOf(parsed.args.toObject(true)) };
  } catch {
    return undefined;
  }
}
