/** A query contract as a clone that knows its query, and who has accepted its agreement. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, ZeroHash, concat, id, keccak256 } from "ethers";
import type { HDNodeWallet } from "ethers";
import { ACCEPTANCE } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { chainId, ethers, load } from "./support/chain.ts";
import {
  OTHER_QUERIER,
  OUTSIDER,
  PARAMETERS,
  PRICE,
  QUERIER,
  RELAYER,
  VETTERS,
  accept,
  acceptAgreement,
  acceptanceOf,
  publish,
  vet,
  vetQuery,
  ask,
  contextOf,
  POLICY,
  BOUNDS,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";
import {
  type DeadlineAct,
  shouldCheckSignature,
  shouldKeepDeadline,
  shouldCancelNonce,
} from "./support/signedAct.behavior.ts";
import { Capacity } from "../../workers/chain/credits.ts";
import { encodeBounds } from "../../workers/messages/descriptor.ts";

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
      assert.deepEqual(changing.sort(), [
        "acceptAgreement",
        "answer",
        "cancelNonce",
        "dispute",
        "expire",
        "prove",
        "publishKeyCopies",
        "request",
        "settle",
      ]);
    });
    it("is at the address that its query determines, so no second one can be made", async () => {
      const { query, catalogue, implementation, studies, queryHash, studyId } = await load(vetQuery);
      const policyType = studies.interface.getFunction("register").inputs[2]!;
      const { queryContract, agreementHash } = await catalogue.query(queryHash);
      assert.equal(queryContract, await query.getAddress());
      const code = await ethers.provider.getCode(queryContract);
      const { deadlineBlocks, price } = POLICY;
      const origin = [queryHash, studyId, agreementHash, await catalogue.getAddress(), deadlineBlocks, price];
      const originTypes = ["bytes32", "bytes32", "bytes32", "address", "uint64", "uint88", "uint8", "address"];
      const policyHash = keccak256(coder.encode([policyType], [POLICY]));
      const { k, sealedK, openingsBudget, organisationQuota } = POLICY;
      const binding = [policyHash, k, sealedK, openingsBudget, organisationQuota];
      const args = coder.encode(
        [...originTypes, "bytes32", "uint16", "uint16", "uint32", "uint24", "bytes", policyType],
        [...origin, Capacity.QUERIER, QUERIER.address, ...binding, encodeBounds(BOUNDS), POLICY],
      );
      const proxy = concat([
        "0x363d3d373d3d3d363d73",
        await implementation.getAddress(),
        "0x5af43d82803e903d91602b57fd5bf3",
      ]);
      assert.equal(code, concat([proxy, args]));
    });
    it("is the only thing that works: the implementation serves nobody", async () => {
      const world = await load(acceptAgreement);
      const { implementation, query, datasetIds } = world;
      const acceptance = await acceptanceOf(world, QUERIER);
      for (const act of [
        () => implementation.queryHash(),
        () => implementation.studyId(),
        () => implementation.agreementHash(),
        () => implementation.acceptAgreement(acceptance, "0x"),
        () => implementation.connect(QUERIER).cancelNonce(),
        () => implementation.connect(QUERIER).request(0, PARAMETERS, datasetIds, 0, [], { value: PRICE }),
        () => implementation.author(),
        () => implementation.price(),
      ]) {
        await reverts(act(), query, "QuerySmartContractNotClone");
      }
      const { context } = await ask(world);
      const { requestId } = context;
      const expired = implementation.expire(contextOf(context), QUERIER.address);
      await reverts(expired, query, "QuerySmartContractUnknownRequest", [requestId]);
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
  });

  async function acceptance(deadline?: bigint): Promise<DeadlineAct> {
    const world = await load(vetQuery);
    const given = await acceptanceOf(world, QUERIER);
    const message = { ...given, deadline: deadline ?? given.deadline };
    return {
      contract: world.query,
      domain: opalineDomain(chainId, await world.query.getAddress()),
      types: ACCEPTANCE,
      message,
      signer: QUERIER,
      submit: (signature) => world.query.connect(RELAYER).acceptAgreement(message, signature, { gasLimit: 1_000_000 }),
      invalid: (recovered) => ["QuerySmartContractInvalidAcceptance", [recovered, QUERIER.address]],
      expired: "QuerySmartContractAcceptanceExpired",
    };
  }
  shouldCheckSignature("Acceptance", acceptance);
  shouldKeepDeadline("Acceptance", acceptance);

  shouldCancelNonce("Acceptance", async () => {
    const world = await load(vetQuery);
    const { query } = world;
    return {
      ...(await acceptance()),
      trail: world.trail,
      nonceOf: (account) => query.nonces(account),
      cancelNonce: (by) => query.connect(by).cancelNonce(),
      cancelled: async (account) => {
        const events = await query.queryFilter(query.filters.NonceCancelled(account));
        return events.map(({ args }) => args.nonce);
      },
      subject: world.queryHash,
      organisation: "University",
      stranger: ["QuerySmartContractNotQuerier", world.queriers],
    };
  });
});
