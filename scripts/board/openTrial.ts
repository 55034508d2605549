/** A trial as the chain has it, and its cells by the names that people use. */
import { type AdaptiveTrial, type Allocation, type Trial, type TrialRules, adaptiveTrial } from "#chain";
import { ArmState, Decision, TrialState } from "#messages";
import type { Connection } from "../connection.ts";

export interface OpenTrial {
  readonly contract: AdaptiveTrial;
  readonly trialId: string;
  readonly trial: Trial;
  readonly rules: TrialRules;
  readonly standing: Allocation;
}

/** @throws CodedError CHAIN_REVERTED with AdaptiveTrialUnknown */
export async function openTrial({ deployment, provider }: Connection, trialId: string): Promise<OpenTrial> {
  const contract = adaptiveTrial(deployment, provider);
  const trial = await contract.trial(trialId);
  const rules = await contract.rules(trialId);
  return { contract, trialId, trial, rules, standing: await contract.allocation(trialId) };
}

/** `change-arms` for CHANGE_ARMS: as people write the contract's words. */
export function wordOf(names: Readonly<Record<string, number>>, value: number): string {
  const [name = `${value}`] = Object.entries(names).find(([, each]) => each === value) ?? [];
  return name.toLowerCase().replaceAll("_", "-");
}

export const stateWord = (state: TrialState): string => wordOf(TrialState, state);
export const armWord = (state: ArmState): string => wordOf(ArmState, state);
export const decisionWord = (decision: Decision): string => wordOf(Decision, decision);

/** One row per cell, for tables. */
export interface CellRow {
  readonly stratum: string;
  readonly arm: string;
  readonly state: string;
  /** Basis points. */
  readonly allocation: number;
}

export function cellRows({ arms, strata }: TrialRules, { allocation, states }: Allocation): CellRow[] {
  return strata.flatMap((stratum, s) =>
    arms.map(({ name }, a) => {
      const cell = s * arms.length + a;
      return { stratum, arm: name, state: armWord(states[cell]!), allocation: allocation[cell]! };
    }),
  );
}

/** The id of a study's trial, whether it is registered or not. */
export function adaptiveTrialOf({ deployment, provider }: Connection, studyId: string): Promise<string> {
  return adaptiveTrial(deployment, provider).trialIdOf(studyId);
}
