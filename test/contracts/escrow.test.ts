import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ZeroAddress, ZeroHash, id } from "ethers";
import type { HDNodeWallet } from "ethers";
import type { HostilePayee } from "../../types/mocks/HostilePayee.ts";
import type { QueryContractMock } from "../../types/mocks/QueryContractMock.ts";
import { budget } from "../budget.ts";
import { deployMock, ethers, load, networkHelpers } from "./support/chain.ts";
import { CONSORTIUM, OUTSIDER, OWNERS, QUERIER, WORKERS, registerStudy } from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

const STATE = { NONE: 0n, HELD: 1n, RELEASED: 2n, REFUNDED: 3n, SETTLED: 4n };
const REQUEST = id("request");
const CONDUCT = { REENTER: 0, REVERT: 1, ACCEPT: 2 };

describe("Escrow", () => {
  /** A study with four workers, and two contracts that the escrow takes for query contracts. */
  async function twoQueryContracts() {
    const world = await registerStudy();
    const { access, escrow, studyId } = world;
    await access.grantRole(await access.CATALOGUE_ROLE(), CONSORTIUM.address, 0);
    const contracts: QueryContractMock[] = [];
    for (let i = 0; i < 2; i++) {
      const contract = await deployMock<QueryContractMock>("QueryContractMock", await escrow.getAddress(), studyId);
      await escrow.addQueryContract(await contract.getAddress());
      contracts.push(contract);
    }
    const [query, other] = contracts as [QueryContractMock, QueryContractMock];
    return { ...world, query, other };
  }
  async function held() {
    const world = await twoQueryContracts();
    await world.query.hold(REQUEST, 1, QUERIER.address, { value: 103n });
    return world;
  }
  const balance = async ({ escrow }: { escrow: { getAddress(): Promise<string> } }) =>
    ethers.provider.getBalance(await escrow.getAddress());

  describe("addQueryContract", () => {
    it("is for the catalogue only, not even the consortium", async () => {
      const { escrow, datasets } = await load(registerStudy);
      const act = escrow.addQueryContract(await datasets.getAddress());
      await reverts(act, escrow, "AccessManagedUnauthorized", [CONSORTIUM.address]);
    });
    it("refuses an account without code, and one twice", async () => {
      const { escrow, query } = await load(twoQueryContracts);
      await reverts(escrow.addQueryContract(OUTSIDER.address), escrow, "DeployedNotContract", [OUTSIDER.address]);
      const address = await query.getAddress();
      await reverts(escrow.addQueryContract(address), escrow, "EscrowAlreadyQueryContract", [address]);
    });
  });

  describe("hold", () => {
    it("keeps the money for one request", async () => {
      const world = await load(held);
      const { payer, state, amount, committeeEpoch } = await world.escrow.paymentOf(REQUEST);
      assert.deepEqual([payer, state, amount, committeeEpoch], [QUERIER.address, STATE.HELD, 103n, 1n]);
      assert.equal(await balance(world), 103n);
      const [event] = await world.escrow.queryFilter(world.escrow.filters.PaymentHeld(REQUEST));
      assert.equal(event?.args.amount, 103n);
    });
    it("refuses accounts that are no query contracts", async () => {
      const { escrow } = await load(twoQueryContracts);
      const act = escrow.connect(OUTSIDER).hold(REQUEST, 1, OUTSIDER.address, { value: 1n });
      await reverts(act, escrow, "EscrowNotQueryContract", [OUTSIDER.address]);
    });
    it("refuses a request twice, from another contract too", async () => {
      const { escrow, query, other } = await load(held);
      for (const contract of [query, other]) {
        const act = contract.hold(REQUEST, 1, QUERIER.address, { value: 1n });
        await reverts(act, escrow, "EscrowAlreadyHeld", [REQUEST]);
      }
    });
    it("refuses nothing, and nobody's money", async () => {
      const { escrow, query } = await load(twoQueryContracts);
      const nothing = query.hold(REQUEST, 1, QUERIER.address, { value: 0n });
      await reverts(nothing, escrow, "EscrowInvalidPayment", [QUERIER.address, 0]);
      const nobody = query.hold(REQUEST, 1, ZeroAddress, { value: 1n });
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
      await reverts(other.refund(REQUEST), escrow, "EscrowNotQueryContract", [address]);
      for (const act of [escrow.connect(QUERIER).release(REQUEST), escrow.connect(QUERIER).refund(REQUEST)]) {
        await reverts(act, escrow, "EscrowNotQueryContract", [QUERIER.address]);
      }
    });
    it("exclude each other, and happen once", async () => {
      for (const [first, state] of [
        ["release", STATE.RELEASED],
        ["refund", STATE.REFUNDED],
      ] as const) {
        const { escrow, query } = await load(held);
        await query[first](REQUEST);
        assert.equal((await escrow.paymentOf(REQUEST)).state, state);
        for (const again of ["release", "refund"] as const) {
          await reverts(query[again](REQUEST), escrow, "EscrowNotHeld", [REQUEST]);
        }
      }
    });
    it("refuse an unknown request", async () => {
      const { escrow, query } = await load(held);
      for (const act of [query.release(ZeroHash), query.refund(ZeroHash)]) {
        await reverts(act, escrow, "EscrowNotHeld", [ZeroHash]);
      }
    });
    it("refund exactly once what was paid, to the payer", async () => {
      const world = await load(held);
      await world.query.refund(REQUEST);
      assert.equal(await world.escrow.credit(QUERIER.address), 103n);
      const before = await ethers.provider.getBalance(QUERIER.address);
      const receipt = await (await world.escrow.connect(QUERIER).withdraw()).wait();
      const spent = (receipt?.gasUsed ?? 0n) * (receipt?.gasPrice ?? 0n);
      assert.equal(await ethers.provider.getBalance(QUERIER.address), before + 103n - spent);
      const again = world.escrow.connect(QUERIER).withdraw();
      await reverts(again, world.escrow, "EscrowNothingToWithdraw", [QUERIER.address]);
      await reverts(world.query.refund(REQUEST), world.escrow, "EscrowNotHeld", [REQUEST]);
    });
  });

  describe("settle", () => {
    it("divides equally; the remainder goes to the first worker", async () => {
      const { escrow, query, committee } = await load(held);
      await query.release(REQUEST);
      await escrow.connect(OUTSIDER).settle(REQUEST);
      const credits = await Promise.all(committee.map(({ address }) => escrow.credit(address)));
      assert.deepEqual(credits, [28n, 25n, 25n, 25n]);
      const [event] = await escrow.queryFilter(escrow.filters.PaymentSettled(REQUEST));
      assert.deepEqual([event?.args.amount, event?.args.payees], [103n, 4n]);
    });
    it("gives all to the first worker when there is less than one wei each", async () => {
      const { escrow, query, committee } = await load(twoQueryContracts);
      await query.hold(REQUEST, 1, QUERIER.address, { value: 3n });
      await query.release(REQUEST);
      await escrow.settle(REQUEST);
      assert.deepEqual(await Promise.all(committee.map(({ address }) => escrow.credit(address))), [3n, 0n, 0n, 0n]);
    });
    it("refuses before the release, after a refund, and a second time", async () => {
      const { escrow, query } = await load(held);
      await reverts(escrow.settle(REQUEST), escrow, "EscrowNotReleased", [REQUEST]);
      await query.release(REQUEST);
      await escrow.settle(REQUEST);
      await reverts(escrow.settle(REQUEST), escrow, "EscrowNotReleased", [REQUEST]);
      const refunded = await load(held);
      await refunded.query.refund(REQUEST);
      await reverts(escrow.settle(REQUEST), escrow, "EscrowNotReleased", [REQUEST]);
    });
    it("pays a worker that was revoked after its work", async () => {
      const { escrow, query, workers } = await load(held);
      await query.release(REQUEST);
      await workers.revoke((WORKERS[1] as HDNodeWallet).address, "");
      await escrow.settle(REQUEST);
      assert.equal(await escrow.credit((WORKERS[1] as HDNodeWallet).address), 25n);
    });
  });

  describe("withdraw", () => {
    async function hostile(conduct: number) {
      const world = await load(twoQueryContracts);
      const payee = await deployMock<HostilePayee>("HostilePayee", await world.escrow.getAddress(), conduct);
      await world.query.hold(REQUEST, 1, await payee.getAddress(), { value: 100n });
      await world.query.hold(id("second"), 1, QUERIER.address, { value: 100n });
      await world.query.refund(REQUEST);
      await world.query.refund(id("second"));
      return { ...world, payee };
    }
    it("refuses an account without credit", async () => {
      const { escrow } = await load(held);
      const act = escrow.connect(OUTSIDER).withdraw();
      await reverts(act, escrow, "EscrowNothingToWithdraw", [OUTSIDER.address]);
    });
    it("pays a reentrant payee nothing, and keeps its credit", async () => {
      const { escrow, payee, ...world } = await hostile(CONDUCT.REENTER);
      await reverts(payee.withdraw(), escrow, "ReentrancyGuardReentrantCall");
      assert.equal(await escrow.credit(await payee.getAddress()), 100n);
      assert.equal(await balance({ escrow }), 200n);
      assert.ok(world.query);
    });
    it("of one payee that always reverts does not keep another from being paid", async () => {
      const { escrow, payee } = await hostile(CONDUCT.REVERT);
      await reverts(payee.withdraw(), escrow, "HostilePayeeRefuses");
      await escrow.connect(QUERIER).withdraw();
      assert.equal(await balance({ escrow }), 100n);
      await payee.setConduct(CONDUCT.ACCEPT);
      await payee.withdraw();
      assert.equal(await balance({ escrow }), 0n);
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
    it("holds at every moment: balance = credits + held + released, and nobody gets more than was paid", async () => {
      const payees = [...OWNERS, ...WORKERS.slice(0, 4)];
      const requests = [0, 1, 2, 3].map((i) => id(`request ${i}`));
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
          const world = await load(twoQueryContracts);
          const { escrow } = world;
          for (const { act, request, contract, payer, amount } of steps) {
            const query = contract === 0 ? world.query : world.other;
            const requestId = requests[request] ?? "";
            const owner = OWNERS[payer] as HDNodeWallet;
            const done =
              act === "hold"
                ? query.hold(requestId, 1, owner.address, { value: amount })
                : act === "settle"
                  ? escrow.settle(requestId)
                  : act === "withdraw"
                    ? escrow.connect(payees[request + payer] as HDNodeWallet).withdraw()
                    : query[act as "release" | "refund"](requestId);
            await done.catch((error: unknown) => assert.match(String(error), /custom error 'Escrow/));
            const credits = await Promise.all(payees.map(({ address }) => escrow.credit(address)));
            const payments = await Promise.all(requests.map((each) => escrow.paymentOf(each)));
            const open = payments.filter(({ state }) => state === STATE.HELD || state === STATE.RELEASED);
            const owed = [...credits, ...open.map(({ amount: each }) => each)].reduce((sum, each) => sum + each, 0n);
            assert.equal(await balance(world), owed);
          }
        }),
        { numRuns: Math.ceil(budget.protocolRuns / 4) },
      );
      await networkHelpers.mine();
    });
  });
});
