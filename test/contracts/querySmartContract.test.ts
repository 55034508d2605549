import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, ZeroAddress, ZeroHash, concat, id, keccak256 } from "ethers";
import type { HDNodeWallet } from "ethers";
import { encodeParameters } from "../../workers/messages/descriptor.ts";
import { Outcome, type Verdict, contextHash, statementHash } from "../../workers/messages/statement.ts";
import { ACCEPTANCE, ANSWER, opalineDomain } from "../../workers/messages/typedData.ts";
import { blockNumber, chainId, ethers, load, mineUntilNextIs, networkHelpers, now } from "./support/chain.ts";
import {
  CONSORTIUM,
  OTHER_QUERIER,
  OUTSIDER,
  PARAMETERS,
  POLICY,
  PRICE,
  PURPOSE,
  QUERIER,
  RELAYER,
  type OpenWorld,
  VERDICT,
  VETTERS,
  WORKERS,
  YEAR,
  accept,
  acceptAgreement,
  acceptanceOf,
  admissionOf,
  answer,
  ask,
  contextOf,
  openRequest,
  publish,
  signVerdict,
  verdictOf,
  vet,
  vetQuery,
} from "./support/consortium.ts";
import { reverts, revertsBare } from "./support/reverts.ts";
import { shouldCheckSignature } from "./support/signedAct.behavior.ts";

const STATE = { NONE: 0n, REQUESTED: 1n, ANSWERED: 2n, REFUSED: 3n, EXPIRED: 4n, FAILED: 5n };
const BN254_FR_MODULUS = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
const coder = AbiCoder.defaultAbiCoder();

describe("QuerySmartContract", () => {
  describe("clone", () => {
    it("has its own address in its EIP-712 domain, not the implementation's", async () => {
      const { query } = await load(vetQuery);
      const domain = await query.eip712Domain();
      assert.deepEqual(
        [domain.name, domain.version, domain.chainId, domain.verifyingContract],
        ["Opaline", "1", chainId, await query.getAddress()],
      );
    });
    it("of another query has another domain: an acceptance of one does not pass at the other", async () => {
      const world = await load(vetQuery);
      const queryHash = await publish(world, QUERIER, "SELECT COUNT(*) FROM trial");
      const other = { ...world, queryHash };
      await vet(other, VETTERS[0] as HDNodeWallet);
      await vet(other, VETTERS[2] as HDNodeWallet);
      const { queryContract } = await world.catalogue.query(queryHash);
      const query = world.query.attach(queryContract) as typeof world.query;
      const acceptance = await acceptanceOf({ ...other, query }, QUERIER);
      const wrong = opalineDomain(chainId, await world.query.getAddress());
      const signature = await QUERIER.signTypedData(wrong, ACCEPTANCE, acceptance);
      await assert.rejects(query.acceptAgreement(acceptance, signature), /QuerySmartContractInvalidAcceptance/);
    });
    it("has no function that could set it up again, and keeps what it was made with", async () => {
      const { query } = await load(vetQuery);
      const changing = query.interface.fragments
        .filter((fragment) => fragment.type === "function")
        .map((fragment) => ethers.FunctionFragment.from(fragment))
        .filter(({ constant }) => !constant)
        .map(({ name }) => name);
      assert.deepEqual(changing.sort(), ["acceptAgreement", "answer", "expire", "request"]);
    });
    it("is at the address that its query determines, so no second one can be made", async () => {
      const { query, catalogue, implementation, queryHash, studyId } = await load(vetQuery);
      const { queryContract, agreementHash } = await catalogue.query(queryHash);
      assert.equal(queryContract, await query.getAddress());
      const code = await ethers.provider.getCode(queryContract);
      const args = coder.encode(
        ["bytes32", "bytes32", "bytes32", "address"],
        [queryHash, studyId, agreementHash, await catalogue.getAddress()],
      );
      const proxy = concat([
        "0x363d3d373d3d3d363d73",
        await implementation.getAddress(),
        "0x5af43d82803e903d91602b57fd5bf3",
      ]);
      assert.ok(code.startsWith(concat([proxy, args])));
      assert.equal((code.length - proxy.length) / 2, 160);
    });
    it("is the only thing that works: the implementation serves nobody", async () => {
      const { implementation, query, datasetIds } = await load(acceptAgreement);
      const acceptance = await acceptanceOf({ ...(await load(acceptAgreement)) }, QUERIER);
      for (const act of [
        implementation.queryHash(),
        implementation.studyId(),
        implementation.agreementHash(),
        implementation.acceptAgreement(acceptance, "0x"),
        implementation.connect(QUERIER).request(PARAMETERS, datasetIds, 0, ZeroHash, { value: PRICE }),
      ]) {
        await reverts(act, query, "QuerySmartContractNotClone");
      }
      await reverts(implementation.expire(ZeroHash), query, "QuerySmartContractUnknownRequest", [ZeroHash]);
    });
  });

  describe("acceptAgreement", () => {
    it("is remembered, told and recorded, whoever relays it", async () => {
      const { query, trail, queryHash } = await load(acceptAgreement);
      assert.equal(await query.hasAccepted(QUERIER.address), true);
      assert.equal(await query.hasAccepted(OTHER_QUERIER.address), false);
      assert.equal(await query.nonces(QUERIER.address), 1n);
      const [event] = await query.queryFilter(query.filters.AgreementAccepted(QUERIER.address));
      assert.equal(event?.args.name, "Dr. Quentin Example");
      const events = await trail.queryFilter(trail.filters.Recorded(undefined, queryHash, QUERIER.address));
      assert.equal(events.at(-1)?.args.act, id("AgreementAccepted"));
      assert.equal(events.at(-1)?.args.organisation, id("University"));
    });
    it("refuses another agreement, and another query", async () => {
      const world = await load(vetQuery);
      const acceptance = await acceptanceOf(world, QUERIER);
      const agreement = world.query.acceptAgreement({ ...acceptance, agreementHash: ZeroHash }, "0x");
      const expected = [ZeroHash, acceptance.agreementHash];
      await reverts(agreement, world.query, "QuerySmartContractWrongAgreement", expected);
      const query = world.query.acceptAgreement({ ...acceptance, queryHash: ZeroHash }, "0x");
      await reverts(query, world.query, "QuerySmartContractWrongQuery", [ZeroHash, world.queryHash]);
    });
    it("refuses accounts that are no queriers, and a querier revoked after signing", async () => {
      const world = await load(vetQuery);
      await reverts(accept(world, OUTSIDER), world.query, "QuerySmartContractNotQuerier", [OUTSIDER.address]);
      const acceptance = await acceptanceOf(world, QUERIER);
      const domain = opalineDomain(chainId, await world.query.getAddress());
      const signature = await QUERIER.signTypedData(domain, ACCEPTANCE, acceptance);
      await world.queriers.revoke(QUERIER.address, "");
      const act = world.query.acceptAgreement(acceptance, signature);
      await reverts(act, world.query, "QuerySmartContractNotQuerier", [QUERIER.address]);
    });
    it("refuses the same signature again", async () => {
      const world = await load(vetQuery);
      const acceptance = await acceptanceOf(world, QUERIER);
      const domain = opalineDomain(chainId, await world.query.getAddress());
      const signature = await QUERIER.signTypedData(domain, ACCEPTANCE, acceptance);
      await world.query.acceptAgreement(acceptance, signature);
      const act = world.query.acceptAgreement(acceptance, signature);
      await reverts(act, world.query, "InvalidAccountNonce", [QUERIER.address, 1n]);
    });
    for (const [when, offset, taken] of [
      ["a second before", -1n, true],
      ["in the second of", 0n, true],
      ["a second after", 1n, false],
    ] as const) {
      it(`${taken ? "takes" : "refuses"} a signature ${when} its deadline`, async () => {
        const world = await load(vetQuery);
        const deadline = (await now()) + 100n;
        const acceptance = { ...(await acceptanceOf(world, QUERIER)), deadline };
        const domain = opalineDomain(chainId, await world.query.getAddress());
        const signature = await QUERIER.signTypedData(domain, ACCEPTANCE, acceptance);
        await networkHelpers.time.setNextBlockTimestamp(deadline + offset);
        const act = world.query.acceptAgreement(acceptance, signature, { gasLimit: 1_000_000 });
        if (taken) await act;
        else await reverts(act, world.query, "QuerySmartContractAcceptanceExpired", [deadline]);
      });
    }
  });

  shouldCheckSignature("Acceptance", async () => {
    const world = await load(vetQuery);
    const message = await acceptanceOf(world, QUERIER);
    return {
      contract: world.query,
      domain: opalineDomain(chainId, await world.query.getAddress()),
      types: ACCEPTANCE,
      message,
      signer: QUERIER,
      submit: (signature) => world.query.connect(RELAYER).acceptAgreement(message, signature),
      invalid: (recovered) => ["QuerySmartContractInvalidAcceptance", [recovered, QUERIER.address]],
    };
  });

  describe("request", () => {
    type Change = {
      parameters?: string;
      datasetIds?: string[];
      releaseClass?: number;
      recipientsHash?: string;
      value?: bigint;
      from?: HDNodeWallet;
    };
    async function send(change: Change, prepare?: (world: Awaited<ReturnType<typeof acceptAgreement>>) => unknown) {
      const world = await load(acceptAgreement);
      await prepare?.(world);
      const { parameters = PARAMETERS, releaseClass = 0, recipientsHash = ZeroHash, value = PRICE } = change;
      const { datasetIds = world.datasetIds, from = QUERIER } = change;
      const act = world.query.connect(from).request(parameters, datasetIds, releaseClass, recipientsHash, { value });
      return { world, query: world.query, act };
    }

    it("fixes the context that the workers will sign, and stores its hash", async () => {
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
      assert.equal(found.contextHash, contextHash(context));
      assert.deepEqual(
        [found.querier, found.deadlineBlock, found.state, found.assurance, found.paid],
        [QUERIER.address, deadlineBlock, STATE.REQUESTED, 0n, true],
      );
    });
    it("names the request by everything that makes it unique", async () => {
      const world = await load(openRequest);
      const { context } = world.asked;
      const types = ["uint256", "address", "address", "uint256", "bytes32", "bytes32", "bytes32[]", "uint256"];
      const words = [chainId, await world.query.getAddress(), QUERIER.address, 1n, context.queryHash];
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
    it("pays the escrow, and records request and payment", async () => {
      const { asked, escrow, trail, query } = await load(openRequest);
      const { requestId } = asked.context;
      const payment = await escrow.paymentOf(requestId);
      assert.deepEqual(
        [payment.payer, payment.committeeEpoch, payment.state, payment.queryContract, payment.amount],
        [QUERIER.address, 1n, 1n, await query.getAddress(), PRICE],
      );
      assert.equal(await ethers.provider.getBalance(await escrow.getAddress()), PRICE);
      const events = await trail.queryFilter(trail.filters.Recorded(undefined, requestId));
      assert.deepEqual(
        events.map(({ args }) => args.act),
        [id("QueryRequested"), id("PaymentHeld")],
      );
      assert.equal(events[0]?.args.newHash, contextHash(asked.context));
    });
    it("of a free study touches no escrow", async () => {
      async function free() {
        return openRequest(4, 1, { ...POLICY, price: 0n });
      }
      const world = await load(free);
      const { requestId } = world.asked.context;
      assert.equal((await world.query.requestOf(requestId)).paid, false);
      assert.equal((await world.escrow.paymentOf(requestId)).state, 0n);
      await answer(world);
      assert.equal((await world.query.requestOf(requestId)).state, STATE.ANSWERED);
    });
    it("gives two equal questions two ids", async () => {
      const world = await load(openRequest);
      const second = await ask(world);
      assert.notEqual(second.context.requestId, world.asked.context.requestId);
    });
    it("takes one dataset of several", async () => {
      const { datasetIds } = await load(acceptAgreement);
      await (
        await send({ datasetIds: datasetIds.slice(1, 2) })
      ).act;
    });
    it("refuses a revoked query", async () => {
      const { query, world, act } = await send({}, ({ catalogue, queryHash }) => catalogue.revoke(queryHash, ""));
      await reverts(act, query, "QuerySmartContractInactiveQuery", [world.queryHash]);
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
      const expired = await send({}, () => networkHelpers.time.increase(2n * YEAR));
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
    it("refuses SEALED, recipients of a PUBLIC answer, and a class that does not exist", async () => {
      const sealed = await send({ releaseClass: 1 });
      await reverts(sealed.act, sealed.query, "QuerySmartContractUnsupportedReleaseClass", [1]);
      const recipients = await send({ recipientsHash: id("board") });
      await reverts(recipients.act, recipients.query, "QuerySmartContractUnexpectedRecipients", [id("board")]);
      await revertsBare((await send({ releaseClass: 2 })).act);
    });
  });

  describe("answer", () => {
    it("stores the outputs' hash with its assurance and emits the outputs", async () => {
      const world = await load(openRequest);
      const { query, asked, trail, escrow } = world;
      const { requestId } = asked.context;
      await answer(world);
      const found = await query.requestOf(requestId);
      assert.deepEqual([found.state, found.assurance, found.proofHash], [STATE.ANSWERED, 1n, ZeroHash]);
      assert.equal(found.outputsHash, keccak256(coder.encode(["uint256[]"], [VERDICT.outputs])));
      const [event] = await query.queryFilter(query.filters.QueryAnswered(requestId));
      const contract = await query.getAddress();
      const statement = statementHash({ chainId, contract, context: asked.context, verdict: VERDICT });
      assert.deepEqual([...(event?.args.outputs ?? [])], VERDICT.outputs);
      assert.deepEqual([event?.args.attempt, event?.args.statement], [1n, statement]);
      const events = await trail.queryFilter(trail.filters.Recorded(undefined, requestId));
      assert.deepEqual(
        events.slice(2).map(({ args }) => args.act),
        [id("QueryAnswered"), id("PaymentReleased")],
      );
      assert.equal(events[2]?.args.newHash, statement);
      assert.equal((await escrow.paymentOf(requestId)).state, 2n);
    });
    for (const [outcome, state, payment, act] of [
      [Outcome.REFUSED_EMPTY_SET, STATE.REFUSED, 2n, "QueryRefused"],
      [Outcome.REFUSED_DISCLOSURE, STATE.REFUSED, 2n, "QueryRefused"],
      [Outcome.FAILED_UNAVAILABLE, STATE.FAILED, 3n, "QueryFailed"],
    ] as const) {
      it(`takes outcome ${outcome} from the same quorum`, async () => {
        const world = await load(openRequest);
        const { requestId } = world.asked.context;
        await answer(world, [1, 2, 3], { ...VERDICT, outcome, outputs: [] });
        const found = await world.query.requestOf(requestId);
        assert.deepEqual([found.state, found.outputsHash, found.assurance], [state, ZeroHash, 1n]);
        assert.equal((await world.escrow.paymentOf(requestId)).state, payment);
        const [event] = await world.query.queryFilter(world.query.filters.QueryRefused(requestId));
        assert.equal(event?.args.outcome, BigInt(outcome));
        const events = await world.trail.queryFilter(world.trail.filters.Recorded(undefined, requestId));
        assert.equal(events[2]?.args.act, id(act));
      });
    }

    const committees = [
      [3, 1],
      [4, 1],
      [5, 1],
      [5, 2],
      [6, 2],
      [7, 2],
      [7, 3],
    ] as const;
    for (const [n, t] of committees) {
      it(`of n = ${n}, t = ${t} needs min(n - t, 2t + 1) signatures: every size from 0 to n`, async () => {
        async function committee() {
          return openRequest(n, t);
        }
        const world = await load(committee);
        const needed = Math.min(n - t, 2 * t + 1);
        for (let size = 0; size <= n; size++) {
          const snapshot = await networkHelpers.takeSnapshot();
          const points = WORKERS.slice(0, size).map((_, i) => n - size + i + 1);
          const act = answer(world, points);
          if (size < needed) await reverts(act, world.query, "QuerySmartContractQuorum", [size, needed]);
          else await act;
          await snapshot.restore();
        }
      });
    }
    it("takes any quorum of the committee", async () => {
      const world = await load(openRequest);
      for (const points of [
        [1, 2, 3],
        [1, 2, 4],
        [1, 3, 4],
        [2, 3, 4],
      ]) {
        const snapshot = await networkHelpers.takeSnapshot();
        await answer(world, points);
        await snapshot.restore();
      }
    });

    const post = async (world: OpenWorld, signatures: { index: number; signature: string }[], verdict = VERDICT) =>
      world.query.connect(RELAYER).answer(contextOf(world.asked.context), verdictOf(verdict), signatures);

    it("refuses the same signer twice, and signatures out of order", async () => {
      const world = await load(openRequest);
      const [one, two, three] = await signVerdict(world, VERDICT, [1, 2, 3]);
      assert.ok(one && two && three);
      const name = "QuerySmartContractSignaturesNotAscending";
      await reverts(post(world, [one, one, two]), world.query, name, [1]);
      await reverts(post(world, [one, three, two]), world.query, name, [2]);
      await reverts(post(world, [one, two, two, three]), world.query, name, [2]);
    });
    it("refuses one worker's signature under two indices", async () => {
      const world = await load(openRequest);
      const [one, two] = await signVerdict(world, VERDICT, [1, 2]);
      assert.ok(one && two);
      const act = post(world, [one, two, { index: 3, signature: two.signature }]);
      const workers = WORKERS.map(({ address }) => address);
      await reverts(act, world.query, "QuerySmartContractInvalidSigner", [3, workers[1], workers[2]]);
    });
    it("refuses index 0 and an index past n", async () => {
      const world = await load(openRequest);
      const [one, two, three] = await signVerdict(world, VERDICT, [1, 2, 3]);
      assert.ok(one && two && three);
      const zero = post(world, [{ ...one, index: 0 }, two, three]);
      await reverts(zero, world.query, "QuerySmartContractSignaturesNotAscending", [0]);
      const past = post(world, [one, two, { ...three, index: 5 }]);
      const expected = [5, (WORKERS[2] as HDNodeWallet).address, ZeroAddress];
      await reverts(past, world.query, "QuerySmartContractInvalidSigner", expected);
    });
    it("refuses a worker of another committee, and an outsider", async () => {
      const world = await load(openRequest);
      const signatures = await signVerdict(world, VERDICT, [1, 2]);
      for (const stranger of [WORKERS[6] as HDNodeWallet, OUTSIDER]) {
        const [forged] = await signVerdict({ ...world, committee: [stranger] }, VERDICT, [1]);
        const act = post(world, [...signatures, { index: 3, signature: forged?.signature ?? "" }]);
        const expected = [3, stranger.address, (WORKERS[2] as HDNodeWallet).address];
        await reverts(act, world.query, "QuerySmartContractInvalidSigner", expected);
      }
    });
    it("refuses a worker revoked after signing; the others still can", async () => {
      const world = await load(openRequest);
      const worker = (WORKERS[1] as HDNodeWallet).address;
      const signatures = await signVerdict(world, VERDICT, [1, 2, 3]);
      await world.workers.revoke(worker, "");
      await reverts(post(world, signatures), world.query, "QuerySmartContractInvalidSigner", [2, worker, worker]);
      await answer(world, [1, 3, 4]);
    });
    it("refuses more signatures than needed when one is wrong", async () => {
      const world = await load(openRequest);
      const signatures = await signVerdict(world, VERDICT, [1, 2, 3]);
      const act = post(world, [...signatures, { index: 4, signature: signatures[0]?.signature ?? "" }]);
      const expected = [4, (WORKERS[0] as HDNodeWallet).address, (WORKERS[3] as HDNodeWallet).address];
      await reverts(act, world.query, "QuerySmartContractInvalidSigner", expected);
    });
    it("refuses signatures for another request, attempt, outcome or output", async () => {
      const world = await load(openRequest);
      const second = { ...world, asked: await ask(world) };
      const [first] = VERDICT.outputs;
      for (const [signed, verdict] of [
        [await signVerdict(world, VERDICT, [1, 2, 3]), VERDICT],
        [await signVerdict(second, VERDICT, [1, 2, 3]), { ...VERDICT, attempt: 2n }],
        [await signVerdict(second, VERDICT, [1, 2, 3]), { ...VERDICT, suppressedBitmap: "0x00" }],
        [await signVerdict(second, VERDICT, [1, 2, 3]), { ...VERDICT, outputs: [(first ?? 0n) + 1n] }],
        [await signVerdict(second, VERDICT, [1, 2, 3]), { ...VERDICT, outcome: 2, outputs: [] } satisfies Verdict],
      ] as const) {
        await assert.rejects(post(second, signed, verdict), /QuerySmartContractInvalidSigner\(1,/);
      }
    });
    it("refuses a context that is not the request's, whichever word differs", async () => {
      const world = await load(openRequest);
      const { query, asked } = world;
      const expected = contextHash(asked.context);
      for (const change of [
        { studyId: id("x") },
        { queryHash: id("x") },
        { parametersHash: id("x") },
        { policyHash: id("x") },
        { datasetRoots: asked.context.datasetRoots.slice(1) },
        { datasetRoots: [...asked.context.datasetRoots].reverse() },
        { committeeEpoch: 2n },
        { requestBlock: 1n },
        { consentMaskRoot: id("x") },
        { releaseClass: 1 as const },
        { recipientsHash: id("x") },
      ]) {
        const context = { ...asked.context, ...change };
        const signatures = await signVerdict(world, VERDICT, [1, 2, 3], context);
        const act = query.answer(contextOf(context), verdictOf(VERDICT), signatures);
        await reverts(act, query, "QuerySmartContractContextMismatch", [contextHash(context), expected]);
      }
      const requestId = id("x");
      const act = query.answer(contextOf({ ...asked.context, requestId }), verdictOf(VERDICT), []);
      await reverts(act, query, "QuerySmartContractUnknownRequest", [requestId]);
    });
    for (const [what, verdict] of [
      ["no outcome", { ...VERDICT, outcome: Outcome.NONE, outputs: [] }],
      ["no outcome but outputs", { ...VERDICT, outcome: Outcome.NONE }],
      ["an answer without outputs", { ...VERDICT, outputs: [] }],
      ["a refusal with outputs", { ...VERDICT, outcome: Outcome.REFUSED_DISCLOSURE }],
      [
        "a refusal with a bitmap",
        { ...VERDICT, outcome: Outcome.REFUSED_EMPTY_SET, outputs: [], suppressedBitmap: "0x01" },
      ],
      ["a failure with outputs", { ...VERDICT, outcome: Outcome.FAILED_UNAVAILABLE }],
      ["a sealed hash in a PUBLIC answer", { ...VERDICT, sealedHash: id("sealed") }],
    ] satisfies [string, Verdict][]) {
      it(`refuses ${what}, whoever signed it`, async () => {
        const world = await load(openRequest);
        const act = answer(world, [1, 2, 3, 4], verdict);
        await reverts(act, world.query, "QuerySmartContractInvalidVerdict", [verdict.outcome]);
      });
    }
    it("takes outputs below r and refuses r, r + 1 and 2^256 - 1, whoever signed them", async () => {
      const world = await load(openRequest);
      for (const output of [BN254_FR_MODULUS, BN254_FR_MODULUS + 1n, 2n ** 256n - 1n]) {
        const act = answer(world, [1, 2, 3], { ...VERDICT, outputs: [0n, output] });
        await reverts(act, world.query, "QuerySmartContractOutputOutOfField", [1]);
      }
      await answer(world, [1, 2, 3], { ...VERDICT, outputs: [0n, BN254_FR_MODULUS - 1n] });
    });
    it("happens once: a second answer, the same or by another quorum, is refused", async () => {
      const world = await load(openRequest);
      await answer(world);
      const expected = [world.asked.context.requestId, STATE.ANSWERED];
      await reverts(answer(world), world.query, "QuerySmartContractNotOpen", expected);
      const other = { ...VERDICT, attempt: 2n, outputs: [7n] };
      await reverts(answer(world, [2, 3, 4], other), world.query, "QuerySmartContractNotOpen", expected);
      await reverts(world.query.expire(expected[0] as string), world.query, "QuerySmartContractNotOpen", expected);
    });
    it("is taken after the query was revoked: the request was made before", async () => {
      const world = await load(openRequest);
      await world.catalogue.revoke(world.queryHash, "");
      await answer(world);
      assert.equal((await world.query.requestOf(world.asked.context.requestId)).state, STATE.ANSWERED);
    });
    it("earns nothing to whoever copies it", async () => {
      const world = await load(openRequest);
      await answer(world);
      assert.equal(await world.escrow.credit(RELAYER.address), 0n);
    });
    it("is taken in the deadline block", async () => {
      const world = await load(openRequest);
      await mineUntilNextIs(world.asked.deadlineBlock);
      await answer(world);
      assert.equal(await blockNumber(), world.asked.deadlineBlock);
    });
    it("is refused in the block after", async () => {
      const world = await load(openRequest);
      const { deadlineBlock } = world.asked;
      await mineUntilNextIs(deadlineBlock + 1n);
      const expected = [deadlineBlock, deadlineBlock + 1n];
      await reverts(answer(world), world.query, "QuerySmartContractDeadlinePassed", expected);
    });
  });

  shouldCheckSignature("Answer", async () => {
    const world = await load(openRequest);
    const contract = await world.query.getAddress();
    const statement = statementHash({ chainId, contract, context: world.asked.context, verdict: VERDICT });
    const signatures = await signVerdict(world, VERDICT, [1, 2, 3]);
    const signer = WORKERS[1] as HDNodeWallet;
    return {
      contract: world.query,
      domain: opalineDomain(chainId, contract),
      types: ANSWER,
      message: { statement },
      signer,
      submit: (signature) =>
        world.query
          .connect(RELAYER)
          .answer(contextOf(world.asked.context), verdictOf(VERDICT), signatures.with(1, { index: 2, signature })),
      invalid: (recovered) => ["QuerySmartContractInvalidSigner", [2, recovered, signer.address]],
    };
  });

  describe("expire", () => {
    it("is refused in the deadline block", async () => {
      const world = await load(openRequest);
      const { deadlineBlock, context } = world.asked;
      await mineUntilNextIs(deadlineBlock);
      const act = world.query.expire(context.requestId, { gasLimit: 1_000_000 });
      await reverts(act, world.query, "QuerySmartContractDeadlineNotReached", [deadlineBlock, deadlineBlock]);
    });
    it("ends the request in the block after, by anyone, and refunds the querier", async () => {
      const world = await load(openRequest);
      const { deadlineBlock, context } = world.asked;
      await mineUntilNextIs(deadlineBlock + 1n);
      await world.query.connect(OUTSIDER).expire(context.requestId);
      assert.equal((await world.query.requestOf(context.requestId)).state, STATE.EXPIRED);
      assert.equal(await world.escrow.credit(QUERIER.address), PRICE);
      const events = await world.trail.queryFilter(world.trail.filters.Recorded(undefined, context.requestId));
      assert.deepEqual(
        events.slice(2).map(({ args }) => args.act),
        [id("QueryExpired"), id("PaymentRefunded")],
      );
      const again = world.query.expire(context.requestId);
      await reverts(again, world.query, "QuerySmartContractNotOpen", [context.requestId, STATE.EXPIRED]);
      await reverts(answer(world), world.query, "QuerySmartContractNotOpen", [context.requestId, STATE.EXPIRED]);
    });
    it("refunds a querier who was revoked meanwhile", async () => {
      const world = await load(openRequest);
      await world.queriers.revoke(QUERIER.address, "");
      await mineUntilNextIs(world.asked.deadlineBlock + 1n);
      await world.query.expire(world.asked.context.requestId);
      await world.escrow.connect(QUERIER).withdraw();
      assert.equal(await ethers.provider.getBalance(await world.escrow.getAddress()), 0n);
    });
    it("refuses an unknown request", async () => {
      const { query } = await load(openRequest);
      await reverts(query.expire(ZeroHash), query, "QuerySmartContractUnknownRequest", [ZeroHash]);
      assert.equal((await query.requestOf(ZeroHash)).state, STATE.NONE);
    });
  });
});
