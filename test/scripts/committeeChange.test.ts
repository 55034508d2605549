/** Another committee for a study that has data, as far as the commands go: proposed, approved, withdrawn. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { doneAtOnce } from "../../scripts/admin/governed.ts";
import { command as propose } from "../../scripts/admin/proposeCommittee.ts";
import { command as withdraw } from "../../scripts/admin/withdrawProposal.ts";
import { command as trail } from "../../scripts/auditor/trail.ts";
import { command as approve } from "../../scripts/dataOwner/approveCommittee.ts";
import { committeeChanges } from "../../workers/chain/committeeChanges.ts";
import { committeeRegistry } from "../../workers/chain/committeeRegistry.ts";
import { committeeHash } from "../../workers/messages/committeeHash.ts";
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
  it("is proposed by the consortium, and the old one serves on", async () => {
    const { studyId } = world.consortium;
    const done = doneAtOnce(await proposing());
    assert.deepEqual([done.epoch, done.n, done.t, done.quorum, done.demonstration], [2n, 3, 1, 2, true]);
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
});
