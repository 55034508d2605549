/**
 * One act of governance, by whoever holds its role: at once where the role has no delay, otherwise scheduled, to be done
 * with `opaline admin execute` when it is ready.
 */
import { type GovernedCall, type Mined, consortiumAccess, operationOf, sendCall } from "#chain";
import { CodedError } from "#errors";
import type { SignerConnection } from "../connection.ts";
import { type GasReport, gasReport } from "../gasReport.ts";
import { roleName } from "./governanceRoles.ts";

export interface ScheduledAct extends GasReport {
  readonly scheduled: true;
  /** Contract and function. */
  readonly act: string;
  /** What `admin execute` and `admin cancel` name. */
  readonly operation: string;
  /** From when on it can be done, for a week; ISO 8601. */
  readonly readyAt: string;
}

export type GovernanceErrorDetail =
  | { readonly code: "GOVERNANCE_UNAUTHORISED"; readonly account: string; readonly act: string; readonly role: string }
  | { readonly code: "GOVERNANCE_ALREADY_SCHEDULED"; readonly operation: string; readonly readyAt: string }
  | { readonly code: "GOVERNANCE_NOT_READY"; readonly operation: string; readonly readyAt: string }
  | { readonly code: "GOVERNANCE_NOT_SCHEDULED"; readonly operation: string }
  /** Only who scheduled an act can do it. */
  | { readonly code: "GOVERNANCE_NOT_CALLER"; readonly operation: string; readonly caller: string }
  | { readonly code: "GOVERNANCE_ROLE_NOT_HELD"; readonly role: string; readonly account: string }
  | { readonly code: "GOVERNANCE_LAST_ADMIN"; readonly account: string }
  | { readonly code: "DEPLOYMENT_OTHER_REGISTRY"; readonly registry: string; readonly successor: string };

/**
 * @param done makes the command's value from the mined act
 * @throws CodedError GOVERNANCE_UNAUTHORISED | GOVERNANCE_ALREADY_SCHEDULED, and what the act itself throws
 */
export async function governed<Value>(
  { deployment, signer }: SignerConnection,
  call: GovernedCall,
  done: (mined: Mined) => Value,
): Promise<Value | ScheduledAct> {
  const access = consortiumAccess(deployment, signer);
  const { immediate, delaySeconds } = await access.canCall(signer.address, call);
  if (immediate) return done(await sendCall(deployment, signer, call));
  if (delaySeconds === 0) throw unauthorised(signer.address, call, roleName(await access.roleOf(call)));
  const operation = operationOf(signer.address, call);
  const earlier = await access.readyAt(operation);
  if (earlier !== undefined) throw alreadyScheduled(operation, timeOf(earlier));
  const mined = await access.schedule(call);
  const readyAt = timeOf((await access.readyAt(operation)) ?? 0n);
  return { scheduled: true, act: call.what, operation, readyAt, ...gasReport(mined) };
}

/** The value of an act that had no delay; for those who set up a network of their own. */
export function doneAtOnce<Value>(value: Value | ScheduledAct): Value {
  if (!isScheduled(value)) return value;
  throw new Error(`${value.act} was scheduled, where no delay was expected`);
}

export function timeOf(seconds: bigint): string {
  return new Date(Number(seconds) * 1_000).toISOString();
}

function isScheduled(value: unknown): value is ScheduledAct {
  return typeof value === "object" && value !== null && "scheduled" in value;
}

function unauthorised(account: string, { what }: GovernedCall, role: string): CodedError<GovernanceErrorDetail> {
  return new CodedError(
    { code: "GOVERNANCE_UNAUTHORISED", account, act: what, role },
    `${what} is for whoever holds the role ${role}; ${account} does not. \`opaline admin list-roles\` says who does`,
  );
}

function alreadyScheduled(operation: string, readyAt: string): CodedError<GovernanceErrorDetail> {
  return new CodedError(
    { code: "GOVERNANCE_ALREADY_SCHEDULED", operation, readyAt },
    `this very act is scheduled already and can be done from ${readyAt} on: \`opaline admin execute --operation ${operation}\``,
  );
}
