/**
 * Acts that only a governance role may do (`restricted` functions): they may have to be scheduled first, so what is to be
 * called is a value, and `consortiumAccess.ts` says whether it can be sent now.
 */
import type { Signer } from "ethers";
import type { Deployment } from "./deployment.ts";
import { type Mined, mine } from "./transactions.ts";

export interface GovernedCall {
  /** Contract and function, for people: `StudyRegistry.register`. */
  readonly what: string;
  /** Address of the contract. */
  readonly target: string;
  /** ABI-encoded call, 0x-hex. */
  readonly data: string;
}

export function governedCall(deployment: Deployment, contract: string, method: string, data: string): GovernedCall {
  return { what: `${contract}.${method}`, target: deployment.address(contract), data };
}

/**
 * Sends it, whether or not it may be done now.
 *
 * @throws CodedError CHAIN_REVERTED | CHAIN_INSUFFICIENT_FUNDS | CHAIN_UNREACHABLE | CHAIN_TRANSACTION_PENDING
 */
export function sendCall(deployment: Deployment, signer: Signer, { what, target, data }: GovernedCall): Promise<Mined> {
  return mine(deployment, what, signer.sendTransaction({ to: target, data }));
}
