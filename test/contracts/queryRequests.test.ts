/** What may be asked of a query contract, by whom, and what a request fixes. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, ZeroHash, concat, id, keccak256 } from "ethers";
import type { HDNodeWallet } from "ethers";
import { encodeParameters } from "../../workers/messages/descriptor.ts";
import { Outcome, contextHash, requestCommitment } from "../../workers/messages/statement.ts";
import { blockNumber, chainId, ethers, load, networkHelpers } from "./support/chain.ts";
import {
  CONSORTIUM,
  OTHER_QUERIER,
  OUTSIDER,
  PARAMETERS,
  POLICY,
  PRICE,
  PURPOSE,
  QUERIER,
  VETTERS,
  YEAR,
  accept,
  acceptAgreement,
  admissionOf,
  answer,
  ask,
  RECIPIENTS,
  openRequest,
  VERDICT,
  openSealedRequest,
  endedWordsOf,
} from "./support/consortium.ts";
import { recipientsHash as hashOfRecipients } from "../../workers/messages/sealedAnswer.ts";
import { reverts, revertsBare } from "./support/reverts.ts";
import { Capacity } from "../../workers/chain/credits.ts";

const STATE = { NONE: 0n, REQUESTED: 1n, ANSWERED: 2n, REFUSED: 3n, EXPIRED: 4n, FAILED: 5n };
const coder = AbiCoder.defaultAbiCoder();

describe("QuerySmartContract", () => {
  describe("request", () => {
    type Change = {
      parameters?: string;
      datasetIds?: string[];
      releaseClass?: number;
      recipients?: readonly string[];
      value?: bigint;
      from?: HDNodeWallet;
    };
    async function send(change: Change, prepare?: (world: Awaited<ReturnType<typeof acceptAgreement>>) => unknown) {
      const world = await load(acceptAgreement);
      await prepare?.(world);
      const { parameters = PARAMETERS, releaseClass = 0, recipients = [], value = PRICE } = change;
      const { datasetIds = world.datasetIds, from = QUERIER } = change;
      const act = world.query
        .connect(from)
        .request(0, parameters, datasetIds, releaseClass, [...recipients], { value });
      return { world, query: world.query, act };
    }

    it("fixes the context that the workers will sign, and stores a commitment to it", async () => {
      const world = await load(openRequest);
      const { context, deadlineBlock } = world.asked;
      const { query, studies, datasets, studyId, queryHash, datasetIds } = world;
      assert.equal(context.studyId, studyId);
      assert.equal(context.queryHash, queryHash);
      assert.equal(context.parametersHash, keccak256(PARAMETERS));
      assert.equal(context.policyHash, (await studies.study(studyId)).policyHash);
      assert.deepEqual(context.datasetRoots, await Promise.all(datasetIds.map((each) => datasets.datasetRoot(each))));
      assert.deepEqual([context.committeeEpoch, context.requestBlock], [1n, await blockNumber()]);
      assert.deepEqual(
        [context.consentMaskRoot, context.releaseClass, context.recipientsHash],
        [ZeroHash, 0, ZeroHash],
      );
      assert.equal(deadlineBlock, context.requestBlock + POLICY.deadlineBlocks);
      const found = await query.requestOf(context.requestId);
      assert.equal(found.commitment, requestCommitment(context, QUERIER.address, ZeroHash));
      assert.deepEqual(
        [found.state, found.assurance, found.outcome, found.suppressed],
        [STATE.REQUESTED, 0n, 0n, false],
      );
    });
    it("names the request by everything that makes it unique", async () => {
      const world = await load(openRequest);
      const { context } = world.asked;
      const types = ["uint256", "address", "address", "uint256", "bytes32", "bytes32", "bytes32[]", "uint256"];
      const words = [chainId, await world.query.getAddress(), QUERIER.address, world.asked.nonce, context.queryHash];
      const rest = [context.parametersHash, context.datasetRoots, context.requestBlock];
      assert.equal(context.requestId, keccak256(coder.encode(types, [...words, ...rest])));
    });
    it("tells the parameters and the datasets in the event", async () => {
      const world = await load(openRequest);
      const { query, asked, datasetIds } = world;
      const [event] = await query.queryFilter(query.filters.QueryRequested(asked.context.requestId));
      assert.equal(event?.args.parameters, PARAMETERS);
      assert.deepEqual([...(event?.args.datasetIds ?? [])], datasetIds);
      assert.equal(event?.args.querier, QUERIER.address);
    });
    it("keeps the price, and is recorded", async () => {
      const { asked, trail, query } = await load(openRequest);
      const { requestId } = asked.context;
      assert.equal(await ethers.provider.getBalance(await query.getAddress()), PRICE);
      const events = await trail.queryFilter(trail.filters.Recorded(undefined, requestId));
      assert.deepEqual(
        events.map(({ args }) => args.act),
        [id("QueryRequested")],
      );
      assert.equal(events[0]?.args.newHash, contextHash(asked.context));
    });
    async function free() {
      return openRequest(4, 1, { ...POLICY, price: 0n });
    }
    it("of a free study keeps nothing", async () => {
      const world = await load(free);
      const { requestId } = world.asked.context;
      assert.equal(await world.query.price(), 0n);
      await answer(world);
      assert.equal((await world.query.requestOf(requestId)).state, STATE.ANSWERED);
    });
    for (const [outcome, state] of [
      [Outcome.REFUSED_EMPTY_SET, STATE.REFUSED],
      [Outcome.FAILED_UNAVAILABLE, STATE.FAILED],
    ] as const) {
      it(`of a free study ends with outcome ${outcome}, and nobody is paid or refunded`, async () => {
        const world = await load(free);
        const { requestId } = world.asked.context;
        await answer(world, [1, 2, 3], { ...VERDICT, outcome, outputs: [] });
        assert.equal((await world.query.requestOf(requestId)).state, state);
        assert.equal(await world.credits.credit(Capacity.QUERIER, QUERIER.address), 0n);
        const settled = world.query.settle(...endedWordsOf(world));
        await reverts(settled, world.query, "QuerySmartContractNothingToSettle", [requestId]);
      });
    }
    it("gives two equal questions two ids", async () => {
      const world = await load(openRequest);
      const second = await ask(world);
      assert.notEqual(second.context.requestId, world.asked.context.requestId);
    });
    it("gives two equal questions of one block two ids by their nonces, and refuses one asked twice", async () => {
      const { query, datasetIds } = await load(acceptAgreement);
      const send = (nonce: bigint) =>
        query.request(nonce, PARAMETERS, datasetIds, 0, [], { value: PRICE, gasLimit: 1_000_000 });
      await ethers.provider.send("evm_setAutomine", [false]);
      const sent = [await send(7n), await send(8n), await send(7n)];
      await networkHelpers.mine(1);
      await ethers.provider.send("evm_setAutomine", [true]);
      const receipts = await Promise.all(sent.map(({ hash }) => ethers.provider.getTransactionReceipt(hash)));
      assert.deepEqual(
        receipts.map((receipt) => receipt?.status),
        [1, 1, 0],
      );
      const events = await query.queryFilter(query.filters.QueryRequested());
      assert.equal(events.length, 2);
      assert.equal(new Set(events.map((event) => event.blockNumber)).size, 1);
      assert.equal(new Set(events.map(({ args }) => args.requestId)).size, 2);
      assert.equal(await ethers.provider.getBalance(await query.getAddress()), 2n * PRICE);
    });
    it("takes one dataset of several", async () => {
      const { datasetIds } = await load(acceptAgreement);
      await (
        await send({ datasetIds: datasetIds.slice(1, 2) })
      ).act;
    });
    it("refuses a revoked query", async () => {
      const { query, world, act } = await send({}, ({ catalogue, queryHash }) => catalogue.revoke(queryHash, ""));
      await reverts(act, query, "DatasetRegistryInactiveQuery", [world.queryHash]);
    });
    it("refuses accounts that are no queriers", async () => {
      for (const from of [OUTSIDER, CONSORTIUM, VETTERS[0] as HDNodeWallet]) {
        const { query, act } = await send({ from });
        await reverts(act, query, "QuerySmartContractNotQuerier", [from.address]);
      }
    });
    it("refuses a revoked querier, and one whose credential expired", async () => {
      const revoked = await send({}, ({ queriers }) => queriers.revoke(QUERIER.address, ""));
      await reverts(revoked.act, revoked.query, "QuerySmartContractNotQuerier", [QUERIER.address]);
      const expired = await send({}, () => networkHelpers.time.increase(YEAR));
      await reverts(expired.act, expired.query, "QuerySmartContractNotQuerier", [QUERIER.address]);
    });
    it("refuses a querier without the study's purpose", async () => {
      const { query, act } = await send({ from: OUTSIDER }, async (world) => {
        await world.queriers.admit(OUTSIDER.address, {
          ...(await admissionOf(OUTSIDER, "Sponsor")),
          purposes: [id("x")],
        });
        await accept(world, OUTSIDER);
      });
      await reverts(act, query, "QuerySmartContractMissingPurpose", [PURPOSE]);
    });
    it("asks for the purposes of each new admission, and for no new acceptance", async () => {
      const world = await load(acceptAgreement);
      const admit = async (purposes: string[]) => {
        await networkHelpers.time.increase(YEAR + 1n);
        await world.queriers.admit(QUERIER.address, { ...(await admissionOf(QUERIER, "University")), purposes });
      };
      const { catalogue, queryHash, query, datasetIds } = world;
      await ask(world);
      await admit([id("x")]);
      assert.equal(await catalogue.isActive(queryHash), true);
      const act = query.request(0, PARAMETERS, datasetIds, 0, [], { value: PRICE });
      await reverts(act, query, "QuerySmartContractMissingPurpose", [PURPOSE]);
      await networkHelpers.time.increase(1n);
      const admission = { ...(await admissionOf(QUERIER, "University")), purposes: [id("x"), PURPOSE] };
      await world.queriers.admit(QUERIER.address, admission);
      const [first, second] = [(await ask(world)).gasUsed, (await ask(world)).gasUsed];
      assert.ok(second < first, "what was found is remembered");
      assert.equal((await world.queriers.member(QUERIER.address)).admissions, 3n);
    });
    it("takes the acceptance of a querier that gets the study's purpose later", async () => {
      const world = await load(acceptAgreement);
      const admission = await admissionOf(OUTSIDER, "Sponsor");
      await world.queriers.admit(OUTSIDER.address, { ...admission, purposes: [] });
      await accept(world, OUTSIDER);
      assert.equal(await world.query.hasAccepted(OUTSIDER.address), true);
      const act = world.query.connect(OUTSIDER).request(0, PARAMETERS, world.datasetIds, 0, [], { value: PRICE });
      await reverts(act, world.query, "QuerySmartContractMissingPurpose", [PURPOSE]);
      await world.queriers.admit(OUTSIDER.address, { ...admission, expiry: admission.expiry + 1n });
      assert.equal((await ask(world, OUTSIDER)).querier, OUTSIDER.address);
    });
    it("refuses a querier who has not accepted the agreement", async () => {
      const { query, act } = await send({ from: OTHER_QUERIER });
      await reverts(act, query, "QuerySmartContractAgreementNotAccepted", [OTHER_QUERIER.address]);
    });
    for (const value of [0n, PRICE - 1n, PRICE + 1n]) {
      it(`refuses ${value} wei where ${PRICE} are asked`, async () => {
        const { query, act } = await send({ value });
        await reverts(act, query, "QuerySmartContractWrongPayment", [value, PRICE]);
      });
    }
    for (const values of [[], [40n, 70n], [40n, 70n, 2n, 2n]]) {
      it(`refuses ${values.length} parameters where 3 are asked`, async () => {
        const { query, act } = await send({ parameters: encodeParameters(values) });
        await reverts(act, query, "QuerySmartContractParameterCount", [values.length, 3]);
      });
    }
    for (const [values, index] of [
      [[17n, 70n, 2n], 0],
      [[18n, 91n, 2n], 1],
      [[18n, 90n, 1n], 2],
      [[18n, 90n, 3n], 2],
      [[-(2n ** 255n), 90n, 2n], 0],
      [[18n, 2n ** 255n - 1n, 2n], 1],
    ] as const) {
      it(`refuses parameters ${values.map((value) => value.toString().slice(0, 8)).join(", ")}`, async () => {
        const { query, act } = await send({ parameters: encodeParameters(values) });
        await reverts(act, query, "QuerySmartContractParameterOutOfBounds", [index, values[index]]);
      });
    }
    for (const values of [
      [18n, 90n, 0n],
      [90n, 18n, 2n],
    ]) {
      it(`takes parameters at their bounds: ${values.join(", ")}`, async () => {
        await (
          await send({ parameters: encodeParameters(values) })
        ).act;
      });
    }
    for (const [what, parameters] of [
      ["nothing", "0x"],
      ["trailing bytes", concat([PARAMETERS, "0x00"])],
      ["a trailing word", concat([PARAMETERS, ZeroHash])],
      ["a missing word", PARAMETERS.slice(0, -64)],
      ["another offset", concat([`0x${"00".repeat(31)}40`, ZeroHash, `0x${PARAMETERS.slice(66)}`])],
      ["an offset of zero", concat([ZeroHash, ZeroHash])],
    ] as const) {
      it(`refuses parameters with ${what}`, async () => {
        const { query, act } = await send({ parameters });
        await reverts(act, query, "QuerySmartContractNonCanonicalParameters");
      });
    }
    it("refuses no dataset, an unknown one, one twice, and a descending order", async () => {
      const { datasetIds } = await load(acceptAgreement);
      const [first = "", second = ""] = datasetIds;
      const none = await send({ datasetIds: [] });
      await reverts(none.act, none.query, "QuerySmartContractNoDatasets");
      const unknown = await send({ datasetIds: [ZeroHash, first] });
      await reverts(unknown.act, unknown.query, "QuerySmartContractDatasetOfOtherStudy", [ZeroHash]);
      const twice = await send({ datasetIds: [first, first] });
      await reverts(twice.act, twice.query, "QuerySmartContractDatasetsNotAscending", [1]);
      const descending = await send({ datasetIds: [second, first] });
      await reverts(descending.act, descending.query, "QuerySmartContractDatasetsNotAscending", [1]);
    });
    it("fixes class and recipients of a SEALED request in the context, and tells them in the event", async () => {
      const { asked, query } = await load(openSealedRequest);
      const { requestId, releaseClass, recipientsHash } = asked.context;
      assert.deepEqual([releaseClass, recipientsHash], [1, keccak256(coder.encode(["bytes[]"], [RECIPIENTS]))]);
      assert.equal(recipientsHash, hashOfRecipients(RECIPIENTS));
      const [event] = await query.queryFilter(query.filters.QueryRequested(requestId));
      assert.deepEqual([...(event?.args.recipients ?? [])], RECIPIENTS);
      assert.equal(
        (await query.requestOf(requestId)).commitment,
        requestCommitment(asked.context, asked.querier, ZeroHash),
      );
    });
    it("takes 1 to 16 recipients of a SEALED answer and none of a PUBLIC one, and no other class", async () => {
      const many = Array.from({ length: 17 }, (_, i) => `0x02${(i + 1).toString(16).padStart(64, "0")}`);
      for (const recipients of [many.slice(0, 1), many.slice(0, 16)])
        await (
          await send({ releaseClass: 1, recipients })
        ).act;
      for (const recipients of [[], many]) {
        const { act, query } = await send({ releaseClass: 1, recipients });
        await reverts(act, query, "QuerySmartContractRecipientCount", [recipients.length, 16]);
      }
      const { act, query } = await send({ recipients: RECIPIENTS });
      await reverts(act, query, "QuerySmartContractRecipientCount", [RECIPIENTS.length, 0]);
      await revertsBare((await send({ releaseClass: 2, recipients: RECIPIENTS })).act);
    });
    it("refuses recipients that are no compressed keys, or not ascending, by position", async () => {
      const x = (byte: string): string => byte.repeat(32);
      for (const [recipients, index] of [
        [["0x"], 0],
        [[`0x04${x("11")}`], 0],
        [[`0x00${x("11")}`], 0],
        [[`0x02${x("11")}00`], 0],
        [[`0x02${x("11").slice(2)}`], 0],
        [[`0x02${x("11")}`, `0x02${x("11")}`], 1],
        [[`0x02${x("12")}`, `0x02${x("11")}`], 1],
        [[`0x03${x("11")}`, `0x02${x("22")}`], 1],
        [[`0x02${x("11")}`, `0x03${x("00")}`, `0x03${x("ff")}`, "0x03"], 3],
      ] as const) {
        const { act, query } = await send({ releaseClass: 1, recipients });
        await reverts(act, query, "QuerySmartContractInvalidRecipient", [index]);
      }
    });
  });
});
