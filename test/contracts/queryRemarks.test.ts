/** What vetters and authors say about a query, and which query takes over from another. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash, hexlify, id, toUtf8Bytes } from "ethers";
import type { HDNodeWallet } from "ethers";
import { chainId, load, networkHelpers, now } from "./support/chain.ts";
import {
  type ActiveWorld,
  CONSORTIUM,
  OTHER_QUERIER,
  OUTSIDER,
  PARAMETERS,
  NO_RULES,
  POLICY,
  PRICE,
  QUERIER,
  SCHEMA,
  VETTERS,
  WORKERS,
  acceptAgreement,
  admissionOf,
  answer,
  openRequest,
  publication,
  publish,
  publishQuery,
  studyIdOf,
  vet,
  vetQuery,
  vettingOf,
} from "./support/consortium.ts";
import { VETTING } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { reverts } from "./support/reverts.ts";

const [ETHICS_A, , ETHICS_B, OWN] = VETTERS as [HDNodeWallet, HDNodeWallet, HDNodeWallet, HDNodeWallet];
const STATE = { PUBLISHED: 1n, ACTIVE: 2n, REVOKED: 3n, SUPERSEDED: 4n };
const MOST = 2_000;

describe("QueryCatalogue", () => {
  describe("comment of a vetting", () => {
    it("is due in a rejection, and at most 2,000 bytes", async () => {
      const world = await load(publishQuery);
      const name = "QueryCatalogueCommentLength";
      for (const [approved, comment] of [
        [false, ""],
        [false, "x".repeat(MOST + 1)],
        [true, "x".repeat(MOST + 1)],
        [true, "é".repeat(MOST / 2 + 1)],
      ] as const) {
        const act = vet(world, ETHICS_A, { approved, comment });
        await reverts(act, world.catalogue, name, [toUtf8Bytes(comment).length, MOST]);
      }
      await vet(world, ETHICS_A, { approved: true, comment: "x".repeat(MOST) });
      await vet(world, ETHICS_B, { approved: false, comment: "x" });
    });
    it("is the vetter's own: a relayer can neither drop it nor give another", async () => {
      const world = await load(publishQuery);
      const { catalogue } = world;
      const vetting = await vettingOf(world, ETHICS_A, { approved: false, comment: "Age in days tells who it is." });
      const domain = opalineDomain(chainId, await catalogue.getAddress());
      const signature = await ETHICS_A.signTypedData(domain, VETTING, vetting);
      for (const comment of ["No.", "Age in days tells who it is"]) {
        await assert.rejects(catalogue.vet({ ...vetting, comment }, signature), /QueryCatalogueInvalidSignature/);
      }
      await catalogue.vet(vetting, signature);
      const [event] = await catalogue.queryFilter(catalogue.filters.QueryVetted(world.queryHash));
      assert.equal(event?.args.comment, vetting.comment);
    });
  });

  describe("comment", () => {
    it("is told and recorded, of the author and of any vetter, before and after the vetting and after the end", async () => {
      const world = await load(publishQuery);
      const { catalogue, queryHash, trail } = world;
      const said: [string, string, string][] = [];
      const say = async (who: HDNodeWallet, organisation: string): Promise<void> => {
        const text = `remark ${said.length}`;
        await catalogue.connect(who).comment(queryHash, text);
        said.push([who.address, text, id(organisation)]);
      };
      await say(ETHICS_A, "Ethics A");
      await say(QUERIER, "University");
      for (const vetter of [ETHICS_A, ETHICS_B]) await vet(world, vetter);
      await say(OWN, "University");
      await catalogue.revoke(queryHash, "");
      await say(QUERIER, "University");
      const told = await catalogue.queryFilter(catalogue.filters.QueryCommented(queryHash));
      assert.deepEqual(
        told.map(({ args }) => [args.account, args.text]),
        said.map(([who, text]) => [who, text]),
      );
      const records = await trail.queryFilter(trail.filters.Recorded(undefined, queryHash));
      assert.deepEqual(
        records
          .filter(({ args }) => args.act === id("QueryCommented"))
          .map(({ args }) => [args.actor, args.organisation, args.newHash]),
        said.map(([who, text, organisation]) => [who, organisation, id(text)]),
      );
    });
    it("changes nothing else", async () => {
      const { catalogue, queryHash } = await load(vetQuery);
      const before = await catalogue.query(queryHash);
      await catalogue.connect(ETHICS_A).comment(queryHash, "I regret this.");
      assert.deepEqual([...(await catalogue.query(queryHash))], [...before]);
      assert.deepEqual((await catalogue.vettingOf(queryHash, ETHICS_A.address)).decision, 1n);
    });
    it("has 1 to 2,000 bytes", async () => {
      const { catalogue, queryHash } = await load(publishQuery);
      const as = catalogue.connect(QUERIER);
      for (const text of ["", "x".repeat(MOST + 1)]) {
        await reverts(as.comment(queryHash, text), catalogue, "QueryCatalogueCommentLength", [text.length, MOST]);
      }
      await as.comment(queryHash, "x".repeat(MOST));
    });
    it("is refused to all others, and to vetters and authors revoked", async () => {
      const { catalogue, queryHash, vetters, queriers } = await load(publishQuery);
      const refused = async (who: HDNodeWallet, error: string, args: unknown[]): Promise<void> =>
        reverts(catalogue.connect(who).comment(queryHash, "Hear me."), catalogue, error, args);
      await vetters.revoke(ETHICS_A.address, "");
      for (const who of [OTHER_QUERIER, CONSORTIUM, OUTSIDER, WORKERS[0] as HDNodeWallet, ETHICS_A]) {
        await refused(who, "QueryCatalogueNotAuthorOf", [queryHash, who.address]);
      }
      await queriers.revoke(QUERIER.address, "");
      await refused(QUERIER, "QueryCatalogueNotAuthor", [QUERIER.address]);
    });
    it("is refused of a query that was never published", async () => {
      const { catalogue } = await load(publishQuery);
      await reverts(catalogue.connect(ETHICS_A).comment(ZeroHash, "x"), catalogue, "QueryCatalogueUnknown", [ZeroHash]);
    });
  });

  const nextQuery = async (world: ActiveWorld, sql: string, author = QUERIER): Promise<string> => {
    const queryHash = await publish(world, author, sql);
    for (const vetter of [ETHICS_A, ETHICS_B]) await vet({ ...world, queryHash }, vetter);
    return queryHash;
  };
  async function twoActive() {
    const world = await acceptAgreement();
    return { ...world, successor: await nextQuery(world, "SELECT 2") };
  }

  describe("supersede", () => {
    it("ends the older query, names its successor, and is recorded under the author's name", async () => {
      const { catalogue, queryHash, successor, trail } = await load(twoActive);
      assert.equal(await catalogue.successorOf(queryHash), ZeroHash);
      await catalogue.connect(QUERIER).supersede(queryHash, successor);
      const query = await catalogue.query(queryHash);
      assert.deepEqual([query.state, query.successor], [STATE.SUPERSEDED, successor]);
      assert.equal(await catalogue.successorOf(queryHash), successor);
      assert.deepEqual([await catalogue.isActive(queryHash), await catalogue.isActive(successor)], [false, true]);
      const [event] = await catalogue.queryFilter(catalogue.filters.QuerySuperseded(queryHash, successor));
      assert.ok(event);
      const { args } = (await trail.queryFilter(trail.filters.Recorded(undefined, queryHash))).at(-1)!;
      assert.deepEqual(
        [args.act, args.actor, args.organisation, args.oldHash, args.newHash],
        [id("QuerySuperseded"), QUERIER.address, id("University"), queryHash, successor],
      );
    });
    it("is the consortium's too, whoever published the two, recorded under its account", async () => {
      const world = await load(acceptAgreement);
      const { catalogue, queryHash, trail } = world;
      const successor = await nextQuery(world, "SELECT 2", OTHER_QUERIER);
      await catalogue.supersedeForAuthor(queryHash, successor);
      assert.equal((await catalogue.query(queryHash)).state, STATE.SUPERSEDED);
      const { args } = (await trail.queryFilter(trail.filters.Recorded(undefined, queryHash))).at(-1)!;
      assert.deepEqual([args.act, args.actor, args.newHash], [id("QuerySuperseded"), CONSORTIUM.address, successor]);
    });
    it("lets open requests run to their end, and takes no more", async () => {
      const world = await load(openRequest);
      const { catalogue, queryHash, query, datasetIds, asked } = world;
      await catalogue.connect(QUERIER).supersede(queryHash, await nextQuery(world, "SELECT 2"));
      const act = query.request(0, PARAMETERS, datasetIds, 0, [], { value: PRICE });
      await reverts(act, query, "DatasetRegistryInactiveQuery", [queryHash]);
      assert.equal(await world.datasets.servedUntil(queryHash), 0n);
      await answer(world);
      assert.equal((await query.requestOf(asked.context.requestId)).state, 2n);
    });
    it("gives chains that end", async () => {
      const world = await load(twoActive);
      const { catalogue, queryHash, successor } = world;
      const third = await nextQuery(world, "SELECT 3");
      const as = catalogue.connect(QUERIER);
      await as.supersede(queryHash, successor);
      await as.supersede(successor, third);
      assert.equal(await catalogue.successorOf(await catalogue.successorOf(queryHash)), third);
      assert.equal(await catalogue.successorOf(third), ZeroHash);
      for (const older of [queryHash, successor]) {
        await reverts(as.supersede(third, older), catalogue, "QueryCatalogueNotActive", [older, STATE.SUPERSEDED]);
      }
    });
    it("is for good: no second time, no vetting, no way back but the consortium's end", async () => {
      const world = await load(twoActive);
      const { catalogue, queryHash, successor } = world;
      const as = catalogue.connect(QUERIER);
      await as.supersede(queryHash, successor);
      const closed = [queryHash, STATE.SUPERSEDED];
      await reverts(as.supersede(queryHash, successor), catalogue, "QueryCatalogueNotActive", closed);
      await reverts(catalogue.supersedeForAuthor(queryHash, successor), catalogue, "QueryCatalogueNotActive", closed);
      await reverts(vet(world, VETTERS[1] as HDNodeWallet), catalogue, "QueryCatalogueClosed", closed);
      const { descriptor, sql, bounds, manifest, agreement } = publication();
      const again = as.publish(world.studyId, descriptor, sql, bounds, manifest, agreement);
      await reverts(again, catalogue, "QueryCatalogueAlreadyPublished", [queryHash]);
      await catalogue.revoke(successor, "");
      assert.equal(await catalogue.isActive(queryHash), false);
      await catalogue.revoke(queryHash, "wrong in fact");
      const query = await catalogue.query(queryHash);
      assert.deepEqual([query.state, query.successor], [STATE.REVOKED, successor]);
    });
    it("is refused to all but the author of both, while active", async () => {
      const world = await load(twoActive);
      const { catalogue, queryHash, successor, queriers } = world;
      for (const who of [OTHER_QUERIER, CONSORTIUM, ETHICS_A, OUTSIDER]) {
        const act = catalogue.connect(who).supersede(queryHash, successor);
        await reverts(act, catalogue, "QueryCatalogueNotAuthorOf", [successor, who.address]);
      }
      const foreign = await nextQuery(world, "SELECT 4", OTHER_QUERIER);
      const by = (who: HDNodeWallet) => catalogue.connect(who).supersede(queryHash, foreign);
      await reverts(by(QUERIER), catalogue, "QueryCatalogueNotAuthorOf", [foreign, QUERIER.address]);
      await reverts(by(OTHER_QUERIER), catalogue, "QueryCatalogueNotAuthorOf", [queryHash, OTHER_QUERIER.address]);
      await queriers.revoke(QUERIER.address, "");
      const act = catalogue.connect(QUERIER).supersede(queryHash, successor);
      await reverts(act, catalogue, "QueryCatalogueNotAuthor", [QUERIER.address]);
    });
    it("is refused by a query that takes no requests: published, lapsed, superseded or revoked", async () => {
      const world = await load(twoActive);
      const { catalogue, queryHash, successor } = world;
      const as = catalogue.connect(QUERIER);
      const published = await publish(world, QUERIER, "SELECT 5");
      const notYet = [published, STATE.PUBLISHED];
      await reverts(as.supersede(queryHash, published), catalogue, "QueryCatalogueNotActive", notYet);
      const short = await publish(world, QUERIER, "SELECT 6");
      const validUntil = (await now()) + 100n;
      for (const vetter of [ETHICS_A, ETHICS_B]) await vet({ ...world, queryHash: short }, vetter, { validUntil });
      await networkHelpers.time.increaseTo(validUntil + 1n);
      await reverts(as.supersede(queryHash, short), catalogue, "QueryCatalogueNotActive", [short, STATE.ACTIVE]);
      await as.supersede(short, successor);
      await reverts(as.supersede(queryHash, short), catalogue, "QueryCatalogueNotActive", [short, STATE.SUPERSEDED]);
      await catalogue.revoke(successor, "");
      const revoked = [successor, STATE.REVOKED];
      await reverts(as.supersede(queryHash, successor), catalogue, "QueryCatalogueNotActive", revoked);
    });
    it("is refused of a query that was never active, or was revoked", async () => {
      const world = await load(twoActive);
      const { catalogue, queryHash, successor } = world;
      const as = catalogue.connect(QUERIER);
      const published = await publish(world, QUERIER, "SELECT 5");
      const never = [published, STATE.PUBLISHED];
      await reverts(as.supersede(published, successor), catalogue, "QueryCatalogueNotActive", never);
      await catalogue.revoke(queryHash, "");
      const revoked = [queryHash, STATE.REVOKED];
      await reverts(as.supersede(queryHash, successor), catalogue, "QueryCatalogueNotActive", revoked);
    });
    it("is refused by itself, and by a query of another study", async () => {
      const world = await load(twoActive);
      const { catalogue, queryHash, studies } = world;
      const itself = catalogue.connect(QUERIER).supersede(queryHash, queryHash);
      await reverts(itself, catalogue, "QueryCatalogueInvalidSuccessor", [queryHash, queryHash]);
      await studies.register("Other trial", SCHEMA, POLICY, 14, ZeroHash, NO_RULES);
      const studyId = studyIdOf(await studies.getAddress(), "Other trial");
      const foreign = await nextQuery({ ...world, studyId }, "SELECT 7");
      for (const act of [
        () => catalogue.connect(QUERIER).supersede(queryHash, foreign),
        () => catalogue.supersedeForAuthor(queryHash, foreign),
      ]) {
        await reverts(act(), catalogue, "QueryCatalogueInvalidSuccessor", [queryHash, foreign]);
      }
    });
    it("is refused of or by a query that was never published", async () => {
      const { catalogue, queryHash } = await load(twoActive);
      const as = catalogue.connect(QUERIER);
      await reverts(as.supersede(queryHash, ZeroHash), catalogue, "QueryCatalogueUnknown", [ZeroHash]);
      await reverts(as.supersede(ZeroHash, queryHash), catalogue, "QueryCatalogueUnknown", [ZeroHash]);
      const byConsortium = catalogue.supersedeForAuthor(hexlify(toUtf8Bytes("x".repeat(32))), queryHash);
      await reverts(byConsortium, catalogue, "QueryCatalogueUnknown", [hexlify(toUtf8Bytes("x".repeat(32)))]);
    });
    it("is for an author that is a vetter, too", async () => {
      const world = await load(acceptAgreement);
      const { vetters, catalogue } = world;
      await vetters.admit(OUTSIDER.address, await admissionOf(OUTSIDER, "Ethics C"));
      const [older, newer] = [
        await nextQuery(world, "SELECT 8", OUTSIDER),
        await nextQuery(world, "SELECT 9", OUTSIDER),
      ];
      await catalogue.connect(OUTSIDER).supersede(older, newer);
      assert.equal(await catalogue.successorOf(older), newer);
    });
  });
});
