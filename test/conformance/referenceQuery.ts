/** One reference query as the file has it, read key by key: which keys it must have is its kind's affair. */
import { badQuery } from "./conformanceError.ts";

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonRecord;
export interface JsonRecord {
  readonly [key: string]: JsonValue | undefined;
}

export function isRecord(value: JsonValue | undefined): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws CodedError CONFORMANCE_BAD_QUERY from every reader, naming query and key */
export class ReferenceQuery {
  readonly id: string;
  readonly kind: string;
  readonly #keys: JsonRecord;

  constructor(id: string, kind: string, keys: JsonRecord) {
    this.id = id;
    this.kind = kind;
    this.#keys = keys;
  }

  get expected(): JsonRecord {
    return this.record("expected");
  }

  /** Rows that satisfy `where`, where the file says how many. */
  get matched(): number | undefined {
    return this.optionalNumber("n_rows_matched");
  }

  /** Whether the reference says that no row satisfies the condition. */
  get expectsNobody(): boolean {
    const { n, count, groups } = this.expected;
    return this.matched === 0 || n === 0 || count === 0 || (Array.isArray(groups) && groups.length === 0);
  }

  text(key: string): string {
    return this.optionalText(key) ?? this.#refuse(key, "is missing");
  }

  optionalText(key: string): string | undefined {
    const value = this.#value(key);
    return value === undefined || typeof value === "string" ? value : this.#refuse(key, "is not a text");
  }

  optionalNumber(key: string): number | undefined {
    const value = this.#value(key);
    return value === undefined || typeof value === "number" ? value : this.#refuse(key, "is not a number");
  }

  /** A list of texts, or one text alone; none when it is absent. */
  texts(key: string): string[] {
    const value = this.#value(key);
    if (value === undefined) return [];
    const list = Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
    return list.map((item) => (typeof item === "string" ? item : this.#refuse(key, "is not a list of texts")));
  }

  numbers(key: string): number[] {
    const value = this.#value(key);
    if (!Array.isArray(value)) return this.#refuse(key, "is not a list of numbers");
    return (value as readonly JsonValue[]).map((item) =>
      typeof item === "number" ? item : this.#refuse(key, "is not a list of numbers"),
    );
  }

  record(key: string): JsonRecord {
    return this.optionalRecord(key) ?? this.#refuse(key, "is missing");
  }

  optionalRecord(key: string): JsonRecord | undefined {
    const value = this.#value(key);
    return value === undefined || isRecord(value) ? value : this.#refuse(key, "is not an object");
  }

  /** As it is, for kinds that take a number or a text. */
  value(key: string): JsonValue | undefined {
    return this.#value(key);
  }

  #value(key: string): JsonValue | undefined {
    return this.#keys[key] ?? undefined;
  }

  #refuse(key: string, problem: string): never {
    throw badQuery(this.id, `"${key}" ${problem}`);
  }
}
