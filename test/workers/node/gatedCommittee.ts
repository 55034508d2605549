/**
 * A study at a committee in one process: `runQuery` at every worker, over loopback networks, with shares, caches and a
 * history; beside it the same study in the clear. Each request is asked of both.
 */
import assert from "node:assert/strict";

import { CodedError } from "../../../workers/errors.ts";
import type { EarlierAnswer } from "../../../workers/disclosure/historySets.ts";
import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import type { WasmField } from "../../../workers/field/wasmField.ts";
import { createWasmField } from "../../../workers/field/wasmField.ts";
import type { Verdict } from "../../../workers/messages/statement.ts";
import { recipientsHash as hashOfRecipients } from "../../../workers/messages/sealedAnswer.ts";
import type { RequestContext } from "../../../workers/messages/statement.ts";
import { Outcome, ReleaseClass, ZERO_HASH } from "../../../workers/messages/statement.ts";
import { decodeSuppressed } from "../../../workers/messages/suppressedBitmap.ts";
import { ColumnCache } from "../../../workers/node/columnCache.ts";
import { IndicatorCache } from "../../../workers/node/indicatorCache.ts";
import type { QueryPlan } from "../../../workers/node/queryPlan.ts";
import type { RunModules } from "../../../workers/node/queryRun.ts";
import { runQuery } from "../../../workers/node/queryRun.ts";
import type { ConfirmedRequest } from "../../../workers/node/requestModules.ts";
import { VectorCache } from "../../../workers/node/vectorCache.ts";
import { agreeHistory } from "../../../workers/protocols/agreeHistory.ts";
import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import { loopbackNetworks } from "../../../workers/protocols/loopback.ts";
import type { KeyCopies } from "../../../workers/store/keyCopyStore.ts";
import type { StudySchema } from "../../../workers/schema/studySchema.ts";
import type { CommitteeSize, PartyIndex } from "../../../workers/sharing/parties.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import { shareVector } from "../../../workers/sharing/shamir.ts";
import type { ClearAnswer, ClearRequest, Row } from "../disclosure/clearStudy.ts";
import { ClearStudy, columnsOfRows } from "../disclosure/clearStudy.ts";
import { seededBytes } from "../field/seededBytes.ts";

/** What one attempt came to at each worker, and what was seen of it. */
export interface AttemptResult {
  readonly outcomes: readonly PromiseSettledResult<Verdict>[];
  readonly frames: readonly LoopbackFrame[];
  /** [worker][call] */
  readonly recorded: readonly string[][];
  /** What each worker would publish of a sealed answer's keys. */
  readonly keyCopies: readonly (KeyCopies | undefined)[];
  readonly request: ConfirmedRequest;
}

export interface AttemptOptions {
  readonly tamper?: (frame: LoopbackFrame) => Uint8Array | null;
  /** Throws instead of recording. */
  readonly failRecord?: (party: PartyIndex, stage: string) => boolean;
  readonly missingColumn?: string;
  /** Fails instead of giving a plan. */
  readonly planError?: Error;
  /** Seals the answer to these keys. */
  readonly recipients?: readonly string[];
  readonly failSeal?: (party: PartyIndex) => boolean;
  /** What a worker's node shows it in place of the request. */
  readonly deceived?: (party: PartyIndex) => ConfirmedRequest["event"] | undefined;
}

interface CommitteeWorker {
  readonly party: PartyIndex;
  readonly field: WasmField;
  /** Bytes in use by others. */
  readonly before: number;
  readonly cache: VectorCache;
  readonly columns: ColumnCache;
  readonly indicators: IndicatorCache;
}

const EPOCH = 1n;
/** One per worker, for all committees: making a kernel costs more than a small attempt. */
const fields: WasmField[] = [];
/** Of the committee before this one, whose study is over. */
const caches: VectorCache[] = [];
const fieldOf = (party: PartyIndex): WasmField => (fields[party] ??= createWasmField(BN254_FR_MODULUS));

export class GatedCommittee {
  readonly clear: ClearStudy;
  readonly size: CommitteeSize;
  readonly workers: readonly CommitteeWorker[];
  /** Words by `dataset@version/column`, one per worker. */
  readonly #words = new Map<string, Uint8Array[]>();
  readonly #retired = new Set<string>();
  #requests = 0;
  missingColumn: string | undefined;

  constructor(schema: StudySchema, size: CommitteeSize = { n: 3, t: 1 }, cacheBytes = 1 << 24) {
    this.clear = new ClearStudy(schema);
    this.size = size;
    for (const cache of caches.splice(0)) cache.stop();
    this.workers = partiesOf(size.n).map((party) => {
      const field = fieldOf(party);
      const before = field.bytesInUse;
      const cache = new VectorCache(field, { budgetBytes: cacheBytes });
      const columns = new ColumnCache(field, cache, {
        keyStamp: (datasetId, epoch) => {
          assert.equal(epoch, EPOCH);
          if (this.#retired.has(datasetId)) throw new CodedError({ code: "STORE_KEY_MISSING", datasetId }, "erased");
          return "key";
        },
        loadColumn: (datasetId, epoch, version, columnId) => {
          assert.equal(epoch, EPOCH);
          return this.#load(party, datasetId, version, columnId);
        },
      });
      caches.push(cache);
      return { party, field, before, cache, columns, indicators: new IndicatorCache(field, cache) };
    });
  }

  contribute(owner: string, rows: readonly Row[]): void {
    this.clear.contribute(owner, rows);
  }

  /** Erased by every worker. */
  retire(owner: string): void {
    this.clear.retire(owner);
    this.#retired.add(owner);
    for (const { cache } of this.workers) cache.forget(owner, EPOCH);
  }

  /** Asked at both; the history grows by what was opened. */
  async ask(
    request: ClearRequest,
    options: AttemptOptions = {},
  ): Promise<{ expected: ClearAnswer; shared: ClearAnswer }> {
    const history = this.clear.knownHistory();
    const expected = await this.clear.ask(request);
    const { outcomes } = await this.attempt(request, history, options);
    const answers = outcomes.map((outcome) => {
      if (outcome.status === "rejected") throw outcome.reason as Error;
      return answerOf(outcome.value, expected);
    });
    for (const answer of answers) assert.deepEqual(answer, answers[0], "workers disagree");
    return { expected, shared: answers[0]! };
  }

  async attempt(
    request: ClearRequest,
    history: readonly EarlierAnswer[],
    { tamper, failRecord, missingColumn, planError, recipients = [], deceived, failSeal }: AttemptOptions = {},
  ): Promise<AttemptResult> {
    this.missingColumn = missingColumn;
    const { facts, circuit } = await this.clear.compile(request);
    const plan = (
      circuit === undefined ? { empty: true } : { empty: false, circuit, datasets: [], ...facts, k: this.clear.k }
    ) as QueryPlan;
    const number = ++this.#requests;
    const confirmed = this.#request(number, recipients);
    const frames: LoopbackFrame[] = [];
    const parties = partiesOf(2 * this.size.t + 1);
    const networks = loopbackNetworks(parties, {
      intercept: (frame) => {
        frames.push(frame);
        return tamper === undefined ? frame.payload : tamper(frame);
      },
      timeoutMs: 2_000,
    });
    const recorded = parties.map((): string[] => []);
    const keyCopies = parties.map((): KeyCopies | undefined => undefined);
    const proposal = { attempt: 1n, participants: parties } as unknown as Parameters<typeof runQuery>[1];
    const outcomes = await Promise.allSettled(
      networks.map((network, index) => {
        const worker = this.workers[index]!;
        const modules: RunModules = {
          ...worker,
          chainId: 31_337n,
          randomBytes: seededBytes(`request ${number} party ${network.self}`),
          plan: () => (planError === undefined ? Promise.resolve(plan) : Promise.reject(planError)),
          keyCopies: {
            put: (_requestId, _attempt, copies) => {
              if (failSeal?.(worker.party)) throw new Error("the disk is full");
              recorded[index]!.push("seal");
              keyCopies[index] = copies;
            },
          },
          refused: (_, error) => recorded[index]!.push(error.code),
          history: historyOf(history, (stage) => {
            if (failRecord?.(worker.party, stage)) throw new Error("the disk is full");
            recorded[index]!.push(stage);
          }),
          pause: () => Promise.resolve(),
          openNetwork: () => Object.assign(network, { abort: () => network.close() }),
        };
        const event = deceived?.(worker.party) ?? confirmed.event;
        const request = { ...confirmed, event, self: worker.party };
        return runQuery(request, proposal, new AbortController().signal, modules);
      }),
    );
    return { outcomes, frames, recorded, keyCopies, request: confirmed };
  }

  /** Bytes of vectors in use that no cache holds. */
  leftBehind(): number {
    return this.workers.reduce((total, { field, cache }) => total + field.bytesInUse - cache.bytesInUse, 0);
  }

  #request(number: number, recipients: readonly string[]): ConfirmedRequest {
    const requestId = `0x${number.toString(16).padStart(64, "0")}`;
    const releaseClass = recipients.length === 0 ? ReleaseClass.PUBLIC : ReleaseClass.SEALED;
    const recipientsHash = recipients.length === 0 ? ZERO_HASH : hashOfRecipients(recipients);
    const context: RequestContext = {
      studyId: requestId,
      requestId,
      queryHash: ZERO_HASH,
      parametersHash: ZERO_HASH,
      policyHash: ZERO_HASH,
      datasetRoots: [`0x${"70".repeat(32)}`],
      committeeEpoch: EPOCH,
      requestBlock: 1n,
      consentMaskRoot: ZERO_HASH,
      releaseClass,
      recipientsHash,
    };
    const workers = partiesOf(this.size.n).map((party) => `0x${`a${party}`.repeat(20)}`);
    return {
      event: { requestId, context, recipients },
      contract: `0x${"c0".repeat(20)}`,
      committee: { epoch: EPOCH, threshold: this.size.t, workers },
    } as unknown as ConfirmedRequest;
  }

  #load(party: PartyIndex, datasetId: string, version: bigint, columnId: string): Uint8Array {
    if (columnId === this.missingColumn) throw new Error("no such column");
    const rows = this.clear.rowsOf(datasetId, Number(version));
    const name = `${datasetId}@${version}/${columnId}`;
    let words = this.#words.get(name);
    if (words === undefined) {
      const { field } = this.workers[0]!;
      const column = field.fromIntegers(columnsOfRows(this.clear.schema, rows).get(columnId)!);
      const shares = shareVector(field, column, this.size, seededBytes(name));
      words = shares.map((share) => field.toWords(share));
      field.release(column, ...shares);
      this.#words.set(name, words);
    }
    return words[party - 1]!;
  }
}

function historyOf(answers: readonly EarlierAnswer[], record: (stage: string) => void): RunModules["history"] {
  const ids = answers.map((_, index) => `0x${(index + 1).toString(16).padStart(64, "0")}`);
  return {
    agree: (_, network) => agreeHistory(network, { requestIds: ids, block: 1 }, 1),
    resolve: () => Promise.resolve([...answers]),
    openings: () => ({ aboutToOpen: ({ stage }) => record(stage), refused: () => record("refused") }),
    end: () => undefined,
  };
}

function answerOf({ outcome, outputs, suppressedBitmap }: Verdict, expected: ClearAnswer): ClearAnswer {
  if (outcome === Outcome.REFUSED_EMPTY_SET) return { kind: "empty" };
  if (outcome === Outcome.REFUSED_DISCLOSURE) {
    // A verdict does not say who refused: the public or the secret rule.
    return { kind: expected.kind === "refused in public" ? "refused in public" : "refused" };
  }
  const hidden = decodeSuppressed(suppressedBitmap, outputs);
  const shown = outputs.map((value, index) => (hidden.has(index) ? undefined : value));
  return { kind: "answered", outputs: shown, zerosShown: expected.kind === "answered" && expected.zerosShown };
}
