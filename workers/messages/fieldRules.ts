/** What a study's policy lets queries do with each field: the twin of `contracts/types/FieldRules.sol`. */
import { AbiCoder, dataLength, keccak256 } from "ethers";
import { ZERO_HASH } from "./statement.ts";

/** The sum of those that are permitted. CUT_ANYWHERE: at any value that the field's columns can be cut at. */
export const FieldUse = { SPLIT: 1, SUM: 2, CUT_ANYWHERE: 4 } as const;
export type FieldUse = (typeof FieldUse)[keyof typeof FieldUse];

export const EVERY_USE = FieldUse.SPLIT + FieldUse.SUM + FieldUse.CUT_ANYWHERE;

/** A range lo <= value <= hi is permitted when lo and hi + 1 are edges: the minimum and the maximum + 1 are among them. */
export interface FieldCuts {
  /** Index into the schema's fields. */
  readonly field: number;
  /** Scaled, strictly ascending. */
  readonly edges: readonly bigint[];
}

export interface FieldRules {
  /** One byte a field, 0x-hex, in the schema's order. None at all: every field may be used. */
  readonly uses: string;
  /** Ascending by field. */
  readonly cuts: readonly FieldCuts[];
}

/** Of a policy, what it lets queries use. */
export interface Permits {
  /** Index + 1 of the field that says a row's site, when no query may use it; 0 otherwise. */
  readonly closedSite: number;
  readonly fieldRules: FieldRules;
}

export const NO_FIELD_RULES: FieldRules = { uses: "0x", cuts: [] };

export const EVERYTHING_PERMITTED: Permits = { closedSite: 0, fieldRules: NO_FIELD_RULES };

/** They are kept as the code of a contract, behind one byte (EIP-170). */
export const MAX_FIELD_RULES_BYTES = 24_575;

const FIELD_RULES = "tuple(bytes uses, tuple(uint16 field, int256[] edges)[] cuts)";

/** keccak256(abi.encode(FieldRules)), which the policy names; 0 of rules that say nothing. */
export function fieldRulesHash(rules: FieldRules): string {
  if (rules.uses === "0x" && rules.cuts.length === 0) return ZERO_HASH;
  return keccak256(encoded(rules));
}

/** Of abi.encode(FieldRules). */
export function fieldRulesBytes(rules: FieldRules): number {
  return dataLength(encoded(rules));
}

function encoded(rules: FieldRules): string {
  return AbiCoder.defaultAbiCoder().encode([FIELD_RULES], [rules]);
}

/** The uses of a field, of which there are none beyond the rules. */
export function usesOf({ uses }: FieldRules, field: number): number {
  if (uses === "0x") return EVERY_USE;
  const byte = uses.slice(2 + 2 * field, 4 + 2 * field);
  return byte === "" ? 0 : Number.parseInt(byte, 16);
}

/** Where the field may be cut; undefined: anywhere. */
export function edgesOf(rules: FieldRules, field: number): readonly bigint[] | undefined {
  if (usesOf(rules, field) & FieldUse.CUT_ANYWHERE) return undefined;
  return rules.cuts.find((cuts) => cuts.field === field)?.edges ?? [];
}
