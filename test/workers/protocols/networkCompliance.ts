/**
 * What every `Network` must do. Run over loopback here and over TLS sessions by `transport/`.
 *
 * Errors are compared by `detail.code`, `detail.peer` and `detail.step` only. Nothing sleeps: a timeout test waits for
 * the network's own timeout, which the factory is asked to make short.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isCoded } from "../../../workers/errors.ts";
import { byteBuffers } from "../../../workers/messages/byteBuffers.ts";
import type { Network } from "../../../workers/protocols/network.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";

export interface NetworksUnderTest {
  /** One per party, in the order of the parties asked for. */
  readonly networks: readonly Network[];
  /** Ends every session; a round in progress rejects with NETWORK_ABORTED. */
  readonly close: () => void | Promise<void>;
}

export type MakeNetworks = (
  parties: readonly PartyIndex[],
  options: { /** How long a round may wait. */ readonly timeoutMs: number },
) => Promise<NetworksUnderTest>;

/** Long enough for a round over TLS on a busy machine. */
const PATIENT_MS = 20_000;
/** For the tests in which a frame never comes. */
const IMPATIENT_MS = 200;
/** More than one TLS record, one socket buffer and one mesh frame (256 KiB). */
const LARGE_PAYLOAD_BYTES = 3 * 1024 * 1024 + 17;

const [one, two, three] = partiesOf(3) as [PartyIndex, PartyIndex, PartyIndex];
const five = partiesOf(5)[4] as PartyIndex;

export function networkCompliance(name: string, makeNetworks: MakeNetworks): void {
  async function withNetworks(
    parties: readonly PartyIndex[],
    timeoutMs: number,
    use: (networks: readonly Network[], close: () => void | Promise<void>) => Promise<void>,
  ): Promise<void> {
    const { networks, close } = await makeNetworks(parties, { timeoutMs });
    try {
      await use(networks, close);
    } finally {
      await close();
    }
  }

  describe(`${name} as a Network`, () => {
    it("says who takes part, ascending", () =>
      withNetworks([one, three, five], PATIENT_MS, async (networks) => {
        assert.deepEqual(
          networks.map(({ self }) => self),
          [one, three, five],
        );
        for (const { parties } of networks) assert.deepEqual([...parties], [one, three, five]);
      }));

    it("carries a different payload from everyone to everyone", () =>
      withNetworks([one, two, three], PATIENT_MS, async (networks) => {
        const received = await everyone(networks, "all to all", (from, to) => Uint8Array.of(from, to, 7));
        for (const [position, { self }] of networks.entries()) {
          for (const peer of peersOf(networks[position] as Network)) {
            assert.deepEqual(bytes(received[position]?.get(peer)), [peer, self, 7]);
          }
          assert.equal(received[position]?.size, 2);
        }
      }));

    it("keeps rounds in order when one party runs ahead", () =>
      withNetworks([one, two], PATIENT_MS, async ([first, second]) => {
        assert(first !== undefined && second !== undefined);
        const rounds = Array.from({ length: 20 }, (_, round) => round);
        const sendAhead = async (): Promise<void> => {
          for (const round of rounds)
            await first.exchange(`r${round}`, new Map([[two, Uint8Array.of(round)]]), new Map());
        };
        const receive = async (): Promise<number[]> => {
          const seen: number[] = [];
          for (const round of rounds) {
            const received = await second.exchange(`r${round}`, new Map(), new Map([[one, 1]]));
            seen.push(...bytes(received.get(one)));
          }
          return seen;
        };
        const [, seen] = await Promise.all([sendAhead(), receive()]);
        assert.deepEqual(seen, rounds);
      }));

    it("accepts the same step name in consecutive rounds", () =>
      withNetworks([one, two, three], PATIENT_MS, async (networks) => {
        for (const round of [1, 2, 3]) {
          const received = await everyone(networks, "again", () => Uint8Array.of(round));
          for (const each of received) for (const payload of each.values()) assert.deepEqual(bytes(payload), [round]);
        }
      }));

    it("carries one-way rounds, empty payloads and empty rounds", () =>
      withNetworks([one, two], PATIENT_MS, async ([first, second]) => {
        assert(first !== undefined && second !== undefined);
        const [sent, got] = await Promise.all([
          first.exchange("one way", new Map([[two, Uint8Array.of(1, 2)]]), new Map()),
          second.exchange("one way", new Map(), new Map([[one, 2]])),
        ]);
        assert.equal(sent.size, 0);
        assert.deepEqual(bytes(got.get(one)), [1, 2]);
        const empty = await everyone([first, second], "empty", () => new Uint8Array(0));
        assert.deepEqual(bytes(empty[0]?.get(two)), []);
        assert.deepEqual(bytes(empty[1]?.get(one)), []);
        const nothing = await Promise.all([first, second].map((each) => each.exchange("none", new Map(), new Map())));
        assert.deepEqual(
          nothing.map(({ size }) => size),
          [0, 0],
        );
      }));

    it("carries payloads larger than any frame, both ways at once", () =>
      withNetworks([one, two, three], PATIENT_MS, async (networks) => {
        const large = (from: PartyIndex): Uint8Array => {
          const payload = new Uint8Array(LARGE_PAYLOAD_BYTES);
          for (let index = 0; index < payload.length; index++) payload[index] = (index * 31 + from) % 251;
          return payload;
        };
        const received = await everyone(networks, "large", large);
        for (const each of received) {
          for (const [peer, payload] of each) assert(Buffer.from(payload).equals(large(peer)), `payload of ${peer}`);
        }
      }));

    it("is done with a large payload when the round has ended: its buffer may hold the next one", () =>
      withNetworks([one, two], PATIENT_MS, async ([first, second]) => {
        assert(first !== undefined && second !== undefined);
        const payload = new Uint8Array(LARGE_PAYLOAD_BYTES);
        for (const round of [1, 2, 3]) {
          payload.fill(round);
          const [received] = await Promise.all([
            second.exchange(`round ${round}`, new Map(), new Map([[one, payload.length]])),
            first.exchange(`round ${round}`, new Map([[two, payload]]), new Map()).then(() => payload.fill(99)),
          ]);
          assert(received.get(one)?.every((byte) => byte === round));
          byteBuffers.giveBack(received.get(one)!);
        }
      }));

    it("sends what a small payload was when the round began", () =>
      withNetworks([one, two], PATIENT_MS, async ([first, second]) => {
        assert(first !== undefined && second !== undefined);
        const payload = Uint8Array.of(1, 2, 3);
        const sending = first.exchange("copied", new Map([[two, payload]]), new Map());
        payload.fill(9);
        const received = await second.exchange("copied", new Map(), new Map([[one, 3]]));
        await sending;
        assert.deepEqual(bytes(received.get(one)), [1, 2, 3]);
      }));

    for (const [what, length] of [
      ["shorter", 3],
      ["longer", 5],
      ["another, namely empty,", 0],
    ] as const) {
      it(`refuses a payload that is ${what} than expected, naming the peer`, () =>
        withNetworks([one, two], PATIENT_MS, async ([first, second]) => {
          assert(first !== undefined && second !== undefined);
          const sending = settled(first.exchange("length", new Map([[two, new Uint8Array(length)]]), new Map()));
          await assert.rejects(second.exchange("length", new Map(), new Map([[one, 4]])), (error) => {
            assertNetworkError(error, "NETWORK_WRONG_LENGTH", one);
            return true;
          });
          await sending;
        }));
    }

    it("refuses a frame of another step, naming the peer, and is dead afterwards", () =>
      withNetworks([one, two], PATIENT_MS, async ([first, second]) => {
        assert(first !== undefined && second !== undefined);
        const sending = settled(first.exchange("ahead", new Map([[two, Uint8Array.of(1)]]), new Map()));
        await assert.rejects(second.exchange("here", new Map(), new Map([[one, 1]])), (error) => {
          assertNetworkError(error, "NETWORK_WRONG_STEP", one);
          return true;
        });
        await sending;
        await assert.rejects(second.exchange("ahead", new Map(), new Map([[one, 1]])), (error) => {
          assert(isCoded(error) && error.code.startsWith("NETWORK_"), String(error));
          return true;
        });
      }));

    it("times out naming the peer that stays silent, and the others learn that the session is over", () =>
      withNetworks([one, two, three], IMPATIENT_MS, async ([first, , third]) => {
        assert(first !== undefined && third !== undefined);
        const payload = Uint8Array.of(1);
        const outcomes = await Promise.all(
          [first, third].map((network) => {
            const peers = peersOf(network);
            return settled(
              network.exchange("silence", new Map(peers.map((p) => [p, payload])), new Map(peers.map((p) => [p, 1]))),
            );
          }),
        );
        const timedOut = outcomes.filter((outcome) => isCoded(outcome, "NETWORK_TIMEOUT"));
        assert(timedOut.length > 0, "at least the first to notice reports the timeout");
        for (const outcome of timedOut) assertNetworkError(outcome, "NETWORK_TIMEOUT", two);
        for (const outcome of outcomes)
          assert(isCoded(outcome) && outcome.code.startsWith("NETWORK_"), String(outcome));
      }));

    it("rejects a round in progress when it is closed, and every later one", () =>
      withNetworks([one, two], PATIENT_MS, async ([first], close) => {
        assert(first !== undefined);
        const waiting = settled(first.exchange("closing", new Map(), new Map([[two, 1]])));
        await close();
        const outcome = await waiting;
        assert(isCoded(outcome, "NETWORK_ABORTED"), String(outcome));
        await assert.rejects(first.exchange("closed", new Map(), new Map([[two, 1]])), (error) => {
          assert(isCoded(error, "NETWORK_ABORTED"), String(error));
          return true;
        });
      }));
  });
}

function assertNetworkError(error: unknown, code: string, peer: PartyIndex): void {
  assert(isCoded(error, code), `expected ${code}, got ${String(error)}`);
  assert.equal((error.detail as unknown as { peer: PartyIndex }).peer, peer);
  assert.match(error.message, new RegExp(`\\b${peer}\\b`), "the message names the peer");
}

/** One round in which everyone sends to everyone, all payloads of one length. */
function everyone(
  networks: readonly Network[],
  step: string,
  payload: (from: PartyIndex, to: PartyIndex) => Uint8Array,
): Promise<Map<PartyIndex, Uint8Array>[]> {
  return Promise.all(
    networks.map((network) => {
      const peers = peersOf(network);
      return network.exchange(
        step,
        new Map(peers.map((peer) => [peer, payload(network.self, peer)])),
        new Map(peers.map((peer) => [peer, payload(peer, network.self).length])),
      );
    }),
  );
}

function peersOf({ self, parties }: Network): PartyIndex[] {
  return parties.filter((party) => party !== self);
}

function bytes(payload: Uint8Array | undefined): number[] {
  assert(payload !== undefined, "a payload arrived");
  return [...payload];
}

/** The value or the error; never rejects. */
function settled<Value>(promise: Promise<Value>): Promise<Value | unknown> {
  return promise.catch((error: unknown) => error);
}
