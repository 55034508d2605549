import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroAddress, ZeroHash, id, keccak256, AbiCoder } from "ethers";
import type { HDNodeWallet } from "ethers";
import { Capacity } from "../../workers/chain/credits.ts";
import type { QueryContractMock } from "../../types/mocks/QueryContractMock.ts";
import { type RequestContext, contextHash } from "../../workers/messages/statement.ts";
import { budget } from "../budget.ts";
import { fc } from "../support/fastCheck.ts";
import { deployMock, ethers, load, networkHelpers } from "./support/chain.ts";
import {
  CONSORTIUM,
  OUTSIDER,
  OWNERS,
  QUERIER,
  VETTERS,
  WORKERS,
  activate,
  contextOf,
  registerStudy,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

const STATE = { NONE: 0n, HELD: 1n, RELEASED: 2n, REFUNDED: 3n, SETTLED: 4n };
const REQUEST = id("request");
const AUTHOR = VETTERS[0] as HDNodeWallet;
const { DATA_OWNER, WORKER, VETTER } = Capacity;
const AS_AUTHOR = { capacity: VETTER, account: AUTHOR.address };

describe("Escrow", () => {
  /** A study with four workers, and two contracts that the escrow takes for query contracts, the author's. */
  async function twoQueryContracts() {
    const world = await registerStudy();
    const { access, escrow } = world;
    await access.grantRole(await access.CATALOGUE_ROLE(), CONSORTIUM.address, 0);
    const contracts: QueryContractMock[] = [];
    for (let i = 0; i < 2; i++) {
      const contract = await deployMock<QueryContractMock>("QueryContractMock", await escrow.getAddress());
      await escrow.addQueryContract(await contract.getAddress(), AS_AUTHOR);
      contracts.push(contract);
    }
    const [query, other] = contracts as [QueryContractMock, QueryContractMock];
    return { ...world, query, other };
  }
  type World = Awaited<ReturnType<typeof twoQueryContracts>>;

  function contextFor({ studyId }: World, requestId: string, datasetRoots: readonly string[] = []): RequestContext {
    const hashes = { queryHash: ZeroHash, parametersHash: ZeroHash, policyHash: ZeroHash };
    const rest = { requestBlock: 1n, consentMaskRoot: ZeroHash, releaseClass: 0, recipientsHash: ZeroHash } as const;
    return { studyId, requestId, ...hashes, datasetRoots, committeeEpoch: 1n, ...rest };
  }
  /** Two owners, of 300 rows in two versions and of 100 in one. */
  async function held() {
    const world = await twoQueryContracts();
    const roots: string[] = [];
    for (const [i, rows] of [[100n, 200n], [100n]].entries()) {
      const owner = OWNERS[i] as HDNodeWallet;
      let datasetId = "";
      for (const [v, rowCount] of rows.entries()) datasetId = await activate(world, owner, BigInt(v + 1), rowCount);
      roots.push(await world.datasets.datasetRoot(datasetId));
    }
    const context = contextFor(world, REQUEST, roots);
    await world.query.fix(contextOf(context));
    await world.query.hold(REQUEST, QUERIER.address, { value: 1_003n });
    return { ...world, context, roots };
  }
  async function released() {
    const world = await held();
    await world.query.release(REQUEST);
    return world;
  }
  const end = (query: QueryContractMock, act: "release" | "refund", requestId: string, payer = QUERIER.address) =>
    act === "release" ? query.release(requestId) : query.refund(requestId, payer);
  const balance = async (contract: { getAddress(): Promise<string> }) =>
    ethers.provider.getBalance(await contract.getAddress());
  /** Of workers, owners and the author, each in its capacity. */
  const creditsOf = ({ credits }: Pick<World, "credits">, wallets: readonly HDNodeWallet[]) =>
    Promise.all(wallets.map((wallet) => credits.credit(capacityOf(wallet), wallet.address)));
  const capacityOf = (wallet: HDNodeWallet): Capacity =>
    wallet === AUTHOR ? VETTER : OWNERS.includes(wallet) ? DATA_OWNER : WORKER;

  describe("addQueryContract", () => {
    it("is for the catalogue only, not even the consortium", async () => {
      const { escrow, datasets } = await load(registerStudy);
      const act = escrow.addQueryContract(await datasets.getAddress(), AS_AUTHOR);
      await reverts(act, escrow, "AccessManagedUnauthorized", [CONSORTIUM.address]);
    });
    it("refuses an account without code, one twice, and one without an author", async () => {
      const { escrow, query, datasets } = await load(twoQueryContracts);
      const act = escrow.addQueryContract(OUTSIDER.address, AS_AUTHOR);
      await reverts(act, escrow, "DeployedNotContract", [OUTSIDER.address]);
      const address = await query.getAddress();
      const twice = escrow.addQueryContract(address, { capacity: VETTER, account: OUTSIDER.address });
      await reverts(twice, escrow, "EscrowAlreadyQueryContract", [address]);
      const another = await datasets.getAddress();
      const nobody = escrow.addQueryContract(another, { capacity: VETTER, account: ZeroAddress });
      await reverts(nobody, escrow, "EscrowNoAuthor", [another]);
      assert.deepEqual([...(await escrow.authorOf(address))], [BigInt(VETTER), AUTHOR.address]);
      assert.deepEqual([...(await escrow.authorOf(another))], [0n, ZeroAddress]);
    });
  });

  describe("hold", () => {
    it("keeps the money for one request", async () => {
      const world = await load(held);
      const { queryContract, state, amount } = await world.escrow.paymentOf(REQUEST);
      assert.deepEqual([queryContract, state, amount], [await world.query.getAddress(), STATE.HELD, 1_003n]);
      assert.equal(await balance(world.escrow), 1_003n);
      const [event] = await world.escrow.queryFilter(world.escrow.filters.PaymentHeld(REQUEST));
      assert.deepEqual([event?.args.payer, event?.args.amount], [QUERIER.address, 1_003n]);
    });
    it("refuses accounts that are no query contracts", async () => {
      const { escrow } = await load(twoQueryContracts);
      const act = escrow.connect(OUTSIDER).hold(REQUEST, OUTSIDER.address, { value: 1n });
      await reverts(act, escrow, "EscrowNotQueryContract", [OUTSIDER.address]);
    });
    it("refuses a request twice, from another contract too", async () => {
      const { escrow, query, other } = await load(held);
      for (const contract of [query, other]) {
        const act = contract.hold(REQUEST, QUERIER.address, { value: 1n });
        await reverts(act, escrow, "EscrowAlreadyHeld", [REQUEST]);
      }
    });
    it("refuses nothing, and nobody's money", async () => {
      const { escrow, query } = await load(twoQueryContracts);
      const nothing = query.hold(REQUEST, QUERIER.address, { value: 0n });
      await reverts(nothing, escrow, "EscrowInvalidPayment", [QUERIER.address, 0]);
      const nobody = query.hold(REQUEST, ZeroAddress, { value: 1n });
      await reverts(nobody, escrow, "EscrowInvalidPayment", [ZeroAddress, 1]);
    });
    it("takes no money by a plain transfer", async () => {
      const { escrow } = await load(twoQueryContracts);
      await assert.rejects(OUTSIDER.sendTransaction({ to: await escrow.getAddress(), value: 1n }));
    });
  });

  describe("release and refund", () => {
    it("are for the contract that paid in", async () => {
      const { escrow, other } = await load(held);
      const address = await other.getAddress();
      await reverts(other.release(REQUEST), escrow, "EscrowNotQueryContract", [address]);
      await reverts(other.refund(REQUEST, QUERIER.address), escrow, "EscrowNotQueryContract", [address]);
      for (const act of [
        () => escrow.connect(QUERIER).release(REQUEST),
        () => escrow.connect(QUERIER).refund(REQUEST, QUERIER.address),
      ]) {
        await reverts(act(), escrow, "EscrowNotQueryContract", [QUERIER.address]);
      }
    });
    it("exclude each other, and happen once", async () => {
      for (const [first, state] of [
        ["release", STATE.RELEASED],
        ["refund", STATE.REFUNDED],
      ] as const) {
        const { escrow, query } = await load(held);
        await end(query, first, REQUEST);
        assert.equal((await escrow.paymentOf(REQUEST)).state, state);
        for (const again of ["release", "refund"] as const) {
          await reverts(end(query, again, REQUEST), escrow, "EscrowNotHeld", [REQUEST]);
        }
      }
    });
    it("refuse an unknown request", async () => {
      const { escrow, query } = await load(held);
      for (const act of [() => query.release(ZeroHash), () => query.refund(ZeroHash, QUERIER.address)]) {
        await reverts(act(), escrow, "EscrowNotHeld", [ZeroHash]);
      }
    });
    it("credit exactly what was paid to the payer, once", async () => {
      const world = await load(held);
      await world.query.refund(REQUEST, QUERIER.address);
      assert.equal(await world.credits.credit(Capacity.QUERIER, QUERIER.address), 1_003n);
      assert.deepEqual([await balance(world.escrow), await balance(world.credits)], [0n, 1_003n]);
      await reverts(world.query.refund(REQUEST, QUERIER.address), world.escrow, "EscrowNotHeld", [REQUEST]);
      await reverts(world.escrow.settle(contextOf(world.context)), world.escrow, "EscrowNotReleased", [REQUEST]);
    });
  });

  describe("settle", () => {
    it("divides by the policy's shares, owners by rows; the remainders go to the first worker", async () => {
      const world = await load(released);
      const { escrow, committee, context } = world;
      await escrow.connect(OUTSIDER).settle(contextOf(context));
      // Of 1,003 the owners 501, 3/4 and 1/4 of it; the author 100; the workers what is left, 403.
      assert.deepEqual(await creditsOf(world, OWNERS), [375n, 125n, 0n]);
      assert.deepEqual(await creditsOf(world, [AUTHOR]), [100n]);
      assert.deepEqual(await creditsOf(world, committee), [103n, 100n, 100n, 100n]);
      assert.deepEqual([await balance(escrow), await balance(world.credits)], [0n, 1_003n]);
      const payees = [...OWNERS.slice(0, 2), ...committee, AUTHOR].map((wallet) => [
        BigInt(capacityOf(wallet)),
        wallet.address,
      ]);
      const amounts = [375n, 125n, 103n, 100n, 100n, 100n, 100n];
      const [event] = await escrow.queryFilter(escrow.filters.PaymentSettled(REQUEST));
      assert.deepEqual(
        [event?.args[1], [...(event?.args[2] ?? [])].map((payee) => [...payee]), [...(event?.args[3] ?? [])]],
        [1_003n, payees, amounts],
      );
      const recorded = await world.trail.queryFilter(world.trail.filters.Recorded(undefined, REQUEST));
      const hash = keccak256(
        AbiCoder.defaultAbiCoder().encode(["tuple(uint8, address)[]", "uint256[]"], [payees, amounts]),
      );
      assert.deepEqual([recorded.at(-1)?.args.act, recorded.at(-1)?.args.newHash], [id("PaymentSettled"), hash]);
    });
    it("pays for the rows of the versions that the request fixed, not for those that came since", async () => {
      const world = await load(released);
      await activate(world, OWNERS[1] as HDNodeWallet, 2n, 1_000n);
      await world.escrow.settle(contextOf(world.context));
      assert.deepEqual(await creditsOf(world, OWNERS.slice(0, 2)), [375n, 125n]);
    });
    it("gives all to the first worker when there is less than one wei each", async () => {
      const world = await load(twoQueryContracts);
      const context = contextFor(world, REQUEST);
      await world.query.fix(contextOf(context));
      await world.query.hold(REQUEST, QUERIER.address, { value: 3n });
      await world.query.release(REQUEST);
      await world.escrow.settle(contextOf(context));
      assert.deepEqual(await creditsOf(world, world.committee), [3n, 0n, 0n, 0n]);
    });
    it("gives nothing to a dataset without rows, and all of the owners' share to those that have some", async () => {
      const world = await load(held);
      const requestId = id("another");
      const context = contextFor(world, requestId, [id("no such root"), world.roots[1] as string]);
      await world.query.fix(contextOf(context));
      await world.query.hold(requestId, QUERIER.address, { value: 1_000n });
      await world.query.release(requestId);
      await world.escrow.settle(contextOf(context));
      assert.deepEqual(await creditsOf(world, OWNERS), [0n, 500n, 0n]);
    });
    it("takes only what the request fixed: a context with any other word is refused", async () => {
      const world = await load(released);
      const { escrow, context, roots } = world;
      const expected = contextHash(context);
      for (const change of [
        { datasetRoots: [...roots].reverse() },
        { datasetRoots: roots.slice(0, 1) },
        { committeeEpoch: 2n },
        { studyId: id("study") },
        { requestBlock: 2n },
      ]) {
        const other = { ...context, ...change };
        const act = escrow.settle(contextOf(other));
        await reverts(act, escrow, "EscrowContextMismatch", [contextHash(other), expected]);
      }
      assert.equal((await escrow.paymentOf(REQUEST)).state, STATE.RELEASED);
    });
    it("refuses before the release, of an unknown request, and a second time", async () => {
      const { escrow, query, context } = await load(held);
      const settle = (changed = {}) => escrow.settle(contextOf({ ...context, ...changed }));
      await reverts(settle(), escrow, "EscrowNotReleased", [REQUEST]);
      await reverts(settle({ requestId: ZeroHash }), escrow, "EscrowNotReleased", [ZeroHash]);
      await query.release(REQUEST);
      await settle();
      await reverts(settle(), escrow, "EscrowNotReleased", [REQUEST]);
    });
    it("pays a worker and an owner that were revoked after their work", async () => {
      const world = await load(released);
      await world.workers.revoke((WORKERS[1] as HDNodeWallet).address, "");
      await world.owners.revoke((OWNERS[0] as HDNodeWallet).address, "");
      await world.escrow.settle(contextOf(world.context));
      assert.deepEqual(await creditsOf(world, [WORKERS[1] as HDNodeWallet, OWNERS[0] as HDNodeWallet]), [100n, 375n]);
    });
    it("costs the same however many segments a dataset has and however many payments there were", async () => {
      const world = await load(released);
      const gas = async () => (await world.escrow.settle.estimateGas(contextOf(world.context))) as bigint;
      const before = await gas();
      for (const version of [3n, 4n, 5n]) await activate(world, OWNERS[0] as HDNodeWallet, version);
      for (let i = 0; i < 5; i++) await world.query.hold(id(`more ${i}`), QUERIER.address, { value: 5n });
      assert.equal(await gas(), before);
    });
  });

  describe("conservation", () => {
    /** Steps name one of four requests and one of two contracts; what is not allowed must revert and change nothing. */
    const step = fc.record({
      act: fc.constantFrom("hold", "release", "refund", "settle", "withdraw"),
      request: fc.nat(3),
      contract: fc.nat(1),
      payer: fc.nat(2),
      amount: fc.bigInt({ min: 0n, max: 10n ** 18n }),
    });
    async function fixedRequests() {
      const world = await held();
      const contexts = [0, 1, 2, 3].map((i) => contextFor(world, id(`request ${i}`), world.roots.slice(0, i)));
      for (const context of contexts) {
        await world.query.fix(contextOf(context));
        await world.other.fix(contextOf(context));
      }
      return { ...world, contexts };
    }
    it("holds at every moment: each contract has what it owes, and nobody gets more than was paid", async () => {
      const payees = [...OWNERS, ...WORKERS.slice(0, 4), AUTHOR];
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
          const world = await load(fixedRequests);
          const { escrow, credits, contexts } = world;
          // Owners are refunded, too, as queriers; nobody is one, and so nobody takes it.
          const withdraw = (wallet: HDNodeWallet) => credits.connect(wallet).withdraw(capacityOf(wallet));
          for (const { act, request, contract, payer, amount } of steps) {
            const query = contract === 0 ? world.query : world.other;
            const context = contexts[request] as RequestContext;
            const { requestId } = context;
            const owner = OWNERS[payer] as HDNodeWallet;
            const done =
              act === "hold"
                ? query.hold(requestId, owner.address, { value: amount })
                : act === "settle"
                  ? escrow.settle(contextOf(context))
                  : act === "withdraw"
                    ? withdraw(payees[request + payer] as HDNodeWallet)
                    : end(query, act as "release" | "refund", requestId, owner.address);
            await done.catch((error: unknown) => assert.match(String(error), /custom error '(Escrow|Credits)/));
            const refunds = OWNERS.map(({ address }) => credits.credit(Capacity.QUERIER, address));
            const all = [...(await creditsOf(world, payees)), ...(await Promise.all(refunds))];
            const owed = all.reduce((sum, each) => sum + each, 0n);
            const ids = [REQUEST, ...contexts.map((each) => each.requestId)];
            const payments = await Promise.all(ids.map((each) => escrow.paymentOf(each)));
            const open = payments.filter(({ state }) => state === STATE.HELD || state === STATE.RELEASED);
            const inEscrow = open.reduce((sum, each) => sum + each.amount, 0n);
            assert.deepEqual([await balance(credits), await balance(escrow)], [owed, inEscrow]);
          }
        }),
        { numRuns: Math.ceil(budget.protocolRuns / 4) },
      );
      await networkHelpers.mine();
    });
  });
});
