/** Every contract that asks who acts, when the member's key was rotated: the new key may, the old one may not. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, id, keccak256 } from "ethers";
import type { HDNodeWallet } from "ethers";
import { sealedHash } from "../../workers/messages/sealedAnswer.ts";
import { statementHash } from "../../workers/messages/statement.ts";
import { ACCEPTANCE, ANSWER, RECEIPT, VETTING } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { Capacity } from "../../workers/chain/credits.ts";
import { blockNumber, chainId, load, networkHelpers } from "./support/chain.ts";
import {
  type ActiveWorld,
  OWNERS,
  type OpenWorld,
  PARAMETERS,
  POLICY,
  PRICE,
  QUERIER,
  RELAYER,
  VERDICT,
  VETTERS,
  WORKERS,
  acceptAgreement,
  acceptanceOf,
  activate,
  activateDatasets,
  answer,
  ask,
  openRequest,
  openSealedRequest,
  publication,
  publish,
  publishQuery,
  registerStudy,
  signVerdict,
  signedSegment,
  verdictOf,
  vet,
  vetQuery,
  vettingOf,
  endedWordsOf,
  wordsOf,
} from "./support/consortium.ts";
import { NEW_KEY, rotate } from "./support/keyRotation.ts";
import { reverts } from "./support/reverts.ts";

const coder = AbiCoder.defaultAbiCoder();
const [WORKER] = WORKERS as [HDNodeWallet];
const [VETTER, , ETHICS_B] = VETTERS as [HDNodeWallet, HDNodeWallet, HDNodeWallet];
const [OWNER] = OWNERS as [HDNodeWallet];

describe("a querier's rotated key", () => {
  async function rotatedBefore() {
    const world = await vetQuery();
    await rotate(world.queriers, QUERIER, NEW_KEY);
    return world;
  }
  async function rotatedAfter() {
    const world = await acceptAgreement();
    await rotate(world.queriers, QUERIER, NEW_KEY);
    return world;
  }
  const acceptBy = async (world: ActiveWorld, key: HDNodeWallet) => {
    const acceptance = await acceptanceOf(world, QUERIER);
    const domain = opalineDomain(chainId, await world.query.getAddress());
    return world.query
      .connect(RELAYER)
      .acceptAgreement(acceptance, await key.signTypedData(domain, ACCEPTANCE, acceptance));
  };

  it("signs the agreement for the member; the old one does not", async () => {
    const world = await load(rotatedBefore);
    const old = acceptBy(world, QUERIER);
    const expected = [QUERIER.address, NEW_KEY.address];
    await reverts(old, world.query, "QuerySmartContractInvalidAcceptance", expected);
    await acceptBy(world, NEW_KEY);
    assert.equal(await world.query.hasAccepted(QUERIER.address), true);
    assert.equal(await world.query.hasAccepted(NEW_KEY.address), false);
    assert.deepEqual([await world.query.nonces(QUERIER.address), await world.query.nonces(NEW_KEY.address)], [1n, 0n]);
  });
  it("makes void what the old one signed and nobody relayed", async () => {
    const world = await load(vetQuery);
    const acceptance = await acceptanceOf(world, QUERIER);
    const domain = opalineDomain(chainId, await world.query.getAddress());
    const signature = await QUERIER.signTypedData(domain, ACCEPTANCE, acceptance);
    await rotate(world.queriers, QUERIER, NEW_KEY);
    const act = world.query.acceptAgreement(acceptance, signature);
    await reverts(act, world.query, "QuerySmartContractInvalidAcceptance", [QUERIER.address, NEW_KEY.address]);
  });
  it("asks under the member's name, with the member's acceptance, nonce and request ids", async () => {
    const world = await load(rotatedAfter);
    const { context, nonce } = await ask(world, NEW_KEY);
    const contract = await world.query.getAddress();
    const types = ["uint256", "address", "address", "uint256", "bytes32", "bytes32", "bytes32[]", "uint256"];
    const words = [chainId, contract, QUERIER.address, nonce, world.queryHash, keccak256(PARAMETERS)];
    const made = coder.encode(types, [...words, context.datasetRoots, await blockNumber()]);
    assert.equal(context.requestId, keccak256(made));
    const [told] = await world.query.queryFilter(world.query.filters.QueryRequested(context.requestId));
    assert.equal(told?.args.querier, QUERIER.address);
    const recorded = await world.trail.queryFilter(world.trail.filters.Recorded(undefined, context.requestId));
    assert.deepEqual(
      recorded.map(({ args }) => [args.act, args.actor, args.organisation]),
      [[id("QueryRequested"), QUERIER.address, id("University")]],
    );
  });
  it("takes all that the member is refunded, also what the old one paid; the old one takes nothing", async () => {
    const world = await load(acceptAgreement);
    const before = await ask(world);
    await rotate(world.queriers, QUERIER, NEW_KEY);
    const after = await ask(world, NEW_KEY);
    await networkHelpers.mine(30);
    for (const asked of [before, after]) await world.query.expire(...wordsOf({ asked }));
    const credits = [QUERIER, NEW_KEY].map(({ address }) => world.credits.credit(Capacity.QUERIER, address));
    assert.deepEqual(await Promise.all(credits), [2n * PRICE, 0n]);
    const old = world.credits.connect(QUERIER).withdraw(Capacity.QUERIER);
    await reverts(old, world.credits, "CreditsNotMember", [BigInt(Capacity.QUERIER), QUERIER.address]);
    await world.credits.connect(NEW_KEY).withdraw(Capacity.QUERIER);
    assert.equal(await world.credits.credit(Capacity.QUERIER, QUERIER.address), 0n);
  });
  it("leaves the old one nothing to ask with", async () => {
    const world = await load(rotatedAfter);
    const act = ask(world, QUERIER);
    await reverts(act, world.query, "QuerySmartContractNotQuerier", [QUERIER.address]);
  });
  it("cancels the member's nonce, which the old one cannot", async () => {
    const world = await load(rotatedAfter);
    const old = world.query.connect(QUERIER).cancelNonce();
    await reverts(old, world.query, "QuerySmartContractNotQuerier", [QUERIER.address]);
    const length = await world.trail.length();
    await world.query.connect(NEW_KEY).cancelNonce();
    assert.equal(await world.query.nonces(QUERIER.address), 2n);
    const [told] = await world.query.queryFilter(world.query.filters.NonceCancelled(QUERIER.address));
    assert.equal(told?.args.nonce, 1n);
    const [recorded] = await world.trail.queryFilter(world.trail.filters.Recorded(length));
    assert.deepEqual([recorded?.args.actor, recorded?.args.organisation], [QUERIER.address, id("University")]);
  });
  it("publishes as the member, whose organisation still vets nothing of its own", async () => {
    const world = await load(registerStudy);
    await rotate(world.queriers, QUERIER, NEW_KEY);
    const { descriptor, sql, bounds, manifest, agreement } = publication();
    const old = world.catalogue.connect(QUERIER).publish(world.studyId, descriptor, sql, bounds, manifest, agreement);
    await reverts(old, world.catalogue, "QueryCatalogueNotAuthor", [QUERIER.address]);
    const queryHash = await publish(world, NEW_KEY, undefined, QUERIER.address);
    assert.equal((await world.catalogue.query(queryHash)).author, QUERIER.address);
    const [recorded] = await world.trail.queryFilter(world.trail.filters.Recorded(undefined, queryHash));
    assert.deepEqual([recorded?.args.actor, recorded?.args.organisation], [QUERIER.address, id("University")]);
    const own = VETTERS[3] as HDNodeWallet;
    const act = vet({ ...world, queryHash, datasetIds: [] }, own);
    await reverts(act, world.catalogue, "QueryCatalogueOwnOrganisation", [own.address]);
  });
});

describe("a vetter's rotated key", () => {
  async function rotated() {
    const world = await publishQuery();
    await rotate(world.vetters, VETTER, NEW_KEY);
    return world;
  }
  const vetBy = async (world: Awaited<ReturnType<typeof publishQuery>>, key: HDNodeWallet) => {
    const vetting = await vettingOf(world, VETTER);
    const domain = opalineDomain(chainId, await world.catalogue.getAddress());
    return world.catalogue.connect(RELAYER).vet(vetting, await key.signTypedData(domain, VETTING, vetting));
  };

  it("signs for the member; the old one does not", async () => {
    const world = await load(rotated);
    const expected = [VETTER.address, NEW_KEY.address];
    await reverts(vetBy(world, VETTER), world.catalogue, "QueryCatalogueInvalidSignature", expected);
    await vetBy(world, NEW_KEY);
    assert.equal((await world.catalogue.vettingOf(world.queryHash, VETTER.address)).decision, 1n);
    assert.deepEqual(
      [await world.catalogue.nonces(VETTER.address), await world.catalogue.nonces(NEW_KEY.address)],
      [1n, 0n],
    );
    const [told] = await world.catalogue.queryFilter(world.catalogue.filters.QueryVetted(world.queryHash));
    assert.equal(told?.args.vetter, VETTER.address);
  });
  it("keeps what the old one approved, and is no second vote", async () => {
    const world = await load(publishQuery);
    await vet(world, VETTER);
    await rotate(world.vetters, VETTER, NEW_KEY);
    await vetBy(world, NEW_KEY);
    assert.equal((await world.catalogue.query(world.queryHash)).approvals, 1n);
    assert.equal(await world.catalogue.isActive(world.queryHash), false);
    await vet(world, ETHICS_B);
    assert.equal(await world.catalogue.isActive(world.queryHash), true);
  });
  it("is no vetter's name", async () => {
    const world = await load(rotated);
    const act = vet(world, NEW_KEY);
    await reverts(act, world.catalogue, "QueryCatalogueNotVetter", [NEW_KEY.address]);
  });
  it("cancels the member's nonce, and publishes as the member", async () => {
    const world = await load(rotated);
    const old = world.catalogue.connect(VETTER).cancelNonce();
    await reverts(old, world.catalogue, "QueryCatalogueNotVetter", [VETTER.address]);
    await world.catalogue.connect(NEW_KEY).cancelNonce();
    assert.equal(await world.catalogue.nonces(VETTER.address), 1n);
    const queryHash = await publish(world, NEW_KEY, "SELECT COUNT(*) FROM trial", VETTER.address);
    assert.equal((await world.catalogue.query(queryHash)).author, VETTER.address);
    const act = vet({ ...world, queryHash }, VETTERS[1] as HDNodeWallet);
    const expected = [(VETTERS[1] as HDNodeWallet).address];
    await reverts(act, world.catalogue, "QueryCatalogueOwnOrganisation", expected);
  });
});

describe("a worker's rotated key", () => {
  async function rotated() {
    const world = await openRequest();
    await rotate(world.workers, WORKER, NEW_KEY);
    return world;
  }
  const withKey = <World extends OpenWorld>(world: World): World => ({
    ...world,
    committee: [NEW_KEY, ...world.committee.slice(1)],
  });

  it("signs answers at the same point; the old one does not", async () => {
    const world = await load(rotated);
    const expected = [1, WORKER.address, NEW_KEY.address];
    await reverts(answer(world), world.query, "QuerySmartContractInvalidSigner", expected);
    await answer(withKey(world));
    assert.equal((await world.query.requestOf(world.asked.context.requestId)).state, 2n);
  });
  it("is one signature of the quorum, not two with the old one's", async () => {
    const world = await load(rotated);
    const [old] = await signVerdict(world, VERDICT, [1]);
    const current = await signVerdict(withKey(world), VERDICT, [1, 2]);
    const contract = await world.query.getAddress();
    const statement = statementHash({ chainId, contract, context: world.asked.context, verdict: VERDICT });
    const forged = await WORKER.signTypedData(opalineDomain(chainId, contract), ANSWER, { statement });
    assert.equal(old?.signature, forged);
    const twice = world.query.answer(...wordsOf(world), verdictOf(VERDICT), [current[0]!, old!, current[1]!]);
    await reverts(twice, world.query, "QuerySmartContractSignaturesNotAscending", [1]);
    const another = world.query.answer(...wordsOf(world), verdictOf(VERDICT), [
      ...current,
      { index: 3, signature: forged },
    ]);
    const third = (WORKERS[2] as HDNodeWallet).address;
    await reverts(another, world.query, "QuerySmartContractInvalidSigner", [3, WORKER.address, third]);
  });
  it("does not sign for a revoked member", async () => {
    const world = await load(rotated);
    await world.workers.revoke(WORKER.address, "");
    const expected = [1, NEW_KEY.address, NEW_KEY.address];
    await reverts(answer(withKey(world)), world.query, "QuerySmartContractInvalidSigner", expected);
  });
  it("publishes the keys of a sealed answer, also once the member is revoked; the old one does not", async () => {
    const world = await load(openSealedRequest);
    const hashes = [id("key 1"), id("key 2")];
    await answer(world, [1, 2, 3], { ...VERDICT, sealedHash: sealedHash(hashes) });
    await rotate(world.workers, WORKER, NEW_KEY);
    const words = endedWordsOf(world, VERDICT);
    const publishBy = (key: HDNodeWallet) => world.query.connect(key).publishKeyCopies(...words, 1, hashes, ["0x01"]);
    await reverts(publishBy(WORKER), world.query, "QuerySmartContractNotWorker", [WORKER.address, 1]);
    await publishBy(NEW_KEY);
    await world.workers.revoke(WORKER.address, "");
    await publishBy(NEW_KEY);
    await reverts(publishBy(WORKER), world.query, "QuerySmartContractNotWorker", [WORKER.address, 1]);
    const told = await world.query.queryFilter(world.query.filters.KeyCopiesPublished(world.asked.context.requestId));
    assert.deepEqual(
      told.map(({ args }) => args.index),
      [1n, 1n],
    );
  });
  it("signs receipts that name the member; the old one's are refused", async () => {
    const world = await load(registerStudy);
    await rotate(world.workers, WORKER, NEW_KEY);
    const { datasetId, version, segment, fileHashes, receipts, ingestProof } = await signedSegment(world, OWNER, 1n);
    const activateWith = (first: string) => {
      const signed = [first, ...receipts.slice(1)];
      return world.datasets.connect(OWNER).activate(world.studyId, version, segment, fileHashes, signed, ingestProof);
    };
    const expected = [0, WORKER.address, NEW_KEY.address];
    await reverts(activateWith(receipts[0]!), world.datasets, "DatasetRegistryInvalidReceipt", expected);
    const domain = opalineDomain(chainId, await world.datasets.getAddress());
    const receipt = { datasetId, worker: WORKER.address, fileHash: fileHashes[0] };
    await activateWith(await NEW_KEY.signTypedData(domain, RECEIPT, receipt));
    assert.equal(await world.datasets.version(datasetId), 1n);
  });
  it("takes what the member earned before and after; the old one takes nothing", async () => {
    const world = await load(openRequest);
    await answer(world);
    const later = { ...world, asked: await ask(world) };
    await world.query.settle(...endedWordsOf(world, VERDICT));
    const once = await world.credits.credit(Capacity.WORKER, WORKER.address);
    await rotate(world.workers, WORKER, NEW_KEY);
    await answer(withKey(later));
    await world.query.settle(...endedWordsOf(later, VERDICT));
    const credits = [WORKER, NEW_KEY].map(({ address }) => world.credits.credit(Capacity.WORKER, address));
    assert.deepEqual(await Promise.all(credits), [2n * once, 0n]);
    const old = world.credits.connect(WORKER).withdraw(Capacity.WORKER);
    await reverts(old, world.credits, "CreditsNotMember", [BigInt(Capacity.WORKER), WORKER.address]);
    await world.credits.connect(NEW_KEY).withdraw(Capacity.WORKER);
    assert.equal(await world.credits.credit(Capacity.WORKER, WORKER.address), 0n);
  });
});

describe("a data owner's rotated key", () => {
  it("goes on with the member's dataset; the old one does not", async () => {
    const world = await load(registerStudy);
    const datasetId = await activate(world, OWNER);
    await rotate(world.owners, OWNER, NEW_KEY);
    const next = await signedSegment(world, OWNER, 2n);
    const activateBy = (key: HDNodeWallet) =>
      world.datasets
        .connect(key)
        .activate(world.studyId, 2n, next.segment, next.fileHashes, next.receipts, next.ingestProof);
    await reverts(activateBy(OWNER), world.datasets, "DatasetRegistryInactiveOwner", [OWNER.address]);
    await activateBy(NEW_KEY);
    assert.equal(await world.datasets.version(datasetId), 2n);
    assert.equal(await world.datasets.ownerOf(datasetId), OWNER.address);
    const [, told] = await world.datasets.queryFilter(world.datasets.filters.DatasetActivated(datasetId));
    assert.equal(told?.args.owner, OWNER.address);
    const [, recorded] = await world.trail.queryFilter(world.trail.filters.Recorded(undefined, datasetId));
    assert.deepEqual([recorded?.args.actor, recorded?.args.organisation], [OWNER.address, id("Hospital 1")]);
    assert.equal(await world.datasets.count(world.studyId), 1n);
  });
  it("makes no dataset of its own", async () => {
    const world = await load(registerStudy);
    await rotate(world.owners, OWNER, NEW_KEY);
    const { datasetId, version, segment, fileHashes, receipts, ingestProof } = await signedSegment(world, OWNER, 1n);
    const act = world.datasets.connect(NEW_KEY);
    await act.activate(world.studyId, version, segment, fileHashes, receipts, ingestProof);
    assert.deepEqual([...(await world.datasets.datasets(world.studyId, 0, 9))], [datasetId]);
    const own = await world.datasets.datasetIdOf(world.studyId, NEW_KEY.address);
    assert.equal(await world.datasets.version(own), 0n);
  });
  it("takes what the member's rows earned, before and after; the old one takes nothing", async () => {
    const world = await load(openRequest);
    const earned = () => world.credits.credit(Capacity.DATA_OWNER, OWNER.address);
    await answer(world);
    await world.query.settle(...endedWordsOf(world, VERDICT));
    const once = await earned();
    await rotate(world.owners, OWNER, NEW_KEY);
    const later = { ...world, asked: await ask(world) };
    await answer(later);
    await world.query.settle(...endedWordsOf(later, VERDICT));
    assert.equal(await earned(), 2n * once);
    const old = world.credits.connect(OWNER).withdraw(Capacity.DATA_OWNER);
    await reverts(old, world.credits, "CreditsNotMember", [BigInt(Capacity.DATA_OWNER), OWNER.address]);
    await world.credits.connect(NEW_KEY).withdraw(Capacity.DATA_OWNER);
    assert.equal(await earned(), 0n);
  });
  it("pays a storage fee as the member", async () => {
    const world = await registerStudy(4, 1, { ...POLICY, storageFeePerRow: 2n });
    await rotate(world.owners, OWNER, NEW_KEY);
    const { datasetId, segment, fileHashes, receipts, ingestProof } = await signedSegment(world, OWNER, 1n);
    const act = world.datasets.connect(NEW_KEY);
    await act.activate(world.studyId, 1n, segment, fileHashes, receipts, ingestProof, { value: 200n });
    const recorded = (await world.trail.queryFilter(world.trail.filters.Recorded(undefined, datasetId))).at(-1);
    assert.deepEqual(
      [recorded?.args.act, recorded?.args.actor, recorded?.args.organisation],
      [id("StorageFeePaid"), OWNER.address, id("Hospital 1")],
    );
    assert.equal(
      (await world.datasets.contributions([await world.datasets.datasetRoot(datasetId)]))[0]?.owner,
      OWNER.address,
    );
  });
});

describe("an author's rotated key", () => {
  it("takes the author's shares as a querier; the old one takes nothing", async () => {
    const world = await load(openRequest);
    await answer(world);
    await world.query.settle(...endedWordsOf(world, VERDICT));
    assert.deepEqual([...(await world.query.author())], [BigInt(Capacity.QUERIER), QUERIER.address]);
    assert.equal(await world.credits.credit(Capacity.QUERIER, QUERIER.address), PRICE / 10n);
    await rotate(world.queriers, QUERIER, NEW_KEY);
    const old = world.credits.connect(QUERIER).withdraw(Capacity.QUERIER);
    await reverts(old, world.credits, "CreditsNotMember", [BigInt(Capacity.QUERIER), QUERIER.address]);
    await world.credits.connect(NEW_KEY).withdraw(Capacity.QUERIER);
  });
  it("takes them as a vetter, where the author is a vetter", async () => {
    const world = await load(activateDatasets);
    const author = VETTERS[3] as HDNodeWallet;
    await rotate(world.vetters, author, NEW_KEY);
    const queryHash = await publish(world, NEW_KEY, undefined, author.address);
    for (const vetter of [VETTER, ETHICS_B]) await vet({ ...world, queryHash }, vetter);
    const { queryContract } = await world.catalogue.query(queryHash);
    const query = world.implementation.attach(queryContract) as typeof world.implementation;
    assert.deepEqual([...(await query.author())], [BigInt(Capacity.VETTER), author.address]);
    await world.credits.pay([{ capacity: Capacity.VETTER, account: author.address }], [9n], { value: 9n });
    for (const key of [author, QUERIER]) {
      const act = world.credits.connect(key).withdraw(Capacity.VETTER);
      await reverts(act, world.credits, "CreditsNotMember", [BigInt(Capacity.VETTER), key.address]);
    }
    await world.credits.connect(NEW_KEY).withdraw(Capacity.VETTER);
  });
});
