/** Which proofs raise an answer's assurance, and that no verifier can do more than that. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroAddress, ZeroHash, concat, id, keccak256, toBeHex } from "ethers";
import {
  type RequestContext,
  type Verdict,
  statementHash,
  outputsHash,
  requestCommitment,
} from "../../workers/messages/statement.ts";
import { chainId, deployMock, ethers, load, networkHelpers } from "./support/chain.ts";
import {
  type OpenWorld,
  OUTSIDER,
  PARAMETERS,
  QUERIER,
  VERDICT,
  answer,
  ask,
  contextOf,
  openRequest,
  openSealedRequest,
  verdictOf,
  wordsOf,
} from "./support/consortium.ts";
import { ASSURANCE, deployVerifier, proofOf, withProofSystems } from "./support/proofs.ts";
import { reverts } from "./support/reverts.ts";

const { NONE, QUORUM, LINEAR_PROOF, FULL_PROOF } = ASSURANCE;
const LIE = 9;

/** An answered request, with a verifier in service for each level, and one that accepts anything. */
async function answered() {
  const world = await withProofSystems(await openRequest());
  await answer(world);
  const { registry, studyId } = world;
  const inService = async (verifier: { getAddress(): Promise<string> }, level: bigint): Promise<string> => {
    const address = await verifier.getAddress();
    await registry.ship(address, level);
    await registry.register(studyId, address, level);
    return address;
  };
  const linear = await inService(await deployVerifier(1n), LINEAR_PROOF);
  const full = await inService(await deployVerifier(2n), FULL_PROOF);
  const liar = await inService(await deployMock("HostileVerifier", LIE), FULL_PROOF);
  return { ...world, linear, full, liar, inService };
}
type Answered = Awaited<ReturnType<typeof answered>>;

type Change = {
  context?: RequestContext;
  querier?: string;
  parameters?: string;
  verdict?: Verdict;
  proof?: string;
  gasLimit?: bigint;
};

/** @param salt of the verifier whose proof is given */
async function prove(world: Answered, verifier: string, salt: bigint, change: Change = {}) {
  const {
    context = world.asked.context,
    querier = world.asked.querier,
    parameters = PARAMETERS,
    verdict = VERDICT,
  } = change;
  const proof = change.proof ?? (await proofOf(world, salt, verdict));
  const overrides = change.gasLimit === undefined ? {} : { gasLimit: change.gasLimit };
  const query = world.query.connect(OUTSIDER);
  return query.prove(verifier, contextOf(context), querier, parameters, verdictOf(verdict), proof, overrides);
}

/** That the words given, changed, are not those of the request. @param actual what the chain has */
async function refusedAsOther(act: Promise<unknown>, world: Answered, change: Change, actual = VERDICT) {
  const { asked, query } = world;
  const { context = asked.context, querier = asked.querier, verdict = VERDICT } = change;
  await reverts(act, query, "QuerySmartContractCommitmentMismatch", [
    requestCommitment(context, querier, outputsHash(verdict.outputs)),
    requestCommitment(asked.context, asked.querier, outputsHash(actual.outputs)),
  ]);
}

async function stored(world: OpenWorld) {
  const { requestId } = world.asked.context;
  const { state, assurance, suppressed, commitment } = await world.query.requestOf(requestId);
  return { state, assurance, suppressed, commitment, proofHash: await world.query.proofHashOf(requestId) };
}

describe("QuerySmartContract", () => {
  describe("prove", () => {
    it("raises the assurance of an answer, by anyone, and stores, tells and records the proof", async () => {
      const world = await load(answered);
      const { query, linear, asked, trail } = world;
      const before = await stored(world);
      await prove(world, linear, 1n);
      const proof = await proofOf(world, 1n);
      const after = await stored(world);
      assert.deepEqual([after.assurance, after.proofHash], [LINEAR_PROOF, keccak256(proof)]);
      for (const field of ["state", "commitment", "suppressed"] as const) {
        assert.equal(after[field], before[field], field);
      }
      const { requestId } = asked.context;
      const contract = await query.getAddress();
      const statement = statementHash({ chainId, contract, context: asked.context, verdict: VERDICT });
      const [event] = await query.queryFilter(query.filters.AssuranceRaised(requestId));
      assert.deepEqual([...(event?.args ?? [])], [requestId, linear, LINEAR_PROOF, keccak256(proof), statement]);
      const { args } = (await trail.queryFilter(trail.filters.Recorded(undefined, requestId))).at(-1) ?? assert.fail();
      assert.deepEqual(
        [args.act, args.actor, args.oldHash, args.newHash],
        [id("AssuranceRaised"), OUTSIDER.address, ZeroHash, keccak256(proof)],
      );
    });
    it("raises it from a linear to a full proof, and from a quorum's word to a full proof at once", async () => {
      const world = await load(answered);
      const snapshot = await networkHelpers.takeSnapshot();
      await prove(world, world.linear, 1n);
      await prove(world, world.full, 2n);
      const { assurance, proofHash } = await stored(world);
      assert.deepEqual([assurance, proofHash], [FULL_PROOF, keccak256(await proofOf(world, 2n))]);
      const { requestId } = world.asked.context;
      const records = await world.trail.queryFilter(world.trail.filters.Recorded(undefined, requestId));
      assert.equal(records.at(-1)?.args.oldHash, keccak256(await proofOf(world, 1n)));
      await snapshot.restore();
      await prove(world, world.full, 2n);
      assert.equal((await stored(world)).assurance, FULL_PROOF);
    });
    it("never lowers it nor replaces a proof of the same level", async () => {
      const world = await load(answered);
      const { requestId } = world.asked.context;
      const refused = async (verifier: string, salt: bigint, levels: readonly bigint[]): Promise<void> =>
        reverts(prove(world, verifier, salt), world.query, "QuerySmartContractAssuranceNotRaised", [
          requestId,
          ...levels,
        ]);
      await prove(world, world.linear, 1n);
      await refused(world.linear, 1n, [LINEAR_PROOF, LINEAR_PROOF]);
      await prove(world, world.full, 2n);
      await refused(world.linear, 1n, [FULL_PROOF, LINEAR_PROOF]);
      await refused(world.full, 2n, [FULL_PROOF, FULL_PROOF]);
      assert.equal((await stored(world)).proofHash, keccak256(await proofOf(world, 2n)));
    });
    it("is possible long after the answer, and after the query's end", async () => {
      const world = await load(answered);
      await world.catalogue.revoke(world.queryHash, "");
      await networkHelpers.time.increase(10 * 31_536_000);
      await networkHelpers.mine(1_000);
      await prove(world, world.linear, 1n);
      assert.equal((await stored(world)).assurance, LINEAR_PROOF);
    });
    it("takes the proof of another attempt that found the same outputs", async () => {
      const world = await load(answered);
      await prove(world, world.linear, 1n, { verdict: { ...VERDICT, attempt: 7n } });
      assert.equal((await stored(world)).assurance, LINEAR_PROOF);
    });

    it("refuses a proof that does not hold: of another attempt, of another verifier, damaged, empty", async () => {
      const world = await load(answered);
      const proof = await proofOf(world, 1n);
      for (const change of [
        { verdict: { ...VERDICT, attempt: 2n }, proof },
        { proof: await proofOf(world, 2n) },
        { proof: concat([proof, "0x00"]) },
        { proof: toBeHex(BigInt(proof) ^ 1n, 32) },
        { proof: "0x" },
      ] satisfies Change[]) {
        await reverts(prove(world, world.linear, 1n, change), world.query, "QuerySmartContractInvalidProof", [
          world.linear,
        ]);
      }
      assert.deepEqual([(await stored(world)).assurance, (await stored(world)).proofHash], [QUORUM, ZeroHash]);
    });

    describe("with a lie, however willing the verifier,", () => {
      it("about any word of the context is refused", async () => {
        const world = await load(answered);
        const { context } = world.asked;
        for (const change of [
          { studyId: id("x") },
          { queryHash: id("x") },
          { parametersHash: id("x") },
          { policyHash: id("x") },
          { datasetRoots: context.datasetRoots.slice(1) },
          { datasetRoots: [...context.datasetRoots].reverse() },
          { datasetRoots: [] },
          { committeeEpoch: 2n },
          { requestBlock: context.requestBlock + 1n },
          { consentMaskRoot: id("x") },
          { releaseClass: 1 as const },
          { recipientsHash: id("x") },
        ]) {
          const lie = { ...context, ...change };
          const act = prove(world, world.liar, 0n, { context: lie });
          await refusedAsOther(act, world, { context: lie });
        }
        const unknown = { ...context, requestId: id("x") };
        const act = prove(world, world.liar, 0n, { context: unknown });
        await reverts(act, world.query, "QuerySmartContractUnknownRequest", [id("x")]);
      });
      it("about the request, giving another's context, is refused by its outputs", async () => {
        const world = await load(answered);
        const second = { ...world, asked: await ask(world) };
        const other = { ...VERDICT, outputs: [1n] };
        await answer(second, [1, 2, 3], other);
        await refusedAsOther(prove(second, world.liar, 0n), second, {}, other);
        const { context, querier } = world.asked;
        await refusedAsOther(prove(second, world.liar, 0n, { context, verdict: other }), world, { verdict: other });
        await refusedAsOther(prove(world, world.liar, 0n, { querier: OUTSIDER.address }), world, {
          querier: OUTSIDER.address,
        });
        assert.equal(querier, second.asked.querier);
      });
      it("about the parameters is refused", async () => {
        const world = await load(answered);
        for (const parameters of ["0x", concat([PARAMETERS, "0x00"]), PARAMETERS.replace(/2$/, "0")]) {
          const act = prove(world, world.liar, 0n, { parameters });
          const expected = [keccak256(parameters), keccak256(PARAMETERS)];
          await reverts(act, world.query, "QuerySmartContractParametersMismatch", expected);
        }
      });
      it("about the outputs is refused: one, their order, their number", async () => {
        const world = await load(answered);
        const { outputs } = VERDICT;
        for (const lie of [outputs.with(0, 32n), outputs.toReversed(), outputs.slice(1), [...outputs, 0n], []]) {
          const verdict = { ...VERDICT, outputs: lie };
          await refusedAsOther(prove(world, world.liar, 0n, { verdict }), world, { verdict });
        }
      });
      it("about the rest of the verdict is refused", async () => {
        const world = await load(answered);
        for (const lie of [
          { suppressedBitmap: "0x01" },
          { sealedHash: id("x") },
          { outcome: 0 as const },
          { outcome: 3 as const },
        ]) {
          const verdict = { ...VERDICT, ...lie };
          const act = prove(world, world.liar, 0n, { verdict });
          await reverts(act, world.query, "QuerySmartContractInvalidVerdict", [verdict.outcome]);
        }
      });
    });

    it("refuses what is no answer: open, refused, failed or expired", async () => {
      const world = await load(answered);
      const refused = async (asked: OpenWorld["asked"]): Promise<void> => {
        const act = prove({ ...world, asked }, world.liar, 0n);
        await reverts(act, world.query, "QuerySmartContractNotProvable", [asked.context.requestId]);
      };
      for (const outcome of [2, 3, 4] as const) {
        const asked = await ask(world);
        await refused(asked);
        await answer({ ...world, asked }, [1, 2, 3], { ...VERDICT, outcome, outputs: [] });
        await refused(asked);
      }
      const late = await ask(world);
      await networkHelpers.mine(30);
      await world.query.expire(...wordsOf({ asked: late }));
      await refused(late);
    });
    it("refuses an answer with hidden outputs, also when the verdict given hides none", async () => {
      const world = await load(answered);
      const asked = await ask(world);
      const verdict = { ...VERDICT, suppressedBitmap: "0x01", outputs: VERDICT.outputs.with(0, 0n) };
      await answer({ ...world, asked }, [1, 2, 3], verdict);
      assert.equal((await world.query.requestOf(asked.context.requestId)).suppressed, true);
      assert.equal((await stored(world)).suppressed, false);
      for (const suppressedBitmap of ["0x01", "0x"]) {
        const act = prove({ ...world, asked }, world.liar, 0n, { verdict: { ...verdict, suppressedBitmap } });
        await reverts(act, world.query, "QuerySmartContractNotProvable", [asked.context.requestId]);
      }
    });
    it("refuses a sealed answer", async () => {
      async function sealed() {
        const world = await withProofSystems(await openSealedRequest());
        await answer(world, [1, 2, 3], { ...VERDICT, sealedHash: id("sealed") });
        const liar = await (await deployMock<{ getAddress(): Promise<string> }>("HostileVerifier", LIE)).getAddress();
        await world.registry.ship(liar, FULL_PROOF);
        await world.registry.register(world.studyId, liar, FULL_PROOF);
        return { ...world, liar };
      }
      const world = (await load(sealed)) as unknown as Answered;
      for (const sealedHash of [id("sealed"), ZeroHash]) {
        const act = prove(world, world.liar, 0n, { verdict: { ...VERDICT, sealedHash } });
        await reverts(act, world.query, "QuerySmartContractNotProvable", [world.asked.context.requestId]);
      }
    });
    it("refuses verifiers that are not in service: unregistered, retired, another study's, no contract", async () => {
      const world = await load(answered);
      const { query, registry, studyId, linear } = world;
      const stranger = await (await deployVerifier(1n)).getAddress();
      await registry.retire(studyId, linear, "");
      for (const verifier of [stranger, linear, ZeroAddress, QUERIER.address]) {
        await reverts(prove(world, verifier, 1n), query, "QuerySmartContractUnknownVerifier", [verifier]);
      }
    });
    it("leaves as it is what a verifier raised that is retired since", async () => {
      const world = await load(answered);
      await prove(world, world.linear, 1n);
      await world.registry.retire(world.studyId, world.linear, "");
      assert.equal((await stored(world)).assurance, LINEAR_PROOF);
    });
    it("refuses the implementation, which has no requests", async () => {
      const world = await load(answered);
      const query = world.implementation;
      const { requestId } = world.asked.context;
      await reverts(prove({ ...world, query }, world.liar, 0n), query, "QuerySmartContractUnknownRequest", [requestId]);
    });

    for (const [conduct, what] of [
      "reverts",
      "reverts with the word for true",
      "burns all gas it gets",
      "returns nothing",
      "returns 31 bytes",
      "returns two words",
      "returns a megabyte",
      "returns the number 2",
      "writes to its storage",
    ].entries()) {
      it(`is not moved by a verifier that ${what}, and says so`, async () => {
        const world = await load(answered);
        const hostile = await world.inService(await deployMock("HostileVerifier", conduct), FULL_PROOF);
        const before = await stored(world);
        const act = prove(world, hostile, 0n, { gasLimit: 6_000_000n });
        await reverts(act, world.query, "QuerySmartContractVerifierFailed", [hostile]);
        assert.deepEqual(await stored(world), before);
        assert.equal(before.assurance, QUORUM);
      });
    }
    it("spends no more than 5,000,000 gas on a verifier that burns it, however much there is", async () => {
      const world = await load(answered);
      const burner = await world.inService(await deployMock("HostileVerifier", 2), FULL_PROOF);
      const act = prove(world, burner, 0n, { gasLimit: 15_000_000n });
      await reverts(act, world.query, "QuerySmartContractVerifierFailed", [burner]);
      const block = await ethers.provider.getBlock("latest");
      const spent = block?.gasUsed ?? 0n;
      assert.ok(spent > 5_000_000n && spent < 5_300_000n, `${spent}`);
    });
    it("with too little gas for an honest verifier changes nothing; with more it works", async () => {
      const world = await load(answered);
      await assert.rejects(prove(world, world.linear, 1n, { gasLimit: 100_000n }));
      assert.equal((await stored(world)).assurance, QUORUM);
      await prove(world, world.linear, 1n);
      assert.equal((await stored(world)).assurance, LINEAR_PROOF);
    });
    it("says NONE of an unknown request, whose proof is nobody's", async () => {
      const world = await load(answered);
      const found = await world.query.requestOf(id("unknown"));
      assert.deepEqual([found.assurance, found.suppressed], [NONE, false]);
      assert.equal(await world.query.proofHashOf(id("unknown")), ZeroHash);
    });
  });
});
