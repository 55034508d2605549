/** Who governs, and what is scheduled (`contracts/governance/ConsortiumAccess.sol`, OpenZeppelin's AccessManager). */
import { AbiCoder, type ContractRunner, type Interface, dataSlice, keccak256 } from "ethers";
import type { ConsortiumAccess as ConsortiumAccessContract } from "../../types/governance/ConsortiumAccess.ts";
import { type Deployment, openContract } from "./deployment.ts";
import { type GovernedCall, governedCall } from "./governedCall.ts";
import { allLogs, latestBlock } from "./logs.ts";
import type { JsonRpc } from "./provider.ts";
import { type Mined, mine, read } from "./transactions.ts";

export interface RoleHolder {
  readonly role: bigint;
  readonly account: string;
  /** Seconds its acts are public before they can be done. */
  readonly delaySeconds: number;
}

/** An act that was announced and is neither done, nor cancelled, nor forgotten. */
export interface ScheduledOperation {
  readonly operation: string;
  /** Who scheduled it, and alone can do it. */
  readonly caller: string;
  readonly target: string;
  readonly data: string;
  /** The first second it can be done, since 1970. */
  readonly readyAt: bigint;
}

export interface ConsortiumAccess {
  readonly address: string;
  /** immediate: it can be sent now; otherwise it must be scheduled, or, with delay 0, may not be done at all. */
  canCall(caller: string, call: GovernedCall): Promise<{ immediate: boolean; delaySeconds: number }>;
  /** The role that may call it. */
  roleOf(call: GovernedCall): Promise<bigint>;
  /** The first second a scheduled act can be done; undefined when it is not scheduled, or was forgotten. */
  readyAt(operation: string): Promise<bigint | undefined>;
  /** For the soonest time that the signer's delay allows. */
  schedule(call: GovernedCall): Promise<Mined>;
  cancel(operation: ScheduledOperation): Promise<Mined>;
  grantRole(role: bigint, account: string, delaySeconds: number): GovernedCall;
  revokeRole(role: bigint, account: string): GovernedCall;
  /** Everybody who holds a role now. */
  holders(rpc: JsonRpc): Promise<RoleHolder[]>;
  /** What is scheduled, oldest first. */
  scheduled(rpc: JsonRpc): Promise<ScheduledOperation[]>;
}

const NAME = "ConsortiumAccess";

/** AccessManager.hashOperation. */
export function operationOf(caller: string, { target, data }: Pick<GovernedCall, "target" | "data">): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(["address", "address", "bytes"], [caller, target, data]));
}

/** @param runner a provider for reading, a signer for writing as well */
export function consortiumAccess(deployment: Deployment, runner: ContractRunner): ConsortiumAccess {
  const contract = openContract<ConsortiumAccessContract>(deployment, NAME, runner);
  const abi = deployment.abi(NAME);
  const readyAt = async (operation: string): Promise<bigint | undefined> => {
    const seconds = await read(deployment, `${NAME}.getSchedule`, contract.getSchedule(operation));
    return seconds === 0n ? undefined : seconds;
  };
  return {
    address: deployment.address(NAME),
    async canCall(caller, { target, data }) {
      const call = contract.canCall(caller, target, dataSlice(data, 0, 4));
      const [immediate, delay] = await read(deployment, `${NAME}.canCall`, call);
      return { immediate, delaySeconds: Number(delay) };
    },
    roleOf: ({ target, data }) =>
      read(deployment, `${NAME}.getTargetFunctionRole`, contract.getTargetFunctionRole(target, dataSlice(data, 0, 4))),
    readyAt,
    schedule: ({ target, data }) => mine(deployment, `${NAME}.schedule`, contract.schedule(target, data, 0)),
    cancel: ({ caller, target, data }) => mine(deployment, `${NAME}.cancel`, contract.cancel(caller, target, data)),
    grantRole: (role, account, delaySeconds) =>
      governedCall(
        deployment,
        NAME,
        "grantRole",
        contract.interface.encodeFunctionData("grantRole", [role, account, delaySeconds]),
      ),
    revokeRole: (role, account) =>
      governedCall(
        deployment,
        NAME,
        "revokeRole",
        contract.interface.encodeFunctionData("revokeRole", [role, account]),
      ),
    async holders(rpc) {
      const granted = new Map<string, { role: bigint; account: string }>();
      for (const { role, account } of await readGrants(deployment, rpc, abi)) {
        granted.set(`${role} ${account}`, { role, account });
      }
      const found = await Promise.all(
        [...granted.values()].map(async ({ role, account }) => {
          const [isMember, delay] = await read(deployment, `${NAME}.hasRole`, contract.hasRole(role, account));
          return isMember ? { role, account, delaySeconds: Number(delay) } : undefined;
        }),
      );
      return found.filter((holder) => holder !== undefined);
    },
    async scheduled(rpc) {
      const announced = new Map<string, Omit<ScheduledOperation, "readyAt">>();
      // What was cancelled or done, and scheduled again, is one operation.
      for (const each of await readOperations(deployment, rpc, abi)) announced.set(each.operation, each);
      const found = await Promise.all(
        [...announced.values()].map(async (each) => ({ ...each, readyAt: await readyAt(each.operation) })),
      );
      return found.filter((each): each is ScheduledOperation => each.readyAt !== undefined);
    },
  };
}

async function readEvents(
  deployment: Deployment,
  rpc: JsonRpc,
  abi: Interface,
  event: string,
): Promise<Record<string, unknown>[]> {
  const filter = { addresses: [deployment.address(NAME)], topics: abi.encodeFilterTopics(event, []) as string[] };
  const logs = await allLogs(rpc, filter, deployment.block, await latestBlock(rpc));
  return logs.map(({ topics, data }) => abi.parseLog({ topics: [...topics], data })?.args.toObject() ?? {});
}

async function readGrants(deployment: Deployment, rpc: JsonRpc, abi: Interface) {
  const events = await readEvents(deployment, rpc, abi, "RoleGranted");
  return events.map(({ roleId, account }) => ({ role: BigInt(String(roleId)), account: String(account) }));
}

async function readOperations(deployment: Deployment, rpc: JsonRpc, abi: Interface) {
  const events = await readEvents(deployment, rpc, abi, "OperationScheduled");
  return events.map(({ operationId, caller, target, data }) => ({
    operation: String(operationId),
    caller: String(caller),
    target: String(target),
    data: String(data),
  }));
}
