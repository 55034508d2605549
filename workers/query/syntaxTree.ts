/**
 * Reading PostgreSQL's parse tree: untyped JSON in which every node is `{ Kind: { … } }`, defaults (0, false, "") are
 * left out, and `location` is a byte offset or -1. Only the keys a reader names may be present, so that a part of the
 * language we do not know cannot slip through unread.
 */
import type { Span, SqlText } from "./sqlText.ts";
import { originalOffset, refuse } from "./sqlText.ts";

export type TreeNode = Readonly<Record<string, unknown>>;

export interface KindedNode {
  readonly kind: string;
  readonly body: TreeNode;
}

export function asNode(value: unknown): TreeNode {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as TreeNode) : {};
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

export function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function kinded(value: unknown): KindedNode {
  const [entry] = Object.entries(asNode(value));
  return entry === undefined ? { kind: "", body: {} } : { kind: entry[0], body: asNode(entry[1]) };
}

/** The texts of a list of String nodes; a star is "*". */
export function nameParts(value: unknown): string[] {
  return asList(value).map((part) => {
    const { kind, body } = kinded(part);
    return kind === "A_Star" ? "*" : asText(body["sval"]);
  });
}

/** The author's span of a subtree; `fallback` when no node in it carries a location. */
export function spanOf(sql: SqlText, tree: unknown, fallback: Span): Span {
  const offsets = locations(tree).map((location) => originalOffset(sql, location));
  if (offsets.length === 0) return fallback;
  return { start: Math.min(...offsets), last: Math.max(...offsets) };
}

/** @throws CodedError SQL_UNSUPPORTED when the body has any key that is not allowed */
export function allowKeys(sql: SqlText, body: TreeNode, allowed: readonly string[], span: Span, problem: string): void {
  if (Object.keys(body).some((key) => !allowed.includes(key))) throw refuse(sql, span, problem);
}

function locations(tree: unknown): number[] {
  if (Array.isArray(tree)) return tree.flatMap(locations);
  if (typeof tree !== "object" || tree === null) return [];
  return Object.entries(tree).flatMap(([key, value]) => {
    if (key !== "location") return locations(value);
    return typeof value === "number" && value >= 0 ? [value] : [];
  });
}
