/** Another committee for a study that has data, by the commands: proposed, approved, withdrawn, completed, released. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { concat, id } from "ethers";
import { command as complete } from "../../scripts/admin/completeCommittee.ts";
import { doneAtOnce } from "../../scripts/admin/governed.ts";
import { command as propose } from "../../scripts/admin/proposeCommittee.ts";
import { command as release } from "../../scripts/admin/releaseDeposits.ts";
import { command as revoke } from "../../scripts/admin/revoke.ts";
import { command as withdraw } from "../../scripts/admin/withdrawProposal.ts";
import { command as confirmErasure } from "../../scripts/auditor/confirmErasure.ts";
import { command as erasures } from "../../scripts/auditor/erasures.ts";
import { command as trail } from "../../scripts/auditor/trail.ts";
import { command as approve } from "../../scripts/dataOwner/approveCommittee.ts";
import { command as cancel } from "../../scripts/dataOwner/cancelCommitteeApproval.ts";
import { exitCodeOf } from "../../scripts/exitCode.ts";
import { committeeChanges } from "../../workers/chain/committeeChanges.ts";
import { committeeRegistry } from "../../workers/chain/committeeRegistry.ts";
import { datasetRegistry } from "../../workers/chain/datasetRegistry.ts";
import { committeeHash } from "../../workers/messages/committeeHash.ts";
import { ERASURE, RECEIPT } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { CHAIN_ID } from "../workers/chain/localChain.ts";
import { type TrialWorld, startTrialWorld } from "./trialWorld.ts";

const NEXT = ["w2", "w3", "w4"];

describe("another committee", () => {
  let world: TrialWorld;
  before(async () => {
    world = await startTrialWorld();
    await world.contribute(200n);
  });
  after(() => world.consortium.close());

  const addresses = (names: readonly string[]) => names.map((name) => world.consortium.wallet(name).address);
  const proposing = (names = NEXT, by = "admin") => {
    const { as, context, studyId } = world.consortium;
    return propose.handler({ ...as(by), study: studyId, worker: addresses(names), threshold: "1" }, context);
  };
  const approving = (change: { worker?: string[]; threshold?: string } = {}) => {
    const { as, context, studyId } = world.consortium;
    const signed = { name: "Dr A. Director", meaning: "They may." };
    const options = { study: studyId, worker: addresses(NEXT), threshold: "1", ...signed, ...change };
    return approve.handler({ ...as("hospital"), ...options }, context);
  };
  const registry = () => committeeRegistry(world.consortium.deployment, world.consortium.chain.provider);

  it("is approved only once one is proposed", async () => {
    const { studyId } = world.consortium;
    await assert.rejects(approving(), { detail: { code: "APPROVE_NOTHING_PROPOSED", studyId } });
  });
  it("is not proposed with one worker twice, which is named", async () => {
    const [first, second] = NEXT;
    const before = await registry().proposedEpoch(world.consortium.studyId);
    await assert.rejects(async () => proposing([first!, second!, first!]), {
      detail: { code: "OPTION_INVALID", option: "worker" },
      message: `--worker: each worker once (${addresses([first!])[0]} is given twice) expected`,
    });
    assert.equal(await registry().proposedEpoch(world.consortium.studyId), before);
  });
  it("is proposed by the consortium, and the old one serves on", async () => {
    const { studyId } = world.consortium;
    const done = doneAtOnce(await proposing());
    assert.deepEqual([done.epoch, done.n, done.t, done.quorum, done.demonstration], [2n, 3, 1, 2, true]);
    assert.equal(done.neededOnline, 3);
    assert.match(
      world.consortium.context.lines.at(-1)!,
      /^warning: n = 2t \+ 1 = 3: .* stops every request; 4 workers/,
    );
    assert.equal(done.committeeHash, committeeHash(await registry().committee(studyId, 2n)));
    assert.deepEqual([await registry().currentEpoch(studyId), await registry().proposedEpoch(studyId)], [1n, 2n]);
    await assert.rejects(async () => proposing(), { message: /CommitteeRegistryProposalPending/ });
  });
  it("is approved only as the owner names it, in this order and with this threshold", async () => {
    const workers = addresses(NEXT);
    const detail = { code: "APPROVE_OTHER_COMMITTEE", epoch: 2n, workers };
    await assert.rejects(approving({ worker: [...workers].reverse() }), { detail });
    await assert.rejects(approving({ worker: workers.slice(1) }), { detail });
    await assert.rejects(approving({ threshold: "2" }), { detail, message: /nothing was signed/ });
  });
  it("is approved once, with name and meaning in the trail", async () => {
    const { deployment, chain, studyId, context, network, wallet } = world.consortium;
    const done = await approving();
    assert.deepEqual([done.epoch, done.relayedByAnother], [2n, false]);
    const changes = committeeChanges(deployment, chain.provider);
    assert.equal(await changes.isApproved(studyId, 2n, wallet("hospital").address), true);
    await assert.rejects(approving(), { code: "CHAIN_REVERTED", message: /CommitteeChangesAlreadyApproved/ });
    const { events } = await trail.handler({ ...network, subject: studyId }, context);
    assert.equal(events.at(-1)!.act, "CommitteeApproved");
  });
  it("is given up with a reason, and what was signed for it counts for no other", async () => {
    const { as, context, studyId, deployment, chain, wallet } = world.consortium;
    const options = { ...as("admin"), study: studyId, reason: "A hospital said no." };
    assert.equal(doneAtOnce(await withdraw.handler(options, context)).epoch, 2n);
    await assert.rejects(async () => withdraw.handler(options, context), { message: /CommitteeRegistryNotProposed/ });
    assert.equal(doneAtOnce(await proposing()).epoch, 3n);
    const changes = committeeChanges(deployment, chain.provider);
    assert.equal(await changes.isApproved(studyId, 3n, wallet("hospital").address), false);
  });
  it("is for the consortium to propose", async () => {
    await assert.rejects(async () => proposing(NEXT, "hospital"), { message: /steward/ });
  });
  it("is not signed for any more once the owner cancels, and whoever is no owner cannot", async () => {
    const { as, context, wallet, deployment, chain } = world.consortium;
    const changes = committeeChanges(deployment, chain.provider);
    const owner = wallet("hospital").address;
    const nonce = await changes.nonces(owner);
    const done = await cancel.handler(as("hospital"), context);
    assert.deepEqual([done.owner, done.nonce, done.cancelled], [owner, nonce, true]);
    assert.equal(await changes.nonces(owner), nonce + 1n);
    await assert.rejects(cancel.handler(as("searcher"), context), { message: /CommitteeChangesNotOwner/ });
  });

  const completing = (by = "searcher") => {
    const { as, context, studyId } = world.consortium;
    return complete.handler({ ...as(by), study: studyId }, context);
  };
  /** What the command says is missing. */
  const missing = async (): Promise<readonly string[]> => {
    const error = await completing().then(
      () => assert.fail("nothing is missing"),
      (error: unknown) => error as { detail: { code: string; missing: readonly string[] }; message: string },
    );
    assert.deepEqual([error.detail.code, exitCodeOf(error)], ["COMPLETE_STEPS_MISSING", 75]);
    for (const step of error.detail.missing) assert.ok(error.message.includes(step));
    return error.detail.missing;
  };
  const changesAs = (name: string) => {
    const { deployment, chain, wallet } = world.consortium;
    return committeeChanges(deployment, wallet(name).connect(chain.provider));
  };
  const ownDataset = () => {
    const { deployment, chain, studyId, wallet } = world.consortium;
    return datasetRegistry(deployment, chain.provider).datasetIdOf(studyId, wallet("hospital").address);
  };
  const reshare = async (version: bigint) => {
    const { deployment, chain, studyId, wallet } = world.consortium;
    const { address } = datasetRegistry(deployment, chain.provider);
    const fileHashes = NEXT.map((name) => id(`${name} anew ${version}`));
    const datasetId = await ownDataset();
    const receipts = await Promise.all(
      NEXT.map((name, j) => {
        const message = { datasetId, worker: wallet(name).address, fileHash: fileHashes[j] };
        return wallet(name).signTypedData(opalineDomain(CHAIN_ID, address), RECEIPT, message);
      }),
    );
    await changesAs("hospital").reshare(studyId, version, fileHashes, receipts, concat([id("next proof")]));
  };

  it("takes over once nobody has anything left to do: the command says who has, and what", async () => {
    const { studyId, wallet } = world.consortium;
    const owner = wallet("hospital").address;
    const instead = "or `opaline data-owner retire …`";
    assert.deepEqual(await missing(), [
      `Hospital (${owner}) has not approved: \`opaline data-owner approve-committee --study ${studyId} …\`, ${instead}`,
    ]);
    await approving();
    const sharing = (shared: number, of: number): string =>
      `Hospital (${owner}) has shared ${shared} of ${of} versions of its data anew: ` +
      `\`opaline data-owner reshare --study ${studyId} …\`, ${instead}`;
    assert.deepEqual(await missing(), [sharing(0, 1)]);
    await reshare(1n);
    const changes = changesAs("admin");
    const confirmBy = async (index: number) => {
      const { content } = await changes.contentOf(studyId);
      await changesAs(NEXT[index - 1]!).confirm(studyId, index, content);
    };
    const worker = (index: number, lacks: string): string =>
      `worker ${index}, Operator ${index} (${addresses(NEXT)[index - 1]}), ${lacks}: ` +
      "its service does so once its checks have passed; `opaline worker status` there";
    const silent = "has not confirmed";
    assert.deepEqual(await missing(), [worker(1, silent), worker(2, silent), worker(3, silent)]);
    await confirmBy(2);
    assert.deepEqual(await missing(), [worker(1, silent), worker(3, silent)]);
    await world.contribute(100n);
    assert.deepEqual(await missing(), [sharing(1, 2)]);
    await reshare(2n);
    const [, second] = await missing();
    assert.equal(second, worker(2, "has confirmed what there was before the last change"));
    for (const index of [1, 2, 3]) await confirmBy(index);
    const done = await completing();
    const until = await registry().boundUntil(studyId, 1n);
    assert.deepEqual([done.epoch, done.oldEpoch, done.oldBoundUntil], [3n, 1n, until]);
    assert.deepEqual([done.completedByAnother, until > 0n], [false, true]);
    assert.equal(await registry().currentEpoch(studyId), 3n);
    const detail = { code: "COMPLETE_NOTHING_PROPOSED", studyId, currentEpoch: 3n };
    await assert.rejects(completing(), { detail });
  });

  const releasing = async (epoch = "1") => {
    const { as, context, studyId } = world.consortium;
    return release.handler({ ...as("searcher"), study: studyId, epoch }, context);
  };
  const report = () => {
    const { network, studyId, context } = world.consortium;
    return erasures.handler({ ...network, study: studyId }, context);
  };

  it("leaves the old one its deposits, and its shares, until it can answer nothing any more", async () => {
    const { chain, studyId } = world.consortium;
    const early = await releasing().then(
      () => assert.fail("too early"),
      (error: unknown) => error as { detail: { code: string; until: bigint } },
    );
    const until = await registry().boundUntil(studyId, 1n);
    assert.deepEqual([early.detail.code, early.detail.until, exitCodeOf(early)], ["RELEASE_REQUESTS_OPEN", until, 75]);
    assert.deepEqual(await report(), []);
    await chain.provider.send("hardhat_mine", ["0x259"]);
    const done = await releasing();
    assert.deepEqual([done.epoch, done.workers.length, done.releasedByAnother], [1n, 4, false]);
    for (const epoch of ["1", "3"]) {
      await assert.rejects(releasing(epoch), { message: /CommitteeRegistryNothingToRelease/ });
    }
    await assert.rejects(releasing("0"), { detail: { code: "OPTION_INVALID", option: "epoch" } });
  });
  it("lets what the old one has be erased, and told of by its epoch", async () => {
    const { deployment, chain, wallet, as, context } = world.consortium;
    const datasetId = await ownDataset();
    const [found, ...others] = await report();
    assert.deepEqual([others, found!.datasetId, found!.epoch, found!.retired], [[], datasetId, 1n, false]);
    assert.deepEqual([found!.confirmed.length, found!.outstanding.length], [0, 4]);
    const { address } = datasetRegistry(deployment, chain.provider);
    for (const [j, name] of ["w1", "w2", "w3", "w4"].entries()) {
      const message = { datasetId, epoch: 1n, worker: wallet(name).address, version: 2n };
      const signature = await wallet(name).signTypedData(opalineDomain(CHAIN_ID, address), ERASURE, message);
      const options = { ...as("searcher"), dataset: datasetId, epoch: "1", index: String(j + 1), signature };
      const done = await confirmErasure.handler(options, context);
      assert.deepEqual([done.epoch, done.outstanding.length], [1n, 3 - j]);
    }
    assert.deepEqual(
      (await report()).map(({ epoch, erased, retired }) => [epoch, erased, retired]),
      [[1n, true, false]],
    );
  });
  it("says whose credential has expired", async () => {
    const { chain, context, as, studyId } = world.consortium;
    doneAtOnce(await proposing());
    const state = await chain.provider.send("evm_snapshot", []);
    await chain.provider.send("evm_setNextBlockTimestamp", [10_000_000_001]);
    await chain.provider.send("hardhat_mine", ["0x1"]);
    const [owner, ...workers] = await missing();
    assert.match(owner!, /has not approved, and its credential has expired: `opaline admin admit --role data-owner …`/);
    for (const worker of workers) assert.match(worker, /expired: `opaline admin admit --role worker …` prolongs it$/);
    assert.equal(workers.length, 3);
    await chain.provider.send("evm_revert", [state]);
    const options = { ...as("admin"), study: studyId, reason: "They have gone." };
    assert.equal(doneAtOnce(await withdraw.handler(options, context)).epoch, 4n);
  });
  it("cannot take over with a worker, or without an owner, that was revoked: the command says what then", async () => {
    const { as, context, wallet, studyId } = world.consortium;
    doneAtOnce(await proposing());
    const out = (role: string, name: string) =>
      revoke.handler({ ...as("admin"), role, account: wallet(name).address, reason: "left" }, context);
    await out("worker", "w4");
    await out("data-owner", "hospital");
    const [owner, worker] = await missing();
    assert.match(owner!, /is revoked: `opaline admin retire-dataset --dataset 0x[0-9a-f]{64} …` leaves its data out$/);
    const begin = `worker 3, Operator 3 (${wallet("w4").address}), is revoked: `;
    assert.equal(worker, `${begin}\`opaline admin withdraw-proposal --study ${studyId} …\`, and propose others`);
  });
});
