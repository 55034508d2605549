/**
 * What a safety board signs about an adaptive trial, as `contracts/types/Trial.sol` has it. Lists of cells are row-major:
 * cell = stratum x arms + arm; probabilities and allocations are basis points.
 */
import { TypedDataEncoder } from "ethers";
import type { TypeTable } from "./typedData.ts";

export const TrialState = { NONE: 0, RUNNING: 1, CONCLUDED: 2, STOPPED: 3 } as const;
export type TrialState = (typeof TrialState)[keyof typeof TrialState];

export const ArmState = { ACTIVE: 0, DROPPED: 1, GRADUATED: 2, HALTED: 3 } as const;
export type ArmState = (typeof ArmState)[keyof typeof ArmState];

export const Decision = { NONE: 0, CONTINUE: 1, CHANGE_ALLOCATION: 2, CHANGE_ARMS: 3, STOP: 4 } as const;
export type Decision = (typeof Decision)[keyof typeof Decision];

/** Basis points of the whole. */
export const WHOLE_BPS = 10_000;
/** Instead of a posterior probability: the board keeps it to itself. */
export const UNSTATED_POSTERIOR = 65_535;

/** A board member signs a trial's verdict; domain: AdaptiveTrial. */
export const BOARD_SIGNATURE: TypeTable = {
  BoardSignature: [
    { name: "verdict", type: "TrialVerdict" },
    { name: "member", type: "address" },
    { name: "name", type: "string" },
    { name: "meaning", type: "string" },
    { name: "signedAt", type: "uint64" },
  ],
  TrialVerdict: [
    { name: "trialId", type: "bytes32" },
    { name: "look", type: "uint8" },
    { name: "decision", type: "uint8" },
    { name: "queryHash", type: "bytes32" },
    { name: "requestId", type: "bytes32" },
    { name: "outputsHash", type: "bytes32" },
    { name: "responded", type: "uint32" },
    { name: "posteriors", type: "uint16[]" },
    { name: "states", type: "uint8[]" },
    { name: "allocation", type: "uint16[]" },
    { name: "reason", type: "string" },
    { name: "deadline", type: "uint256" },
  ],
};

export interface TrialVerdict {
  readonly trialId: string;
  /** 1, 2, ... */
  readonly look: number;
  readonly decision: Decision;
  /** The answer cited; of a STOP that cites none all zero. */
  readonly queryHash: string;
  readonly requestId: string;
  /** keccak256(abi.encode(uint256[] outputs)) */
  readonly outputsHash: string;
  /** Subjects that responded, by the answer's registered outputs; hidden ones are 0. */
  readonly responded: number;
  readonly posteriors: readonly number[];
  /** In force from now on. */
  readonly states: readonly ArmState[];
  readonly allocation: readonly number[];
  readonly reason: string;
  /** The last second since 1970 at which it may be recorded. */
  readonly deadline: bigint;
}

/** What one member signs: the verdict, and what its signature says about itself. */
export interface BoardSignatureMessage {
  readonly verdict: TrialVerdict;
  readonly member: string;
  readonly name: string;
  readonly meaning: string;
  /** Seconds since 1970, as the member states them. */
  readonly signedAt: bigint;
}

/** The EIP-712 struct hash of a verdict: the same for all who sign it. */
export function trialVerdictHash(verdict: TrialVerdict): string {
  const { TrialVerdict: fields } = BOARD_SIGNATURE;
  return TypedDataEncoder.hashStruct("TrialVerdict", { TrialVerdict: fields! }, { ...verdict });
}
