/**
 * How a command's value is written: JSON for programs, aligned text for people. Much of it was written by others, so
 * whatever a terminal would act on or hide is escaped here.
 */
import { isHidden } from "#statistics";
import { legibleJson, legibleLine, legibleText } from "./legibleText.ts";

/** One JSON text; bigints as decimal strings, bytes as 0x-hex. */
export function jsonOf(value: unknown): string {
  const json = JSON.stringify(value ?? null, (_key, item: unknown) => {
    if (typeof item === "bigint") return item.toString();
    if (item instanceof Uint8Array) return `0x${Buffer.from(item).toString("hex")}`;
    if (item instanceof Map) return Object.fromEntries(item) as unknown;
    return item;
  });
  return legibleJson(json);
}

/** A table with a header, columns aligned, numbers to the right. */
export function tableOf(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const names = columns.map(legibleLine);
  const texts = rows.map((row) => row.map(cellText));
  const widths = names.map((name, c) => Math.max(name.length, ...texts.map((row) => (row[c] ?? "").length)));
  const numeric = columns.map((_, c) => rows.length > 0 && rows.every((row) => isNumeric(row[c])));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, c) => (numeric[c] === true ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!)))
      .join("  ")
      .trimEnd();
  return [line(names), line(widths.map((width) => "-".repeat(width))), ...texts.map(line)].join("\n");
}

/** Text for a person: lists of objects as tables, objects as `name: value` lines. */
export function textOf(value: unknown): string {
  if (Array.isArray(value)) return listText(value);
  if (value !== null && typeof value === "object" && !(value instanceof Uint8Array)) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    const width = Math.max(0, ...entries.map(([name]) => legibleLine(name).length));
    return entries.map(([name, item]) => entryText(name, width, item)).join("\n");
  }
  return typeof value === "string" ? legibleText(value) : cellText(value);
}

function entryText(key: string, width: number, item: unknown): string {
  const name = legibleLine(key);
  if (Array.isArray(item) && item.some((element) => typeof element === "object" && element !== null)) {
    return `${name}\n${indent(listText(item))}`;
  }
  if (typeof item === "string" && item.includes("\n")) return `${name}\n${indent(legibleText(item))}`;
  return `${name.padEnd(width)}  ${cellText(item)}`;
}

function listText(list: readonly unknown[]): string {
  if (list.length === 0) return "(none)";
  if (!list.every((item) => item !== null && typeof item === "object" && !Array.isArray(item))) {
    return list.map(cellText).join("\n");
  }
  const columns = [...new Set(list.flatMap((item) => Object.keys(item as object)))];
  return tableOf(
    columns,
    list.map((item) => columns.map((name) => (item as Record<string, unknown>)[name])),
  );
}

function indent(text: string): string {
  return text.replace(/^/gm, "  ");
}

function isNumeric(value: unknown): boolean {
  return (
    value === null || value === undefined || typeof value === "number" || typeof value === "bigint" || isHidden(value)
  );
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "-";
  // A group could be named so; in JSON the two differ.
  if (isHidden(value)) return "(hidden)";
  if (typeof value === "string") return legibleLine(value);
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (Array.isArray(value) && value.length === 0) return "-";
  return jsonOf(value);
}
