/**
 * The model chain against the real contracts on Hardhat's in-process chain: the same acts from the same accounts in the
 * same blocks must emit the same events, to the byte, or revert with the same error; and every read must give the same.
 * Not modelled, and left out: the audit trail and money, which workers never read.
 */
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { network } from "hardhat";
import { artifacts } from "hardhat";
import { deployContracts } from "../../scripts/admin/deployContracts.ts";
import { budget } from "../budget.ts";
import type { ActScene } from "./actScene.ts";
import {
  CONSORTIUM,
  OWNERS,
  QUERIER,
  SPARE_KEYS,
  VETTERS,
  WORKERS,
  type Act,
  acceptances,
  foundingActs,
  hashOf,
} from "./genesis.ts";
import { drawAct, drawActOfChange } from "./modelActs.ts";
import { type Block, ModelChain } from "./modelChain.ts";
import { CONTRACTS } from "./modelDeployment.ts";
import { ModelContracts } from "./modelContracts.ts";
import { reads } from "./modelReads.ts";
import { Choices } from "./seededChoices.ts";
import { publishedQueries } from "./simulatedStudy.ts";

const ACTS_PER_SEED = 30;
const GAS = 12_000_000n;
const [N, T] = [4, 1];
/** Enough for two changes of the committee, one after the other. */
const ACTS_OF_CHANGES = 90;
const DEADLINE_BLOCKS = 12n;

const { ethers, networkHelpers } = await network.connect();

interface Outcome {
  /** Revert data, or undefined for success. */
  readonly revert: string | undefined;
  readonly logs: readonly { readonly address: string; readonly topics: readonly string[]; readonly data: string }[];
}

/** The revert data somewhere in a provider's error. */
function revertData(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Object && depth < 6; depth++) {
    const data: unknown = "data" in at ? at.data : undefined;
    if (typeof data === "string") return data;
    at =
      data instanceof Object
        ? data
        : "error" in at
          ? at.error
          : "cause" in at
            ? at.cause
            : "info" in at
              ? at.info
              : undefined;
  }
  return undefined;
}

const nonces = new Map<string, number>();

async function onHardhat(
  { by, to, data, value }: Act,
  timestamp: bigint,
  followed: ReadonlySet<string>,
): Promise<Outcome> {
  await networkHelpers.time.setNextBlockTimestamp(timestamp);
  const nonce = nonces.get(by.address) ?? (await ethers.provider.getTransactionCount(by.address));
  nonces.set(by.address, nonce + 1);
  const fees = { maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 1n, gasLimit: GAS };
  const raw = await by.wallet.signTransaction({ to, data, value, nonce, chainId: 31337n, type: 2, ...fees });
  let revert: string | undefined;
  try {
    await ethers.provider.send("eth_sendRawTransaction", [raw]);
  } catch (error) {
    revert = revertData(error) ?? assert.fail(String(error));
  }
  const block = await ethers.provider.getBlockNumber();
  const found = await ethers.provider.getLogs({ fromBlock: block, toBlock: block });
  const logs = found.filter(({ address }) => followed.has(address.toLowerCase()));
  return {
    revert,
    logs: logs.map(({ address, topics, data: bytes }) => ({ address, topics: [...topics], data: bytes })),
  };
}

function onModel(chain: ModelChain, given: Act): Outcome {
  chain.send(given);
  const { mined, logs }: Block = chain.mine();
  const { outcome } = mined[0]!;
  const plain = logs.map(({ address, topics, data }) => ({ address, topics: [...topics], data }));
  return { revert: outcome.ok ? undefined : outcome.data, logs: plain };
}

describe("ModelChain", () => {
  let scene: Omit<ActScene, "choices">;
  let followed: Set<string>;
  let restore: () => Promise<void>;

  async function both(given: Act, chain: ModelChain): Promise<Outcome> {
    const real = await onHardhat(given, chain.newest.timestamp + 1n, followed);
    const model = onModel(chain, given);
    assert.deepEqual(model, real, `${given.data.slice(0, 10)} by ${given.from}`);
    return model;
  }

  before(async () => {
    for (const { address } of [CONSORTIUM, QUERIER, ...OWNERS, ...WORKERS, ...SPARE_KEYS, ...VETTERS]) {
      await networkHelpers.setBalance(address, 10n ** 24n);
    }
    const artifact = (name: string): ReturnType<typeof artifacts.readArtifact> => artifacts.readArtifact(name);
    const signer = CONSORTIUM.wallet.connect(ethers.provider);
    const deployment = await deployContracts({ signer, artifact });
    const entries = CONTRACTS.map((name) => [name, deployment.contracts[name]!.address]);
    const addresses = { ...(Object.fromEntries(entries) as Record<string, string>), consortium: CONSORTIUM.address };
    followed = new Set(Object.values(addresses).map((address) => address.toLowerCase()));
    const chain = new ModelChain(new ModelContracts(addresses));
    while (chain.newest.number < (await ethers.provider.getBlockNumber())) chain.mine();
    const queries = await publishedQueries();
    scene = { chain, addresses, queries, contracts: [] };
    const options = { n: N, t: T, deadlineBlocks: DEADLINE_BLOCKS, addresses, queries };
    // The last query's vettings lapse half-way through the random acts: an act is a second.
    const founded = (await foundingActs(options)).length + queries.length;
    const lapse = chain.newest.timestamp + BigInt(founded + ACTS_PER_SEED / 2);
    const validUntil = (query: number): bigint => (query === queries.length - 1 ? lapse : lapse + 1_000_000n);
    for (const founding of await foundingActs({ ...options, validUntil })) {
      await networkHelpers.setBalance(founding.from, 10n ** 24n);
      assert.equal((await both(founding, chain)).revert, undefined);
    }
    const contracts = queries.map((query) => chain.newest.state.catalogue.get(hashOf(query))!.queryContract);
    for (const contract of contracts) followed.add(contract.toLowerCase());
    for (const acceptance of await acceptances(queries, contracts)) await both(acceptance, chain);
    scene = { ...scene, contracts };
    const snapshot = await networkHelpers.takeSnapshot();
    restore = async () => {
      await snapshot.restore();
      nonces.clear();
    };
  });

  async function compareReads(given: ActScene): Promise<void> {
    for (const { from, to, data } of reads(given)) {
      const outcome = given.chain.read({ from, to, data, value: 0n });
      const real = await ethers.provider.send("eth_call", [{ from, to, data }, "latest"]).catch(revertData);
      assert.equal(outcome.ok ? outcome.result : outcome.data, real, `${data.slice(0, 10)} of ${to}`);
    }
  }

  it("founds a network as the contracts do", async () => {
    await compareReads({ ...scene, choices: new Choices("reads") });
  });

  it("does, emits, refuses and remembers what the contracts do, for random acts right and wrong", async () => {
    let [refused, done] = [0, 0];
    for (let seed = 1; seed <= budget.modelChainSeeds; seed++) {
      await restore();
      const chain = scene.chain.copy();
      const given = { ...scene, chain, choices: new Choices(`model chain ${seed}`) };
      for (let i = 0; i < ACTS_PER_SEED; i++) {
        const { revert } = await both(await drawAct(given), chain);
        if (revert === undefined) done += 1;
        else refused += 1;
      }
      await compareReads(given);
    }
    assert.ok(
      done > refused / 4 && refused > done / 4,
      `${done} acts done, ${refused} refused: one kind is hardly there`,
    );
  });

  it("changes committees as the contracts do", async () => {
    let [proposals, changes, erased] = [0, 0, 0];
    for (let seed = 1; seed <= budget.modelChainSeeds / 2; seed++) {
      await restore();
      const chain = scene.chain.copy();
      const given = { ...scene, chain, choices: new Choices(`changes of committees ${seed}`) };
      for (let i = 0; i < ACTS_OF_CHANGES; i++) await both(await drawActOfChange(given), chain);
      await compareReads(given);
      const { committees, currentEpochs, shares } = chain.newest.state;
      proposals += [...committees.values()].flat().length - 1;
      changes += [...currentEpochs.values()].filter((epoch) => epoch > 1n).length;
      erased += [...shares.values()].filter(({ isErased }) => isErased).length;
    }
    const counted = `${proposals} proposals, ${changes} completed, ${erased} holdings erased`;
    assert.ok(changes > 0 && proposals > changes && erased > 1, counted);
  });
});
