/**
 * Two signatures of one worker under one question: what a worker that receives both keeps, hands out as a JSON file, and
 * anybody can bring before the chain (`contracts/fees/IWorkerDeposits.sol`). Nothing in it is secret but of a SEALED
 * answer's outputs, which are under their mask.
 *
 * The file is written by others: its form is checked here, and `equivocatorsOf` by whose keys it is signed.
 */
import { CodedError } from "../errors.ts";
import {
  type Outcome,
  Outcome as Outcomes,
  ReleaseClass,
  type RequestContext,
  type Verdict,
  statementHash,
} from "./statement.ts";
import { ANSWER, opalineDomain, signerOf } from "./typedData.ts";

export interface OneSigned {
  readonly verdict: Verdict;
  /** 0x-hex, 65 bytes. */
  readonly signature: string;
}

export interface Equivocation {
  readonly chainId: bigint;
  readonly queryContract: string;
  /** The signer's Shamir point. */
  readonly index: number;
  readonly context: RequestContext;
  readonly first: OneSigned;
  readonly second: OneSigned;
}

export type EvidenceErrorDetail = { readonly code: "EVIDENCE_INVALID"; readonly field: string };

/** The JSON of the file; whole numbers are decimal text. */
export function equivocationToJson(evidence: Equivocation): string {
  return JSON.stringify(evidence, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}

/** Reads fields of an object of others, each of a known form. */
class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(path);
    this.#fields = value as Record<string, unknown>;
    this.#path = path;
  }

  object(name: string): Fields {
    return new Fields(this.#fields[name], this.#name(name));
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
    if (found === undefined) throw invalid(this.#name(name));
    return found;
  }

  #list(name: string): unknown[] {
    const list = this.#fields[name];
    if (!Array.isArray(list)) throw invalid(this.#name(name));
    return list;
  }

  #hex(value: unknown, path: string, bytes?: number): string {
    const isHex = typeof value === "string" && /^0x([0-9a-fA-F]{2})*$/.test(value);
    if (!isHex || (bytes !== undefined && value.length !== 2 + 2 * bytes)) throw invalid(path);
    return value;
  }

  /** Decimal text, or a number where `equivocationToJson` writes one. */
  #whole(value: unknown, path: string, bits: number): bigint {
    const text = typeof value === "number" ? String(value) : value;
    if (typeof text !== "string" || !/^[0-9]{1,78}$/.test(text) || BigInt(text) >> BigInt(bits) > 0n) {
      throw invalid(path);
    }
    return BigInt(text);
  }

  #name(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }
}

function invalid(field: string): CodedError<EvidenceErrorDetail> {
  const where = field === "" ? "it is no JSON object" : `field ${field}`;
  return new CodedError({ code: "EVIDENCE_INVALID", field }, `This is no evidence of an equivocation: ${where}`);
}

function readContext(fields: Fields): RequestContext {
  return {
    studyId: fields.hex("studyId", 32),
    requestId: fields.hex("requestId", 32),
    queryHash: fields.hex("queryHash", 32),
    parametersHash: fields.hex("parametersHash", 32),
    policyHash: fields.hex("policyHash", 32),
    datasetRoots: fields.hexes("datasetRoots", 32),
    committeeEpoch: fields.whole("committeeEpoch", 64),
    requestBlock: fields.whole("requestBlock", 64),
    consentMaskRoot: fields.hex("consentMaskRoot", 32),
    releaseClass: fields.oneOf<ReleaseClass>("releaseClass", ReleaseClass),
    recipientsHash: fields.hex("recipientsHash", 32),
  };
}

function readSigned(fields: Fields): OneSigned {
  const verdict = fields.object("verdict");
  return {
    verdict: {
      attempt: verdict.whole("attempt", 64),
      outcome: verdict.oneOf<Outcome>("outcome", Outcomes),
      suppressedBitmap: verdict.hex("suppressedBitmap"),
      outputs: verdict.wholes("outputs", 256),
      sealedHash: verdict.hex("sealedHash", 32),
    },
    signature: fields.hex("signature", 65),
  };
}

/** @throws CodedError EVIDENCE_INVALID; whether it convicts anybody is for {@link equivocatorsOf} and the worker registry to say */
export function equivocationFromJson(text: string): Equivocation {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw invalid("");
  }
  const fields = new Fields(parsed, "");
  return {
    chainId: fields.whole("chainId", 256),
    queryContract: fields.hex("queryContract", 20),
    index: Number(fields.whole("index", 8)),
    context: readContext(fields.object("context")),
    first: readSigned(fields.object("first")),
    second: readSigned(fields.object("second")),
  };
}

/**
 * The keys that signed the first and the second statement, checksummed: the same, or two that one worker had one after the
 * other. Whose they are, the worker registry knows.
 *
 * @returns undefined when they are not two statements of one attempt, both signed
 */
export function equivocatorsOf(evidence: Equivocation): readonly [first: string, second: string] | undefined {
  const { chainId, queryContract, context, first, second } = evidence;
  if (first.verdict.attempt !== second.verdict.attempt) return undefined;
  const domain = opalineDomain(chainId, queryContract);
  const [one, other] = [first, second].map(({ verdict, signature }) => {
    const statement = statementHash({ chainId, contract: queryContract, context, verdict });
    return { statement, signer: signerOf(domain, ANSWER, { statement }, signature) };
  });
  if (one!.statement === other!.statement) return undefined;
  return one!.signer === undefined || other!.signer === undefined ? undefined : [one!.signer, other!.signer];
}
