/**
 * JSON with its numbers kept as the text that was written (1.10 stays "1.10"; nothing becomes a float), repeated keys
 * refused, and every access carrying its path for the error message.
 */
import { schemaError } from "./schemaError.ts";

/** A JSON number, unread. */
class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => unknown;

/** @throws CodedError SCHEMA_NOT_JSON | SCHEMA_DUPLICATE_KEY */
export function readJson(text: string): JsonNode {
  if (!text.isWellFormed()) throw schemaError("SCHEMA_NOT_JSON", "$", "text is not well-formed Unicode");
  let value: unknown;
  try {
    value = parseWithSource(text, (_, inner, { source }) =>
      typeof inner === "number" ? new NumberText(source as string) : inner,
    );
  } catch (cause) {
    throw schemaError("SCHEMA_NOT_JSON", "$", `not JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  refuseRepeatedKeys(text);
  return new JsonNode(value, "$");
}

/** JSON.parse keeps the last of two equal keys; a person reads the first. `text` is valid JSON. */
function refuseRepeatedKeys(text: string): void {
  const open: Set<string>[] = [];
  for (const [token, key] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (key !== undefined) {
      const name = JSON.parse(key) as string;
      const keys = open.at(-1);
      if (keys?.has(name) === true) throw schemaError("SCHEMA_DUPLICATE_KEY", "$", `key ${key} is given twice`);
      keys?.add(name);
    }
  }
}

/** A JSON value and where it stands. Every reader throws SCHEMA_WRONG_TYPE when the value has another type. */
export class JsonNode {
  readonly path: string;
  readonly #value: unknown;

  constructor(value: unknown, path: string) {
    this.#value = value;
    this.path = path;
  }

  #wrongType(expected: string): never {
    throw schemaError("SCHEMA_WRONG_TYPE", this.path, `must be ${expected}`);
  }

  text(): string {
    return typeof this.#value === "string" ? this.#value : this.#wrongType("a text");
  }

  boolean(): boolean {
    return typeof this.#value === "boolean" ? this.#value : this.#wrongType("true or false");
  }

  /** The digits of a JSON number, or a string that holds them. */
  numberText(): string {
    if (this.#value instanceof NumberText) return this.#value.text;
    return typeof this.#value === "string" ? this.#value : this.#wrongType("a number, or a text that holds one");
  }

  isList(): boolean {
    return Array.isArray(this.#value);
  }

  list(): JsonNode[] {
    if (!Array.isArray(this.#value)) this.#wrongType("a list");
    return this.#value.map((item, index) => new JsonNode(item, `${this.path}[${index}]`));
  }

  /** An object's values by key. @throws CodedError SCHEMA_UNKNOWN_KEY for a key not listed */
  object(known: readonly string[]): JsonObject {
    const value = this.#value;
    if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof NumberText) {
      this.#wrongType("an object { … }");
    }
    for (const key of Object.keys(value)) {
      if (!known.includes(key)) {
        throw schemaError("SCHEMA_UNKNOWN_KEY", `${this.path}.${key}`, `unknown key; known here: ${known.join(", ")}`);
      }
    }
    return new JsonObject(new Map(Object.entries(value)), this.path);
  }
}

export class JsonObject {
  readonly path: string;
  readonly #values: ReadonlyMap<string, unknown>;

  constructor(values: ReadonlyMap<string, unknown>, path: string) {
    this.#values = values;
    this.path = path;
  }

  optional(key: string): JsonNode | undefined {
    return this.#values.has(key) ? new JsonNode(this.#values.get(key), `${this.path}.${key}`) : undefined;
  }

  /** @throws CodedError SCHEMA_MISSING_KEY */
  required(key: string): JsonNode {
    const node = this.optional(key);
    if (node === undefined) throw schemaError("SCHEMA_MISSING_KEY", this.path, `needs the key "${key}"`);
    return node;
  }
}
