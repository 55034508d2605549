/** The manifest's words for clauses: who is counted. */
import type { ParameterBound } from "../messages/descriptor.ts";
import type { SchemaField, StudySchema } from "../schema/studySchema.ts";
import { formatFieldValue } from "../schema/values.ts";
import type { Clause, End, Filter } from "./filters.ts";
import { isFilter } from "./filters.ts";
import { listed, quote } from "./manifestText.ts";

export interface Names {
  readonly schema: StudySchema;
  readonly bounds: readonly ParameterBound[];
}

/** One line per filter; clauses of several parts as a list below a line that says whether any or all must hold. */
export function clauseLines(names: Names, clause: Clause, indent: string): string[] {
  if (isFilter(clause)) return [`${indent}- ${filterText(names, clause)}`];
  const parts = clause.parts.flatMap((part) => clauseLines(names, part, `${indent}    `));
  return [`${indent}- ${clause.kind === "any" ? "at least one" : "all"} of`, ...parts];
}

/** In one line. */
export function clauseText(names: Names, clause: Clause): string {
  if (isFilter(clause)) return filterText(names, clause);
  const parts = clause.parts.map((part) => clauseText(names, part));
  return `(${parts.join(clause.kind === "any" ? " or " : " and ")})`;
}

function filterText({ schema, bounds }: Names, filter: Filter): string {
  const field = schema.fields[filter.field]!;
  const name = quote(field.name);
  const parameter = (index: number): string => `:${bounds[index]!.name}`;
  const end = (at: End): string => ("parameter" in at ? parameter(at.parameter) : valueText(field, at.value));
  switch (filter.kind) {
    case "present":
      return `${name} is present`;
    case "missing":
      return `${name} is missing`;
    case "categories":
      return `${name} is ${listed(filter.indices.map((index) => lineText(field, index)), "or")}`; // prettier-ignore
    case "oneOf": {
      const members = listed(filter.members.map(end), "or");
      return filter.negated ? `${name} is present and is not ${members}` : `${name} is ${members}`;
    }
    case "intervals": {
      const ranges = filter.intervals.map(([lo, hi]) => rangeText(field, { value: lo }, { value: hi }, end));
      return `${name} is ${listed([...ranges, ...(filter.missing ? ["missing"] : [])], "or")}`;
    }
    case "range":
      if (!filter.negated) return `${name} is ${rangeText(field, filter.lo, filter.hi, end)}`;
      if (isMaximum(field, filter.hi)) return `${name} is below ${end(filter.lo)}`;
      if (isMinimum(field, filter.lo)) return `${name} is above ${end(filter.hi)}`;
      return `${name} is present and is not ${rangeText(field, filter.lo, filter.hi, end)}`;
    case "threshold":
      return `${name} is ${thresholdText(filter, parameter(filter.parameter))}`;
  }
}

function thresholdText({ relation, negated }: Filter & { kind: "threshold" }, parameter: string): string {
  switch (relation) {
    case ">=":
      return negated ? `below ${parameter}` : `at least ${parameter}`;
    case ">":
      return negated ? `at most ${parameter}` : `above ${parameter}`;
    case "=":
      return negated ? `present and is not ${parameter}` : parameter;
  }
}

function rangeText(field: SchemaField, lo: End, hi: End, end: (at: End) => string): string {
  if (end(lo) === end(hi)) return end(lo);
  if (isMaximum(field, hi)) return `at least ${end(lo)}`;
  if (isMinimum(field, lo)) return `at most ${end(hi)}`;
  return `from ${end(lo)} to ${end(hi)} (both included)`;
}

function isMinimum(field: SchemaField, at: End): boolean {
  return field.type !== "category" && "value" in at && at.value === field.minimum;
}

function isMaximum(field: SchemaField, at: End): boolean {
  return field.type !== "category" && "value" in at && at.value === field.maximum;
}

/** A category, or "missing" past the last one. */
export function lineText(field: SchemaField, index: number): string {
  if (field.type === "category" && index === field.categories.length) return "missing";
  return valueText(field, BigInt(index));
}

export function valueText(field: SchemaField, value: bigint): string {
  const text = formatFieldValue(field, value);
  return field.type === "category" ? quote(text) : text;
}
