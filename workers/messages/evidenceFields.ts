/**
 * Evidence as JSON: what a worker keeps of signatures that should not exist, hands out as a file, and anybody can bring before
 * the chain. The file is written by others: every field is read in a known form, and what has another is named,
 * `verdict.outputs[1]`.
 */
import { CodedError } from "../errors.ts";
import { type Outcome, Outcome as Outcomes, type Verdict } from "./statement.ts";

export type EvidenceErrorDetail = { readonly code: "EVIDENCE_INVALID"; readonly field: string };

/** Whole numbers of any size are decimal text. */
export function evidenceToJson(evidence: object): string {
  return JSON.stringify(evidence, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}

/** Of an object, each of a known form. @throws CodedError EVIDENCE_INVALID, as all methods */
export class EvidenceFields {
  readonly #of: string;
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #path: string;

  private constructor(of: string, value: unknown, path: string) {
    this.#of = of;
    this.#path = path;
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw this.#invalid(path, "a JSON object");
    this.#fields = value as Record<string, unknown>;
  }

  /** @param of what, for people: "of an equivocation" */
  static parse(of: string, text: string): EvidenceFields {
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      // Like any other text that is no object.
    }
    return new EvidenceFields(of, parsed, "");
  }

  /** A misspelt field would be ignored otherwise. */
  only(...names: readonly string[]): this {
    for (const name of Object.keys(this.#fields)) {
      if (!names.includes(name)) throw this.#invalid(this.#name(name), `no such field (fields: ${names.join(", ")})`);
    }
    return this;
  }

  object(name: string): EvidenceFields {
    return new EvidenceFields(this.#of, this.#fields[name], this.#name(name));
  }

  objects(name: string): EvidenceFields[] {
    return this.#list(name).map((value, i) => new EvidenceFields(this.#of, value, `${this.#name(name)}[${i}]`));
  }

  /** @param bytes exact length; undefined: any, whole bytes */
  hex(name: string, bytes?: number): string {
    return this.#hex(this.#fields[name], this.#name(name), bytes);
  }

  hexes(name: string, bytes: number): string[] {
    return this.#list(name).map((value, i) => this.#hex(value, `${this.#name(name)}[${i}]`, bytes));
  }

  whole(name: string, bits: number): bigint {
    return this.#whole(this.#fields[name], this.#name(name), bits);
  }

  wholes(name: string, bits: number): bigint[] {
    return this.#list(name).map((value, i) => this.#whole(value, `${this.#name(name)}[${i}]`, bits));
  }

  oneOf<Value extends number>(name: string, values: Readonly<Record<string, Value>>): Value {
    const found = Object.values(values).find((value) => value === this.#fields[name]);
    if (found === undefined) throw this.#invalid(this.#name(name), `one of ${Object.values(values).join(", ")}`);
    return found;
  }

  #list(name: string): unknown[] {
    const list = this.#fields[name];
    if (!Array.isArray(list)) throw this.#invalid(this.#name(name), "a list");
    return list;
  }

  #hex(value: unknown, path: string, bytes?: number): string {
    const isHex = typeof value === "string" && /^0x([0-9a-fA-F]{2})*$/.test(value);
    if (!isHex || (bytes !== undefined && value.length !== 2 + 2 * bytes)) {
      throw this.#invalid(path, `0x and ${bytes ?? "whole"} bytes of hex digits`);
    }
    return value;
  }

  /** Decimal text, or a number where one is written. */
  #whole(value: unknown, path: string, bits: number): bigint {
    const text = typeof value === "number" ? String(value) : value;
    if (typeof text !== "string" || !/^[0-9]{1,78}$/.test(text) || BigInt(text) >> BigInt(bits) > 0n) {
      throw this.#invalid(path, `a whole number below 2^${bits}, as decimal text`);
    }
    return BigInt(text);
  }

  /** For what only the reader of a field knows. @param name a field's path below this object, or "" for itself */
  invalid(name: string, expected: string): CodedError<EvidenceErrorDetail> {
    return this.#invalid(name === "" ? this.#path : this.#name(name), expected);
  }

  #invalid(field: string, expected: string): CodedError<EvidenceErrorDetail> {
    const where = field === "" ? expected : `field ${field}: ${expected}`;
    return new CodedError({ code: "EVIDENCE_INVALID", field }, `This is no evidence ${this.#of}: ${where} expected`);
  }

  #name(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }
}

/** Whether it has a meaning is for `verdictRules.ts` to say. */
export function readVerdict(fields: EvidenceFields): Verdict {
  return {
    attempt: fields.whole("attempt", 64),
    outcome: fields.oneOf<Outcome>("outcome", Outcomes),
    suppressedBitmap: fields.hex("suppressedBitmap"),
    outputs: fields.wholes("outputs", 256),
    sealedHash: fields.hex("sealedHash", 32),
  };
}
