/**
 * Shares of degree 2t, as one local product makes them. They are a type of their own, not a `FieldVector`, so that an
 * unreduced product can be neither multiplied again nor opened without a zero mask by mistake.
 *
 * Up to t of 2t + 1 parties may lie: see `reduceDegree.ts`, also for the source [DN07].
 */
import type { Field, FieldVector } from "../field/field.ts";
import { lagrangeAtZero } from "../sharing/shamir.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import { takeSharedMask, takeZeroMask } from "./masks.ts";
import type { ProtocolSession } from "./session.ts";

export interface DoubleShare {
  /** Degree 2t. Its polynomial depends on the factors: never send it as it is. */
  readonly unreduced: FieldVector;
}

/** A degree-2t share that was masked with a zero sharing: its polynomial tells nothing but its secret. */
export interface MaskedDoubleShare {
  readonly masked: FieldVector;
}

/** x·y elementwise: degrees t, t in, 2t out. No communication. */
export function multiplyUnreduced(field: Field, left: FieldVector, right: FieldVector): DoubleShare {
  return { unreduced: field.mul(left, right) };
}

/** Adds a zero sharing: to be opened to whoever may see the secret itself. */
export function maskPolynomial(session: ProtocolSession, share: DoubleShare, label: string): MaskedDoubleShare {
  const zero = takeZeroMask(session, label, share.unreduced.length);
  return { masked: session.field.add(share.unreduced, zero) };
}

/**
 * Adds a random degree-t sharing rho and a zero sharing: opening the result tells nothing, and
 * (opened value) − rho is a degree-t share of the secret.
 */
export function maskSecret(
  session: ProtocolSession,
  { unreduced }: DoubleShare,
  label: string,
): { readonly share: MaskedDoubleShare; readonly rho: FieldVector } {
  const rho = takeSharedMask(session, label, unreduced.length);
  return { share: maskPolynomial(session, { unreduced: session.field.add(unreduced, rho) }, label), rho };
}

/** The secret from all 2t + 1 masked shares: exactly determined, so a changed share is not noticed here. */
export function combineMasked(field: Field, shares: ReadonlyMap<PartyIndex, FieldVector>): FieldVector {
  return field.linearCombination(lagrangeAtZero(field, [...shares.keys()]), [...shares.values()]);
}
