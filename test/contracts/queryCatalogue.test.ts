import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroAddress, ZeroHash, concat, hexlify, id, keccak256, zeroPadValue, dataLength } from "ethers";
import type { HDNodeWallet } from "ethers";
import { encodeBounds, encodeDescriptor } from "../../workers/messages/descriptor.ts";
import { VETTING } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { chainId, ethers, load, networkHelpers, now } from "./support/chain.ts";
import {
  BOUNDS,
  CONSORTIUM,
  DESCRIPTOR,
  OTHER_QUERIER,
  OUTSIDER,
  OWNERS,
  POLICY,
  QUERIER,
  RELAYER,
  type QueryWorld,
  SCHEMA_HASH,
  VETTERS,
  WORKERS,
  YEAR,
  admissionOf,
  publication,
  publish,
  publishQuery,
  queryHashOf,
  registerStudy,
  vet,
  vetQuery,
  vettingOf,
  PRICE,
  activateDatasets,
} from "./support/consortium.ts";
import { reverts, revertsBare } from "./support/reverts.ts";
import {
  type DeadlineAct,
  shouldCancelNonce,
  shouldCheckSignature,
  shouldKeepDeadline,
} from "./support/signedAct.behavior.ts";
import { Capacity } from "../../workers/chain/credits.ts";

const [ETHICS_A, ETHICS_A2, ETHICS_B, OWN] = VETTERS as [HDNodeWallet, HDNodeWallet, HDNodeWallet, HDNodeWallet];
const STATE = { PUBLISHED: 1n, ACTIVE: 2n, REVOKED: 3n };

describe("QueryCatalogue", () => {
  describe("publish", () => {
    const send = async (author: HDNodeWallet, change: Partial<ReturnType<typeof publication>> = {}) => {
      const world = await load(registerStudy);
      const given = { ...publication(undefined, author.address), ...change };
      const { descriptor, sql, bounds, manifest, agreement } = given;
      const catalogue = world.catalogue.connect(author);
      return { world, given, act: catalogue.publish(world.studyId, descriptor, sql, bounds, manifest, agreement) };
    };

    it("keeps the query under its hash, descriptor and bounds as contract code", async () => {
      const { world, given, act } = await send(QUERIER);
      await act;
      const queryHash = queryHashOf(given);
      const query = await world.catalogue.query(queryHash);
      assert.equal(query.studyId, world.studyId);
      assert.equal(query.schemaHash, SCHEMA_HASH);
      assert.equal(query.author, QUERIER.address);
      assert.equal(query.state, STATE.PUBLISHED);
      assert.equal(query.queryContract, ZeroAddress);
      assert.equal(query.agreementHash, id(given.agreement));
      assert.equal(query.bounds, given.bounds);
      assert.equal(await world.catalogue.descriptor(queryHash), given.descriptor);
      assert.equal(await ethers.provider.getCode(query.descriptorCode), concat(["0x00", given.descriptor]));
      assert.equal(await world.catalogue.isActive(queryHash), false);
      assert.deepEqual([...(await world.catalogue.queries(0, 100))], [queryHash]);
      assert.equal(await world.catalogue.count(), 1n);
    });
    it("gives all texts in the event and records the act", async () => {
      const { world, given, act } = await send(QUERIER);
      await act;
      const queryHash = queryHashOf(given);
      const [event] = await world.catalogue.queryFilter(world.catalogue.filters.QueryPublished(queryHash));
      const { sql, bounds, manifest, agreement } = given;
      assert.deepEqual([...(event?.args ?? [])].slice(3), [sql, bounds, manifest, agreement]);
      const [recorded] = await world.trail.queryFilter(world.trail.filters.Recorded(undefined, queryHash));
      assert.equal(recorded?.args.act, id("QueryPublished"));
      assert.equal(recorded?.args.organisation, id("University"));
    });
    it("cannot be undone by calling the stored code", async () => {
      const { world, given, act } = await send(QUERIER);
      await act;
      const { descriptorCode } = await world.catalogue.query(queryHashOf(given));
      await (await CONSORTIUM.sendTransaction({ to: descriptorCode, data: "0xdeadbeef" })).wait();
      assert.equal(await world.catalogue.descriptor(queryHashOf(given)), given.descriptor);
    });
    it("is for vetters too", async () => {
      const { act } = await send(ETHICS_A);
      await act;
    });
    for (const [who, author] of [
      ["an outsider", OUTSIDER],
      ["a data owner", OWNERS[0] as HDNodeWallet],
      ["a worker", WORKERS[0] as HDNodeWallet],
      ["the consortium", CONSORTIUM],
    ] as const) {
      it(`refuses ${who}`, async () => {
        const { world, act } = await send(author);
        await reverts(act, world.catalogue, "QueryCatalogueNotAuthor", [author.address]);
      });
    }
    it("refuses a revoked querier", async () => {
      const world = await load(registerStudy);
      await world.queriers.revoke(QUERIER.address, "");
      await reverts(publish(world, QUERIER), world.catalogue, "QueryCatalogueNotAuthor", [QUERIER.address]);
    });
    it("refuses the same query again", async () => {
      const world = await load(publishQuery);
      const act = publish(world, QUERIER);
      await reverts(act, world.catalogue, "QueryCatalogueAlreadyPublished", [world.queryHash]);
    });
    it("refuses an unknown study", async () => {
      const world = await load(registerStudy);
      const act = publish({ ...world, studyId: ZeroHash }, QUERIER);
      await reverts(act, world.catalogue, "StudyRegistryUnknown", [ZeroHash]);
    });
    it("refuses a descriptor for another schema", async () => {
      const schemaHash = id("other");
      const { world, act } = await send(QUERIER, { descriptor: encodeDescriptor({ ...DESCRIPTOR, schemaHash }) });
      await reverts(act, world.catalogue, "QueryCatalogueSchemaMismatch", [schemaHash, SCHEMA_HASH]);
    });
    it("refuses another format", async () => {
      const { world, act } = await send(QUERIER, { descriptor: encodeDescriptor({ ...DESCRIPTOR, format: 1 }) });
      await reverts(act, world.catalogue, "QueryCatalogueUnsupportedFormat", [1]);
    });
    it("takes bounds that a query contract can carry beside a policy of most purposes, and no longer ones", async () => {
      const bound = { name: "lo", kind: 0, field: 1, decimals: 0, minimum: 0n, maximum: 9_999n } as const;
      const listing = (values: number) =>
        encodeBounds([{ ...bound, allowed: Array.from({ length: values }, (_, i) => BigInt(i)) }]);
      const least = dataLength(listing(0));
      const most = (22_848 - least) / 32;
      const fits = listing(most);
      assert.equal(dataLength(fits), 22_848);
      const purposes = Array.from({ length: 16 }, (_, i) => id(`purpose ${i}`));
      const world = await activateDatasets(4, 1, { ...POLICY, purposes });
      const { descriptor, sql, manifest, agreement } = publication();
      const send = (bounds: string) =>
        world.catalogue.connect(QUERIER).publish(world.studyId, descriptor, sql, bounds, manifest, agreement);
      const long = listing(most + 1);
      await reverts(send(long), world.catalogue, "QueryCatalogueBoundsTooLong", [dataLength(long), 22_848]);
      await send(fits);
      const queryHash = queryHashOf({ ...publication(), bounds: fits });
      for (const vetter of [ETHICS_A, ETHICS_B]) await vet({ ...world, queryHash }, vetter);
      assert.equal(await world.catalogue.isActive(queryHash), true);
    });
    it("refuses bytes after the descriptor or the bounds", async () => {
      const { descriptor, bounds } = publication();
      for (const [part, change] of [
        ["descriptor", { descriptor: concat([descriptor, ZeroHash]) }],
        ["bounds", { bounds: concat([bounds, "0x00"]) }],
      ] as const) {
        const { world, act } = await send(QUERIER, change);
        await reverts(act, world.catalogue, "QueryCatalogueNonCanonical", [part]);
      }
    });
    it("refuses bytes that do not decode", async () => {
      for (const change of [{ descriptor: "0x" }, { bounds: "0x" }, { bounds: publication().bounds.slice(0, -2) }]) {
        const { act } = await send(QUERIER, change);
        await revertsBare(act);
      }
    });
    it("refuses an operation or a kind that does not exist", async () => {
      const atoms = [{ ...DESCRIPTOR.atoms[0], op: 6 as 5 }];
      await revertsBare((await send(QUERIER, { descriptor: encodeDescriptor({ ...DESCRIPTOR, atoms }) })).act);
      const bounds = encodeBounds([{ ...BOUNDS[0], kind: 4 as 3 }]);
      await revertsBare((await send(QUERIER, { bounds })).act);
    });
    it("refuses a descriptor that does not fit in one contract", async () => {
      const column = { ...DESCRIPTOR.columns[1], name: "x".repeat(24_576) };
      const { world, act } = await send(QUERIER, {
        descriptor: encodeDescriptor({ ...DESCRIPTOR, columns: [column] }),
      });
      await reverts(act, world.catalogue, "FailedDeployment");
    });
  });

  describe("vet", () => {
    it("counts approvals and organisations, and activates when both suffice", async () => {
      const world = await load(publishQuery);
      const { catalogue, queryHash } = world;
      await vet(world, ETHICS_A);
      await vet(world, ETHICS_A2);
      let query = await catalogue.query(queryHash);
      assert.deepEqual([query.approvals, query.organisations, query.state], [2n, 1n, STATE.PUBLISHED]);
      await vet(world, ETHICS_B);
      query = await catalogue.query(queryHash);
      assert.deepEqual([query.approvals, query.organisations, query.state], [3n, 2n, STATE.ACTIVE]);
      assert.equal(await catalogue.isActive(queryHash), true);
      assert.notEqual(await ethers.provider.getCode(query.queryContract), "0x");
    });
    it("gives the new contract its query, its study and its price, the trail and the data", async () => {
      const { query, queryHash, studyId, trail, datasets } = await load(vetQuery);
      const address = await query.getAddress();
      assert.equal(await query.queryHash(), queryHash);
      assert.equal(await query.studyId(), studyId);
      assert.equal(await query.agreementHash(), id(publication().agreement));
      assert.equal(await trail.isRecorder(address), true);
      assert.equal(await query.price(), PRICE);
      assert.deepEqual([...(await query.author())], [BigInt(Capacity.QUERIER), QUERIER.address]);
      assert.equal((await datasets.queryFilter(datasets.filters.DataUserAdded(queryHash, address))).length, 1);
    });
    it("records each vetting under the vetter's name, whoever relays it", async () => {
      const world = await load(publishQuery);
      await vet(world, ETHICS_A);
      await vet(world, ETHICS_B, { approved: false });
      const { catalogue, trail, queryHash } = world;
      const vetted = await catalogue.queryFilter(catalogue.filters.QueryVetted(queryHash));
      assert.deepEqual(
        vetted.map(({ args }) => [args.vetter, args.approved]),
        [
          [ETHICS_A.address, true],
          [ETHICS_B.address, false],
        ],
      );
      const events = await trail.queryFilter(trail.filters.Recorded(undefined, queryHash));
      assert.deepEqual(events.map(({ args }) => [args.act, args.actor, args.organisation]).slice(1), [
        [id("QueryVetted"), ETHICS_A.address, id("Ethics A")],
        [id("QueryRejected"), ETHICS_B.address, id("Ethics B")],
      ]);
    });
    it("does not count a no, and lets its vetter not change its mind", async () => {
      const world = await load(publishQuery);
      await vet(world, ETHICS_A, { approved: false });
      const query = await world.catalogue.query(world.queryHash);
      assert.deepEqual([query.approvals, query.organisations, query.state], [0n, 0n, STATE.PUBLISHED]);
      assert.deepEqual([...(await world.catalogue.vettingOf(world.queryHash, ETHICS_A.address))], [2n, 0n]);
      const act = vet(world, ETHICS_A);
      await reverts(act, world.catalogue, "QueryCatalogueAlreadyVetted", [world.queryHash, ETHICS_A.address]);
    });
    it("refuses a vetter of the author's organisation", async () => {
      const world = await load(publishQuery);
      await reverts(vet(world, OWN), world.catalogue, "QueryCatalogueOwnOrganisation", [OWN.address]);
    });
    it("refuses a vetter of either organisation of an author with two", async () => {
      const world = await load(registerStudy);
      await world.queriers.admit(ETHICS_B.address, await admissionOf(ETHICS_B, "Institute"));
      const queryHash = await publish(world, ETHICS_B);
      const published = { ...world, queryHash, datasetIds: [] };
      await reverts(vet(published, ETHICS_B), world.catalogue, "QueryCatalogueOwnOrganisation", [ETHICS_B.address]);
    });
    it("refuses accounts that are no vetters", async () => {
      const world = await load(publishQuery);
      for (const signer of [OUTSIDER, OTHER_QUERIER, CONSORTIUM]) {
        await reverts(vet(world, signer), world.catalogue, "QueryCatalogueNotVetter", [signer.address]);
      }
    });
    it("refuses the signature of a vetter revoked after signing", async () => {
      const world = await load(publishQuery);
      const vetting = await vettingOf(world, ETHICS_A);
      const domain = opalineDomain(chainId, await world.catalogue.getAddress());
      const signature = await ETHICS_A.signTypedData(domain, VETTING, vetting);
      await world.vetters.revoke(ETHICS_A.address, "");
      const act = world.catalogue.vet(vetting, signature);
      await reverts(act, world.catalogue, "QueryCatalogueNotVetter", [ETHICS_A.address]);
    });
    it("refuses a query that is revoked or unknown", async () => {
      const world = await load(vetQuery);
      const { catalogue, queryHash } = world;
      await catalogue.revoke(queryHash, "");
      await reverts(vet(world, ETHICS_A2), catalogue, "QueryCatalogueClosed", [queryHash, STATE.REVOKED]);
      const unknown = { ...world, queryHash: ZeroHash };
      await reverts(vet(unknown, ETHICS_A2), catalogue, "QueryCatalogueUnknown", [ZeroHash]);
    });
    it("refuses a signature for another query", async () => {
      const world = await load(publishQuery);
      const other = { ...world, queryHash: await publish(world, QUERIER, "SELECT COUNT(*) FROM trial") };
      const vetting = await vettingOf(world, ETHICS_A);
      const domain = opalineDomain(chainId, await world.catalogue.getAddress());
      const signature = await ETHICS_A.signTypedData(domain, VETTING, vetting);
      await assert.rejects(
        world.catalogue.vet({ ...vetting, queryHash: other.queryHash }, signature),
        /QueryCatalogueInvalidSignature/,
      );
    });
    it("refuses a nonce that was used, and one that is not yet due", async () => {
      const world = await load(publishQuery);
      await vet(world, ETHICS_A);
      const other = { ...world, queryHash: await publish(world, QUERIER, "SELECT COUNT(*) FROM trial") };
      const domain = opalineDomain(chainId, await world.catalogue.getAddress());
      for (const nonce of [0n, 2n]) {
        const vetting = { ...(await vettingOf(other, ETHICS_A)), nonce };
        const act = world.catalogue.vet(vetting, await ETHICS_A.signTypedData(domain, VETTING, vetting));
        await reverts(act, world.catalogue, "InvalidAccountNonce", [ETHICS_A.address, 1n]);
      }
      await vet(other, ETHICS_A);
      assert.equal(await world.catalogue.nonces(ETHICS_A.address), 2n);
    });
    it("does not count the approval of a vetter revoked since", async () => {
      const world = await load(publishQuery);
      const { catalogue, queryHash, vetters } = world;
      await vet(world, ETHICS_A);
      await vetters.revoke(ETHICS_A.address, "conflict of interest");
      await vet(world, ETHICS_B);
      const query = await catalogue.query(queryHash);
      assert.deepEqual([query.approvals, query.organisations, query.state], [1n, 1n, STATE.PUBLISHED]);
      await vet(world, ETHICS_A2);
      const active = await catalogue.query(queryHash);
      assert.deepEqual([active.approvals, active.organisations, active.state], [2n, 2n, STATE.ACTIVE]);
    });
    it("counts the organisations of the vetters that are left", async () => {
      const world = await load(publishQuery);
      const { catalogue, queryHash, vetters } = world;
      const [first, second] = [OUTSIDER, OWNERS[0] as HDNodeWallet];
      for (const vetter of [first, second]) await vetters.admit(vetter.address, await admissionOf(vetter, "Ethics C"));
      await vet(world, ETHICS_B);
      await vetters.revoke(ETHICS_B.address, "");
      await vet(world, first);
      await vet(world, second);
      let query = await catalogue.query(queryHash);
      assert.deepEqual([query.approvals, query.organisations, query.state], [2n, 1n, STATE.PUBLISHED]);
      await vet(world, ETHICS_A);
      query = await catalogue.query(queryHash);
      assert.deepEqual([query.approvals, query.organisations, query.state], [3n, 2n, STATE.ACTIVE]);
    });
    it("does not count a vetter whose credential has expired, and counts it again once renewed", async () => {
      const world = await load(publishQuery);
      const { catalogue, queryHash, vetters } = world;
      await vet(world, ETHICS_A);
      const { expiry } = await vetters.member(ETHICS_A.address);
      for (const each of [ETHICS_A2, ETHICS_B]) {
        const admission = await admissionOf(each, each === ETHICS_B ? "Ethics B" : "Ethics A");
        await vetters.admit(each.address, { ...admission, expiry: expiry + YEAR });
      }
      await networkHelpers.time.increaseTo(expiry + 1n);
      await vet(world, ETHICS_B);
      assert.equal(await catalogue.isActive(queryHash), false);
      await vetters.admit(ETHICS_A.address, {
        ...(await admissionOf(ETHICS_A, "Ethics A")),
        expiry: expiry + YEAR,
      });
      await vet(world, ETHICS_A2);
      assert.deepEqual((await catalogue.query(queryHash)).approvals, 3n);
      assert.equal(await catalogue.isActive(queryHash), true);
    });
    it("does not count a vetter who has moved to the author's organisation", async () => {
      const world = await load(publishQuery);
      const { catalogue, queryHash, vetters } = world;
      const expiry = (await now()) + 100n;
      await vetters.admit(OUTSIDER.address, { ...(await admissionOf(OUTSIDER, "Ethics C")), expiry });
      await vet(world, OUTSIDER);
      await networkHelpers.time.increaseTo(expiry + 1n);
      await vetters.admit(OUTSIDER.address, await admissionOf(OUTSIDER, "University"));
      await vet(world, ETHICS_B);
      assert.equal(await catalogue.isActive(queryHash), false);
    });
    it("asks as many vetters as the policy says", async () => {
      async function strict(): Promise<QueryWorld> {
        return publishQuery(4, 1, { ...POLICY, vettings: 3 });
      }
      const world = await load(strict);
      await vet(world, ETHICS_A);
      await vet(world, ETHICS_B);
      assert.equal(await world.catalogue.isActive(world.queryHash), false);
      await vet(world, ETHICS_A2);
      assert.equal(await world.catalogue.isActive(world.queryHash), true);
    });
  });

  async function vetting(deadline?: bigint): Promise<DeadlineAct> {
    const world = await load(publishQuery);
    const given = await vettingOf(world, ETHICS_A);
    const message = { ...given, deadline: deadline ?? given.deadline };
    return {
      contract: world.catalogue,
      domain: opalineDomain(chainId, await world.catalogue.getAddress()),
      types: VETTING,
      message,
      signer: ETHICS_A,
      submit: (signature) => world.catalogue.connect(RELAYER).vet(message, signature, { gasLimit: 5_000_000 }),
      invalid: (recovered) => ["QueryCatalogueInvalidSignature", [recovered, ETHICS_A.address]],
      expired: "QueryCatalogueVettingExpired",
    };
  }
  shouldCheckSignature("Vetting", vetting);
  shouldKeepDeadline("Vetting", vetting);

  shouldCancelNonce("Vetting", async () => {
    const world = await load(publishQuery);
    const { catalogue } = world;
    return {
      ...(await vetting()),
      trail: world.trail,
      nonceOf: (account) => catalogue.nonces(account),
      cancelNonce: (by) => catalogue.connect(by).cancelNonce(),
      cancelled: async (account) => {
        const events = await catalogue.queryFilter(catalogue.filters.NonceCancelled(account));
        return events.map(({ args }) => args.nonce);
      },
      subject: zeroPadValue(ETHICS_A.address, 32),
      organisation: "Ethics A",
      stranger: ["QueryCatalogueNotVetter", world.vetters],
    };
  });

  describe("revoke", () => {
    it("ends a published or an active query, with its reason", async () => {
      for (const fixture of [publishQuery, vetQuery]) {
        const { catalogue, trail, queryHash } = await load<QueryWorld>(fixture);
        await catalogue.revoke(queryHash, "superseded");
        assert.equal((await catalogue.query(queryHash)).state, STATE.REVOKED);
        assert.equal(await catalogue.isActive(queryHash), false);
        const events = await trail.queryFilter(trail.filters.Recorded(undefined, queryHash));
        assert.equal(events.at(-1)?.args.act, id("QueryRevoked"));
        assert.equal(events.at(-1)?.args.reason, "superseded");
      }
    });
    it("refuses a second time, and an unknown query", async () => {
      const { catalogue, queryHash } = await load(publishQuery);
      await catalogue.revoke(queryHash, "");
      await reverts(catalogue.revoke(queryHash, ""), catalogue, "QueryCatalogueAlreadyRevoked", [queryHash]);
      await reverts(catalogue.revoke(ZeroHash, ""), catalogue, "QueryCatalogueUnknown", [ZeroHash]);
    });
    it("is for the consortium only, not for the author", async () => {
      const { catalogue, queryHash } = await load(publishQuery);
      const act = catalogue.connect(QUERIER).revoke(queryHash, "");
      await reverts(act, catalogue, "AccessManagedUnauthorized", [QUERIER.address]);
    });
  });

  describe("query and descriptor", () => {
    it("refuse an unknown query", async () => {
      const { catalogue } = await load(publishQuery);
      await reverts(catalogue.query(ZeroHash), catalogue, "QueryCatalogueUnknown", [ZeroHash]);
      await reverts(catalogue.descriptor(ZeroHash), catalogue, "QueryCatalogueUnknown", [ZeroHash]);
    });
    it("tell two queries apart that differ in their text only", async () => {
      const world = await load(publishQuery);
      const second = await publish(world, QUERIER, "SELECT 1");
      assert.notEqual(second, world.queryHash);
      assert.deepEqual([...(await world.catalogue.queries(1, 5))], [second]);
      const codes = [world.queryHash, second].map(async (hash) => world.catalogue.descriptor(hash));
      assert.equal(new Set((await Promise.all(codes)).map((code) => keccak256(hexlify(code)))).size, 1);
    });
  });
});
