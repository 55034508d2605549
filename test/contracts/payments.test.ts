/** The prices that a query's contract holds: who they belong to, how they are divided, and that none is lost. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, id, keccak256 } from "ethers";
import type { HDNodeWallet } from "ethers";
import { fc } from "../support/fastCheck.ts";
import { Capacity } from "../../workers/chain/credits.ts";
import { Outcome, type Verdict, outputsHash, requestCommitment } from "../../workers/messages/statement.ts";
import { budget } from "../budget.ts";
import { ethers, load, networkHelpers } from "./support/chain.ts";
import {
  type Asked,
  type OpenWorld,
  OUTSIDER,
  OWNERS,
  POLICY,
  QUERIER,
  RELAYER,
  VERDICT,
  WORKERS,
  accept,
  acceptAgreement,
  activate,
  answer,
  ask,
  contextOf,
  endedWordsOf,
  openRequest,
  publish,
  registerStudy,
  vet,
  VETTERS,
  wordsOf,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

const REFUSAL: Verdict = { ...VERDICT, outcome: Outcome.REFUSED_DISCLOSURE, outputs: [] };
const FAILURE: Verdict = { ...REFUSAL, outcome: Outcome.FAILED_UNAVAILABLE };
const [HOSPITAL_A, HOSPITAL_B, HOSPITAL_C] = OWNERS as [HDNodeWallet, HDNodeWallet, HDNodeWallet];

/** Owners with 300 rows in two versions, 100 in one and 100; a price of 1,003. */
async function pricedRequest(price = 1_003n) {
  const study = await registerStudy(4, 1, { ...POLICY, price });
  await activate(study, HOSPITAL_A, 1n, 100n);
  const datasetIds = [
    await activate(study, HOSPITAL_A, 2n, 200n),
    await activate(study, HOSPITAL_B, 1n, 100n),
    await activate(study, HOSPITAL_C, 1n, 100n),
  ].sort();
  const queryHash = await publish(study, QUERIER);
  for (const vetter of [VETTERS[0], VETTERS[2]]) await vet({ ...study, datasetIds, queryHash }, vetter as HDNodeWallet);
  const { queryContract } = await study.catalogue.query(queryHash);
  const query = study.implementation.attach(queryContract).connect(QUERIER) as typeof study.implementation;
  const world = { ...study, datasetIds, queryHash, query };
  await accept(world, QUERIER);
  return { ...world, asked: await ask(world) };
}
async function cheapRequest() {
  return pricedRequest(3n);
}

const capacityOf = (wallet: HDNodeWallet): Capacity =>
  wallet === QUERIER ? Capacity.QUERIER : OWNERS.includes(wallet) ? Capacity.DATA_OWNER : Capacity.WORKER;
const creditsOf = ({ credits }: Pick<OpenWorld, "credits">, wallets: readonly HDNodeWallet[]) =>
  Promise.all(wallets.map((wallet) => credits.credit(capacityOf(wallet), wallet.address)));
const balance = async (contract: { getAddress(): Promise<string> }) =>
  ethers.provider.getBalance(await contract.getAddress());

describe("QuerySmartContract", () => {
  describe("settle", () => {
    it("divides by the policy's shares, owners by rows; the remainders go to the first worker", async () => {
      const world = await load(pricedRequest);
      await answer(world);
      await world.query.connect(OUTSIDER).settle(...endedWordsOf(world, VERDICT));
      // Of 1,003 the owners 501, 3/5, 1/5 and 1/5 of it; the author 100; the workers what is left, 403.
      assert.deepEqual(await creditsOf(world, OWNERS), [300n, 100n, 100n]);
      assert.deepEqual(await creditsOf(world, [QUERIER]), [100n]);
      assert.deepEqual(await creditsOf(world, world.committee), [103n, 100n, 100n, 100n]);
      assert.deepEqual([await balance(world.query), await balance(world.credits)], [0n, 1_003n]);
      const { requestId } = world.asked.context;
      const owners = await Promise.all(world.datasetIds.map((each) => world.datasets.ownerOf(each)));
      const payees = [
        ...owners.map((account) => [BigInt(Capacity.DATA_OWNER), account]),
        ...world.committee.map(({ address }) => [BigInt(Capacity.WORKER), address]),
        [BigInt(Capacity.QUERIER), QUERIER.address],
      ];
      const [event] = await world.query.queryFilter(world.query.filters.PaymentSettled(requestId));
      const amounts = [...(event?.args[3] ?? [])];
      assert.deepEqual([event?.args[1], [...(event?.args[2] ?? [])].map((payee) => [...payee])], [1_003n, payees]);
      assert.deepEqual(amounts.slice(3), [103n, 100n, 100n, 100n, 100n]);
      const recorded = await world.trail.queryFilter(world.trail.filters.Recorded(undefined, requestId));
      const encoded = AbiCoder.defaultAbiCoder().encode(["tuple(uint8, address)[]", "uint256[]"], [payees, amounts]);
      const { act, actor, oldHash, newHash } = recorded.at(-1)!.args;
      assert.deepEqual([act, actor, newHash], [id("PaymentSettled"), OUTSIDER.address, keccak256(encoded)]);
      assert.equal(BigInt(oldHash), 1_003n);
    });
    it("pays for a refusal as for an answer: the work was done", async () => {
      const world = await load(pricedRequest);
      await answer(world, [1, 2, 3], REFUSAL);
      await world.query.settle(...endedWordsOf(world));
      assert.deepEqual(await creditsOf(world, world.committee), [103n, 100n, 100n, 100n]);
    });
    it("pays for the rows of the versions that the request fixed, not for those that came since", async () => {
      const world = await load(pricedRequest);
      await answer(world);
      await activate(world, HOSPITAL_B, 2n, 1_000n);
      await world.query.settle(...endedWordsOf(world, VERDICT));
      assert.deepEqual(await creditsOf(world, OWNERS), [300n, 100n, 100n]);
    });
    it("gives all to the first worker when there is less than one wei each", async () => {
      const world = await load(cheapRequest);
      await answer(world);
      await world.query.settle(...endedWordsOf(world, VERDICT));
      assert.deepEqual(await creditsOf(world, [...world.committee, ...OWNERS]), [3n, 0n, 0n, 0n, 0n, 0n, 0n]);
    });
    it("takes only the words of the request: another context, querier or outputs are refused", async () => {
      const world = await load(pricedRequest);
      await answer(world);
      const { context, querier } = world.asked;
      const hash = outputsHash(VERDICT.outputs);
      const expected = requestCommitment(context, querier, hash);
      for (const [changed, by, outputs] of [
        [{ datasetRoots: [...context.datasetRoots].reverse() }, querier, hash],
        [{ datasetRoots: context.datasetRoots.slice(1) }, querier, hash],
        [{ committeeEpoch: 2n }, querier, hash],
        [{ studyId: id("study") }, querier, hash],
        [{ requestBlock: 2n }, querier, hash],
        [{}, OUTSIDER.address, hash],
        [{}, querier, id("other outputs")],
      ] as const) {
        const other = { ...context, ...changed };
        const act = world.query.settle(contextOf(other), by, outputs);
        const given = requestCommitment(other, by, outputs);
        await reverts(act, world.query, "QuerySmartContractCommitmentMismatch", [given, expected]);
      }
      assert.equal(await world.query.isSettled(context.requestId), false);
    });
    it("is once, and never of a request that is open, failed, expired or unknown", async () => {
      const world = await load(pricedRequest);
      const { requestId } = world.asked.context;
      const nothing = (words: ReturnType<typeof endedWordsOf>) =>
        reverts(world.query.settle(...words), world.query, "QuerySmartContractNothingToSettle", [words[0].requestId]);
      await nothing(endedWordsOf(world));
      await answer(world);
      await world.query.settle(...endedWordsOf(world, VERDICT));
      await nothing(endedWordsOf(world, VERDICT));
      const failed = { ...world, asked: await ask(world) };
      await answer(failed, [1, 2, 3], FAILURE);
      await nothing(endedWordsOf(failed));
      const late = { ...world, asked: await ask(world) };
      await networkHelpers.mine(30);
      await world.query.expire(...wordsOf(late));
      await nothing(endedWordsOf(late));
      assert.deepEqual(
        await Promise.all([requestId, failed.asked.context.requestId].map((each) => world.query.isSettled(each))),
        [true, false],
      );
      const unknown = { asked: { ...world.asked, context: { ...world.asked.context, requestId: id("x") } } };
      const act = world.query.settle(...endedWordsOf(unknown));
      await reverts(act, world.query, "QuerySmartContractUnknownRequest", [id("x")]);
    });
    it("pays a worker and an owner that were revoked after their work", async () => {
      const world = await load(pricedRequest);
      await answer(world);
      await world.workers.revoke((WORKERS[1] as HDNodeWallet).address, "");
      await world.owners.revoke(HOSPITAL_A.address, "");
      await world.query.settle(...endedWordsOf(world, VERDICT));
      assert.deepEqual(await creditsOf(world, [WORKERS[1] as HDNodeWallet, HOSPITAL_A]), [100n, 300n]);
    });
    it("costs the same however many segments a dataset has and however many requests there were", async () => {
      const world = await load(pricedRequest);
      await answer(world);
      const gas = async () => (await world.query.settle.estimateGas(...endedWordsOf(world, VERDICT))) as bigint;
      const before = await gas();
      for (const version of [3n, 4n, 5n]) await activate(world, HOSPITAL_A, version);
      for (let i = 0; i < 5; i++) await ask(world);
      assert.equal(await gas(), before);
    });
  });

  describe("the price of a request", () => {
    it("is credited to the querier, once, when the workers could not compute", async () => {
      const world = await load(pricedRequest);
      await answer(world, [1, 2, 3], FAILURE);
      assert.deepEqual(await creditsOf(world, [QUERIER]), [1_003n]);
      assert.deepEqual([await balance(world.query), await balance(world.credits)], [0n, 1_003n]);
      const { requestId } = world.asked.context;
      const [event] = await world.query.queryFilter(world.query.filters.PaymentRefunded(requestId));
      assert.deepEqual([event?.args[1], event?.args[2]], [QUERIER.address, 1_003n]);
      const records = await world.trail.queryFilter(world.trail.filters.Recorded(undefined, requestId));
      assert.deepEqual(
        records.map(({ args }) => args.act),
        ["QueryRequested", "QueryFailed", "PaymentRefunded"].map(id),
      );
    });
    it("cannot be sent without a request", async () => {
      const { query } = await load(acceptAgreement);
      await assert.rejects(OUTSIDER.sendTransaction({ to: await query.getAddress(), value: 1n }));
    });
  });

  describe("conservation", () => {
    const step = fc.record({
      act: fc.constantFrom("ask", "answer", "refuse", "fail", "expire", "settle", "withdraw"),
      which: fc.nat(5),
      payee: fc.nat(7),
    });
    it("holds at every moment: the contract has the prices that are open or earned, and no more", async () => {
      const payees = [...OWNERS, ...WORKERS.slice(0, 4), QUERIER];
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
          const world = await load(pricedRequest);
          const { query, credits } = world;
          const made: { asked: Asked; verdict?: Verdict }[] = [{ asked: world.asked }];
          let held = 1_003n;
          for (const { act, which, payee } of steps) {
            const chosen = made[which % made.length]!;
            const wallet = payees[payee] as HDNodeWallet;
            if (act === "ask") {
              made.push({ asked: await ask(world) });
              held += 1_003n;
              continue;
            }
            const verdict = { answer: VERDICT, refuse: REFUSAL, fail: FAILURE }[act as string];
            const words = endedWordsOf(chosen, chosen.verdict?.outcome === Outcome.ANSWERED ? VERDICT : undefined);
            const done =
              verdict !== undefined
                ? answer({ ...world, asked: chosen.asked }, [1, 2, 3], verdict)
                : act === "expire"
                  ? query.expire(...wordsOf(chosen))
                  : act === "settle"
                    ? query.settle(...words)
                    : credits.connect(wallet).withdraw(capacityOf(wallet));
            const isDone = await done.then(
              () => true,
              (error: unknown) => {
                assert.match(String(error), /custom error '(QuerySmartContract|Credits)/);
                return false;
              },
            );
            if (isDone && verdict !== undefined) chosen.verdict = verdict;
            if (isDone && (act === "fail" || act === "settle" || act === "expire")) held -= 1_003n;
            const owed = (await creditsOf(world, payees)).reduce((sum, each) => sum + each, 0n);
            assert.deepEqual([await balance(query), await balance(credits)], [held, owed]);
          }
        }),
        { numRuns: Math.ceil(budget.protocolRuns / 4) },
      );
    });
  });

  it("earns nothing to whoever relays an answer or settles", async () => {
    const world = await load(openRequest);
    await answer(world);
    await world.query.connect(RELAYER).settle(...endedWordsOf(world, VERDICT));
    assert.equal(await world.credits.credit(Capacity.ACCOUNT, RELAYER.address), 0n);
  });
});
