/**
 * Files that people write as JSON: every field is asked for by name, and what is wrong is said with the field's own path,
 * `looks[1].futility`. Fields that nobody asks for are refused: a misspelt one would be ignored otherwise.
 */
import { getAddress, isAddress } from "ethers";
import { CodedError } from "#errors";
import { expectedAddress } from "./readOption.ts";

export interface FileFieldErrorDetail {
  readonly code: "FILE_FIELD_INVALID";
  readonly option: string;
  /** Empty for the file itself. */
  readonly field: string;
}

/** One value of a file, and where it stands. */
export class JsonField {
  readonly #option: string;
  readonly #path: string;
  readonly #value: unknown;

  /** @param option that named the file, without `--` */
  constructor(option: string, path: string, value: unknown) {
    this.#option = option;
    this.#path = path;
    this.#value = value;
  }

  /** @throws CodedError FILE_FIELD_INVALID, as all methods below */
  static parse(option: string, text: string): JsonField {
    try {
      return new JsonField(option, "", JSON.parse(text));
    } catch {
      throw new JsonField(option, "", undefined).invalid("JSON");
    }
  }

  get isPresent(): boolean {
    return this.#value !== undefined;
  }

  invalid(expected: string): CodedError<FileFieldErrorDetail> {
    const place = this.#path === "" ? "the file" : this.#path;
    const detail = { code: "FILE_FIELD_INVALID", option: this.#option, field: this.#path } as const;
    return new CodedError(detail, `--${this.#option}: ${place}: ${expected} expected`);
  }

  /** The fields of an object that has no others. */
  fields<const Names extends readonly string[]>(...names: Names): Readonly<Record<Names[number], JsonField>> {
    const found = this.entries();
    for (const [name, field] of found) {
      if (!names.includes(name)) throw field.invalid(`no such field (fields: ${names.join(", ")})`);
    }
    const fields = names.map((name) => [name, found.get(name) ?? this.#at(name, undefined)]);
    return Object.fromEntries(fields) as Record<Names[number], JsonField>;
  }

  /** The fields of an object, whatever they are called. */
  entries(): ReadonlyMap<string, JsonField> {
    const value = this.#value;
    if (value === null || typeof value !== "object" || Array.isArray(value)) throw this.invalid("an object");
    return new Map(Object.entries(value).map(([name, item]) => [name, this.#at(name, item)]));
  }

  list(): JsonField[] {
    if (!Array.isArray(this.#value)) throw this.invalid("a list");
    return this.#value.map((item: unknown, i) => new JsonField(this.#option, `${this.#path}[${i}]`, item));
  }

  text(): string {
    if (typeof this.#value !== "string" || this.#value === "") throw this.invalid("a text");
    return this.#value;
  }

  textOrEmpty(): string {
    if (typeof this.#value !== "string") throw this.invalid("a text");
    return this.#value;
  }

  oneOf<const Words extends readonly string[]>(...words: Words): Words[number] {
    const found = words.find((word) => word === this.#value);
    if (found === undefined) throw this.invalid(`one of ${words.join(", ")}`);
    return found;
  }

  flag(): boolean {
    if (typeof this.#value !== "boolean") throw this.invalid("true or false");
    return this.#value;
  }

  whole(minimum: number, maximum: number): number {
    const value = this.#value;
    if (typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    throw this.invalid(`a whole number from ${minimum} to ${maximum}`);
  }

  /** Lower case. */
  bytes32(): string {
    const value = this.#value;
    if (typeof value === "string" && /^0x[0-9a-fA-F]{64}$/.test(value)) return value.toLowerCase();
    throw this.invalid("0x and 64 hex digits");
  }

  /** Checksummed. */
  address(): string {
    const text = typeof this.#value === "string" ? this.#value : "";
    if (isAddress(text)) return getAddress(text);
    throw this.invalid(expectedAddress(text));
  }

  #at(name: string, value: unknown): JsonField {
    return new JsonField(this.#option, this.#path === "" ? name : `${this.#path}.${name}`, value);
  }
}
