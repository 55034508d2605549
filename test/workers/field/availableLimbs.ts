/** The kinds of limbs that this machine computes rightly: fused ones need a multiply-add that rounds once. */
import { it } from "node:test";

import { hasFusedMultiplyAdd } from "../../../workers/field/kernel/probe.ts";

export type Limbs = "fused" | "integer";

export const availableLimbs: readonly Limbs[] = hasFusedMultiplyAdd() ? ["fused", "integer"] : ["integer"];

/** Runs `tests` where these limbs are available; elsewhere says that they are skipped. */
export function withLimbs(limbs: Limbs, tests: () => void): void {
  if (availableLimbs.includes(limbs)) tests();
  else it(`${limbs} limbs`, { skip: "skipped: this machine has no fused multiply-add" }, () => undefined);
}
