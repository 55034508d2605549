/**
 * Pseudorandom masks of a session, each drawn once. A mask used for two openings would reveal the difference of two
 * secrets, so a label that comes back for the same key set is a bug and throws before anything is expanded.
 *
 * The record is kept per key set (not per session object), so that two sessions over the same keys cannot share a
 * mask either. Across attempts, restarts and restored backups masks differ because the keys do (`agreeKeys.ts`).
 * Unknown to any t of the 2t + 1 parties. Source: [CDI05], as cited in `sharing/prss.ts`.
 */
import assert from "node:assert/strict";

import type { FieldVector } from "../field/field.ts";
import { deriveMaskKeys } from "../sharing/maskKeys.ts";
import { expandAnswerMask, expandShared, expandZero } from "../sharing/prss.ts";
import type { ReplicatedKeys } from "../sharing/prss.ts";
import type { ProtocolSession } from "./session.ts";

const usedLabels = new WeakMap<ReplicatedKeys["keys"], Set<string>>();

/** A share, of degree t, of `length` uniform elements nobody knows. */
export function takeSharedMask({ field, keys }: ProtocolSession, label: string, length: number): FieldVector {
  claim(keys, `shared|${label}`);
  return expandShared(field, keys, label, length);
}

/** A share, of degree 2t, of `length` zeros: hides everything of a degree-2t share but the secret. */
export function takeZeroMask({ field, keys }: ProtocolSession, label: string, length: number): FieldVector {
  claim(keys, `zero|${label}`);
  return expandZero(field, keys, label, length);
}

/** A share, of degree t, of the mask of a sealed answer: once per key set, since one pair of answers would tell a difference. */
export function takeAnswerMask({ field, keys }: ProtocolSession, length: number): FieldVector {
  claim(keys, "sealed");
  return expandAnswerMask(field, deriveMaskKeys(keys), length);
}

function claim({ keys }: ReplicatedKeys, label: string): void {
  const used = usedLabels.get(keys) ?? new Set<string>();
  assert(!used.has(label), `mask ${label} was already used with these keys`);
  used.add(label);
  usedLabels.set(keys, used);
}
