/**
 * A committee in one process: n parties with their own seeded randomness, joined by loopback networks. Everything that
 * happens follows from `seed`; print it (`String(world)`) when something fails.
 */
import { setImmediate } from "node:timers/promises";

import { bn254Fr } from "../../../workers/field/bn254Fr.ts";
import type { FieldVector, RandomBytes } from "../../../workers/field/field.ts";
import { agreeKeys } from "../../../workers/protocols/agreeKeys.ts";
import type { AttemptContext } from "../../../workers/protocols/agreeKeys.ts";
import { loopbackNetworks } from "../../../workers/protocols/loopback.ts";
import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import type { Network } from "../../../workers/protocols/network.ts";
import type { ProtocolSession, TraceEntry } from "../../../workers/protocols/session.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import type { CommitteeSize, PartyIndex } from "../../../workers/sharing/parties.ts";
import { shareVector } from "../../../workers/sharing/shamir.ts";
import { seededBytes } from "../field/seededBytes.ts";

export interface RunOptions {
  readonly attempt?: bigint;
  /** Changes what a party sends; null loses the frame. */
  readonly tamper?: (frame: LoopbackFrame) => Uint8Array | null;
  readonly timeoutMs?: number;
}

/** What each participant got, in participants' order, or the error it stopped with. */
export interface RunResult<Value> {
  readonly outcomes: readonly PromiseSettledResult<Value>[];
  /** Every frame as sent, in order. */
  readonly frames: readonly LoopbackFrame[];
  /** Per participant. */
  readonly traces: readonly TraceEntry[][];
}

export class World {
  readonly field = bn254Fr;
  readonly size: CommitteeSize;
  readonly parties: readonly PartyIndex[];
  readonly seed: string;
  readonly #randomBytes: ReadonlyMap<PartyIndex, RandomBytes>;
  readonly #dealer: RandomBytes;

  constructor(size: CommitteeSize, seed: string) {
    this.size = size;
    this.seed = seed;
    this.parties = partiesOf(size.n);
    this.#dealer = seededBytes(`${seed} dealer`);
    this.#randomBytes = new Map(this.parties.map((party) => [party, seededBytes(`${seed} party ${party}`)]));
  }

  toString(): string {
    return `World(n = ${this.size.n}, t = ${this.size.t}, seed = ${JSON.stringify(this.seed)})`;
  }

  /** Shares of each column for each party: [party − 1][column]. */
  share(columns: readonly (readonly bigint[])[]): FieldVector[][] {
    const dealt = columns.map((column) =>
      shareVector(this.field, this.field.fromIntegers(column), this.size, this.#dealer),
    );
    return this.parties.map((party) => dealt.map((shares) => shares[party - 1] as FieldVector));
  }

  context(attempt = 1n): AttemptContext {
    const contract = `0x${"c0".repeat(20)}`;
    return { chainId: 31337n, contract, requestId: `0x${"4e".repeat(32)}`, attempt, epoch: 1n, t: this.size.t };
  }

  randomBytesOf(party: PartyIndex): RandomBytes {
    return this.#randomBytes.get(party) as RandomBytes;
  }

  /** Runs one program at every participant over fresh networks, until all have ended. */
  async runNetworks<Value>(
    participants: readonly PartyIndex[],
    program: (network: Network) => Promise<Value>,
    { tamper, timeoutMs }: RunOptions = {},
  ): Promise<{ outcomes: PromiseSettledResult<Value>[]; frames: LoopbackFrame[] }> {
    const frames: LoopbackFrame[] = [];
    const intercept = (frame: LoopbackFrame): Uint8Array | null => {
      frames.push({ ...frame, payload: new Uint8Array(frame.payload) });
      return tamper === undefined ? frame.payload : tamper(frame);
    };
    const networks = loopbackNetworks(participants, timeoutMs === undefined ? { intercept } : { intercept, timeoutMs });
    const ending = networks.map(async (network) => {
      try {
        return await program(network);
      } catch (error) {
        network.close(); // as a worker ends its session
        throw error;
      }
    });
    const outcomes = await Promise.allSettled(ending);
    await setImmediate(); // a turn in which memory is given back that a run which stopped still held
    return { outcomes, frames };
  }

  /** Agrees keys for one attempt, then runs the program in that session. */
  async run<Value>(
    participants: readonly PartyIndex[],
    program: (session: ProtocolSession) => Promise<Value>,
    options: RunOptions = {},
  ): Promise<RunResult<Value>> {
    const traces = new Map<PartyIndex, TraceEntry[]>(participants.map((party) => [party, []]));
    const result = await this.runNetworks(
      participants,
      async (network) => {
        const keys = await agreeKeys(network, this.context(options.attempt), this.randomBytesOf(network.self));
        const trace = traces.get(network.self) as TraceEntry[];
        return program({ network, field: this.field, t: this.size.t, keys, trace });
      },
      options,
    );
    return { ...result, traces: [...traces.values()] };
  }

  /** `run`, for programs that must succeed everywhere. */
  async runAll<Value>(
    participants: readonly PartyIndex[],
    program: (session: ProtocolSession) => Promise<Value>,
    options: RunOptions = {},
  ): Promise<{ values: Value[]; frames: readonly LoopbackFrame[]; traces: readonly TraceEntry[][] }> {
    const { outcomes, frames, traces } = await this.run(participants, program, options);
    const values = outcomes.map((outcome) => {
      if (outcome.status === "rejected") throw new Error(`${String(this)} failed`, { cause: outcome.reason });
      return outcome.value;
    });
    return { values, frames, traces };
  }
}
