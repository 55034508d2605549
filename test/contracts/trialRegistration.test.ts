/** Which rules a trial may have, and until when. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, ZeroAddress, ZeroHash, id, keccak256 } from "ethers";
import type { HDNodeWallet } from "ethers";
import { blockNumber, load } from "./support/chain.ts";
import {
  CONSORTIUM,
  OWNERS,
  QUERIER,
  SCHEMA,
  NO_RULES,
  POLICY,
  activate,
  admissionOf,
  publish,
  studyIdOf,
  DOCUMENT_HASH,
  PARTIES,
  signAgreement,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";
import {
  ALL_ACTIVE,
  BOARD,
  BOARD_ORGANISATIONS,
  CONTROL,
  INITIAL,
  type PreparedWorld,
  type Rules,
  prepareTrial,
  replaced,
} from "./support/trial.ts";

const RUNNING = 1n;
const RULES_TUPLE =
  "tuple(bytes32 studyId, bytes32 protocolHash, bytes32 analysisPlanHash, uint8 control, uint8 signatures," +
  " tuple(string name, uint16 floor, uint16 cap)[] arms, string[] strata, uint16[] allocation," +
  " tuple(uint32 minimumEnrolled, uint32 minimumResponded, uint16 futility, uint16 graduation)[] looks," +
  " tuple(bytes32 queryHash, bytes32 parametersHash, uint16[] respondedOutputs)[] sources, address[] board)";

const rulesHashOf = (rules: Rules): string => keccak256(AbiCoder.defaultAbiCoder().encode([RULES_TUPLE], [rules]));

describe("AdaptiveTrial", () => {
  describe("register", () => {
    it("fixes the rules and the first allocation, and is recorded", async () => {
      const { adaptiveTrial, trail, trialId, studyId, rules, queryHash, query } = await load(prepareTrial);
      const length = await trail.length();
      await adaptiveTrial.register(rules);
      const rulesHash = rulesHashOf(rules);
      const found = await adaptiveTrial.trial(trialId);
      assert.deepEqual(
        [found.studyId, found.state, found.looksTaken, found.decidedBlock, found.rulesHash, found.latestHash],
        [studyId, RUNNING, 0n, await blockNumber(), rulesHash, rulesHash],
      );
      const kept = await adaptiveTrial.rules(trialId);
      assert.equal(keccak256(AbiCoder.defaultAbiCoder().encode([RULES_TUPLE], [kept])), rulesHash);
      const { bps, states } = await adaptiveTrial.allocation(trialId);
      assert.deepEqual([bps.map(Number), states.map(Number)], [INITIAL, ALL_ACTIVE]);
      assert.equal(await adaptiveTrial.queryContractOf(trialId, queryHash), await query.getAddress());
      assert.equal(await adaptiveTrial.queryContractOf(trialId, id("other")), ZeroAddress);
      assert.deepEqual([await adaptiveTrial.count(), [...(await adaptiveTrial.trials(0, 10))]], [1n, [trialId]]);
      assert.deepEqual([...(await adaptiveTrial.trials(1, 10))], []);
      const [event] = await adaptiveTrial.queryFilter(adaptiveTrial.filters.TrialRegistered(trialId));
      assert.deepEqual([event?.args.studyId, event?.args.rulesHash], [studyId, rulesHash]);
      const [recorded] = await trail.queryFilter(trail.filters.Recorded(length));
      assert.deepEqual(
        [recorded?.args.act, recorded?.args.subject, recorded?.args.actor, recorded?.args.newHash],
        [id("TrialRegistered"), trialId, CONSORTIUM.address, rulesHash],
      );
    });
    it("is possible once per study", async () => {
      const { adaptiveTrial, rules, trialId } = await load(prepareTrial);
      await adaptiveTrial.register(rules);
      const other = { ...rules, protocolHash: id("other") };
      await reverts(adaptiveTrial.register(other), adaptiveTrial, "AdaptiveTrialAlreadyRegistered", [trialId]);
    });
    it("comes before the study's first dataset", async () => {
      const world = await load(prepareTrial);
      await activate(world, OWNERS[0] as HDNodeWallet);
      const act = world.adaptiveTrial.register(world.rules);
      await reverts(act, world.adaptiveTrial, "AdaptiveTrialDataExist", [world.studyId, 1n]);
    });
    it("is not kept from one study by another's data", async () => {
      const world = await load(prepareTrial);
      await world.studies.register("Other", SCHEMA, POLICY, 14, ZeroHash, NO_RULES);
      const other = studyIdOf(await world.studies.getAddress(), "Other");
      await world.committees.appoint(
        other,
        world.committee.map(({ address }) => address),
        1,
      );
      await world.agreements.publish(other, DOCUMENT_HASH, "EU", PARTIES);
      await signAgreement({ ...world, studyId: other }, OWNERS[0] as HDNodeWallet);
      await activate({ ...world, studyId: other }, OWNERS[0] as HDNodeWallet);
      await world.adaptiveTrial.register(world.rules);
    });

    async function refuses(name: string, args: readonly unknown[], change: (world: PreparedWorld) => Partial<Rules>) {
      const world = await load(prepareTrial);
      const act = world.adaptiveTrial.register({ ...world.rules, ...change(world) });
      await reverts(act, world.adaptiveTrial, name, args);
    }

    describe("refuses queries", () => {
      it("that nobody published", async () => {
        const world = await load(prepareTrial);
        const sources = [{ queryHash: id("none"), parametersHash: ZeroHash, respondedOutputs: [0] }];
        const act = world.adaptiveTrial.register({ ...world.rules, sources });
        await reverts(act, world.catalogue, "QueryCatalogueUnknown", [id("none")]);
      });
      it("that are not vetted, or were revoked", async () => {
        const world = await load(prepareTrial);
        const unvetted = await publish(world, QUERIER, "SELECT COUNT(*) FROM trial");
        const source = { queryHash: unvetted, parametersHash: ZeroHash, respondedOutputs: [0] };
        const act = world.adaptiveTrial.register({ ...world.rules, sources: [...world.rules.sources, source] });
        await reverts(act, world.adaptiveTrial, "AdaptiveTrialQueryNotActive", [unvetted]);
        await world.catalogue.revoke(world.queryHash, "");
        const revoked = world.adaptiveTrial.register(world.rules);
        await reverts(revoked, world.adaptiveTrial, "AdaptiveTrialQueryNotActive", [world.queryHash]);
      });
      it("of another study", async () => {
        const world = await load(prepareTrial);
        const rules = { ...world.rules, studyId: id("other study") };
        const args = [world.queryHash, world.studyId];
        await reverts(world.adaptiveTrial.register(rules), world.adaptiveTrial, "AdaptiveTrialQueryOfOtherStudy", args);
      });
    });

    describe("refuses boards", () => {
      it("with a member that is revoked or unknown", async () => {
        const world = await load(prepareTrial);
        await world.boards.revoke(BOARD[1]!.address, "");
        const act = world.adaptiveTrial.register(world.rules);
        await reverts(act, world.adaptiveTrial, "AdaptiveTrialInactiveMember", [BOARD[1]!.address]);
        await refuses("AdaptiveTrialInactiveMember", [CONSORTIUM.address], () => ({
          board: [CONSORTIUM.address],
          signatures: 1,
        }));
      });
      it("of one organisation, unless one signature is enough", async () => {
        const board = BOARD.slice(0, 2).map(({ address }) => address);
        await refuses("AdaptiveTrialSameOrganisation", [id(BOARD_ORGANISATIONS[0]!)], () => ({ board }));
        const world = await load(prepareTrial);
        await world.adaptiveTrial.register({ ...world.rules, board: [BOARD[0]!.address], signatures: 1 });
      });
      it("that name somebody twice, or out of order", async () => {
        const [a, b, c] = BOARD.map(({ address }) => address) as [string, string, string];
        for (const board of [[a, a, c], [b, a, c], [a, c, b], []])
          await refuses("AdaptiveTrialInvalidRules", ["board"], () => ({ board }));
      });
      it("of which not more than half must sign, or more than all", async () => {
        for (const signatures of [0, 1, 4, 255])
          await refuses("AdaptiveTrialInvalidRules", ["signatures"], () => ({ signatures }));
        await refuses("AdaptiveTrialInvalidRules", ["signatures"], () => ({
          board: BOARD.slice(1).map(({ address }) => address),
          signatures: 1,
        }));
      });
      it("of more than 16", async () => {
        const board = Array.from({ length: 17 }, (_, i) => `0x${(i + 1).toString(16).padStart(40, "0")}`);
        await refuses("AdaptiveTrialInvalidRules", ["board"], () => ({ board, signatures: 9 }));
      });
      it("of members who are admitted later", async () => {
        const world = await load(prepareTrial);
        const late = OWNERS[0] as HDNodeWallet;
        const rules = { ...world.rules, board: [late.address], signatures: 1 };
        const act = world.adaptiveTrial.register(rules);
        await reverts(act, world.adaptiveTrial, "AdaptiveTrialInactiveMember", [late.address]);
        await world.boards.admit(late.address, await admissionOf(late, "Board Three"));
        await world.adaptiveTrial.register(rules);
      });
    });

    describe("refuses rules", () => {
      const look = (change: Partial<Rules["looks"][number]>, at: number) => (world: PreparedWorld) => ({
        looks: replaced(world.rules.looks, at, { ...world.rules.looks[at]!, ...change }),
      });
      const arm = (change: Partial<Rules["arms"][number]>, at: number) => (world: PreparedWorld) => ({
        arms: replaced(world.rules.arms, at, { ...world.rules.arms[at]!, ...change }),
      });
      const outputs = (respondedOutputs: number[]) => (world: PreparedWorld) => ({
        sources: [{ ...world.rules.sources[0]!, respondedOutputs }],
      });
      const many = <Value>(count: number, one: (i: number) => Value): Value[] =>
        Array.from({ length: count }, (_, i) => one(i));

      for (const [what, field, change] of [
        ["without a protocol", "protocolHash", () => ({ protocolHash: ZeroHash })],
        ["without an analysis plan", "analysisPlanHash", () => ({ analysisPlanHash: ZeroHash })],
        ["with the control alone", "arms", ({ rules }) => ({ arms: rules.arms.slice(0, 1) })],
        ["with eleven arms", "arms", () => ({ arms: many(11, (i) => ({ name: `${i}`, floor: 1, cap: 9_999 })) })],
        ["with a control that is no arm", "control", () => ({ control: 3 })],
        ["with no least allocation to the control", "control floor", arm({ floor: 0 }, CONTROL)],
        ["with a floor above its cap", "arm bounds", arm({ floor: 7_001 }, 1)],
        ["with a cap above the whole", "arm bounds", arm({ cap: 10_001 }, 1)],
        ["with caps that leave no allocation once the other arms are gone", "arm caps", arm({ cap: 1_999 }, 2)],
        [
          "with floors above the whole",
          "arm floors",
          ({ rules }) => ({ arms: rules.arms.map((each) => ({ ...each, floor: 3_334, cap: 9_000 })) }),
        ],
        ["with an arm without a name", "arm names", arm({ name: "" }, 2)],
        ["with two arms of one name", "arm names", arm({ name: "A" }, 2)],
        ["without a stratum", "strata", () => ({ strata: [], allocation: [] })],
        ["with 17 strata", "strata", () => ({ strata: many(17, String) })],
        ["with a stratum without a name", "strata", () => ({ strata: ["", "x"] })],
        ["with two strata of one name", "strata", () => ({ strata: ["x", "x"] })],
        ["with too short an allocation", "allocation", () => ({ allocation: INITIAL.slice(1) })],
        ["with too long an allocation", "allocation", () => ({ allocation: [...INITIAL, 0] })],
        ["without a look", "looks", () => ({ looks: [] })],
        ["with 65 looks", "looks", ({ rules }) => ({ looks: many(65, () => rules.looks[0]!) })],
        ["with a look at nobody", "look minimumEnrolled", look({ minimumEnrolled: 0 }, 0)],
        ["with a look at nobody's response", "look minimumResponded", look({ minimumResponded: 0 }, 0)],
        ["with a look at fewer than before", "look minimumEnrolled", look({ minimumEnrolled: 249 }, 1)],
        ["with a look at fewer responses than before", "look minimumResponded", look({ minimumResponded: 49 }, 1)],
        ["with a futility threshold above 1", "look thresholds", look({ futility: 10_001, graduation: 0 }, 0)],
        ["with a graduation threshold above 1", "look thresholds", look({ graduation: 10_001 }, 0)],
        ["with thresholds that overlap", "look thresholds", look({ futility: 9_000 }, 0)],
        ["without a query", "sources", () => ({ sources: [] })],
        ["with nine queries", "sources", ({ rules }) => ({ sources: many(9, () => rules.sources[0]!) })],
        ["without outputs that count responses", "source respondedOutputs", outputs([])],
        ["with an output counted twice", "source respondedOutputs", outputs([0, 3, 3])],
        ["with outputs out of order", "source respondedOutputs", outputs([3, 0])],
        ["with 257 outputs", "source respondedOutputs", outputs(many(257, (i) => i))],
      ] satisfies [string, string, (world: PreparedWorld) => Partial<Rules>][]) {
        it(what, () => refuses("AdaptiveTrialInvalidRules", [field], change));
      }

      it("whose first allocation is outside floors and caps, or not the whole", async () => {
        for (const [cellAt, bps, args] of [
          [0, 1_999, [0, 0, 1_999, 2_000, 8_000]],
          [4, 7_001, [1, 1, 7_001, 500, 7_000]],
        ] as const) {
          const allocation = replaced(INITIAL, cellAt, bps);
          await refuses("AdaptiveTrialAllocationOutOfBounds", args, () => ({ allocation }));
        }
        for (const [cellAt, bps, args] of [
          [1, 3_001, [0, 10_001]],
          [5, 2_999, [1, 9_999]],
        ] as const)
          await refuses("AdaptiveTrialAllocationSum", args, () => ({ allocation: replaced(INITIAL, cellAt, bps) }));
      });
    });

    it("takes many arms and strata, and rules of no more than fits into a contract's code", async () => {
      const world = await load(prepareTrial);
      const arms = Array.from({ length: 10 }, (_, i) => ({ name: `arm ${i}`, floor: i === 0 ? 1_000 : 0, cap: 9_000 }));
      const strata = Array.from({ length: 16 }, (_, i) => `stratum ${i}`);
      const sources = Array.from({ length: 4 }, () => ({
        ...world.rules.sources[0]!,
        respondedOutputs: Array.from({ length: 64 }, (_, i) => i),
      }));
      const rules = {
        ...world.rules,
        ...{ arms, strata, sources },
        allocation: strata.flatMap(() => arms.map(() => 1_000)),
        looks: Array.from({ length: 16 }, () => world.rules.looks[0]!),
      };
      const most = Array.from({ length: 256 }, (_, i) => i);
      const longer = { ...rules, sources: sources.map((source) => ({ ...source, respondedOutputs: most })) };
      await reverts(world.adaptiveTrial.register(longer), world.adaptiveTrial, "FailedDeployment");
      await world.adaptiveTrial.register(rules);
      assert.equal((await world.adaptiveTrial.allocation(world.trialId)).bps.length, 160);
    });
  });

  describe("views", () => {
    it("of a trial that does not exist say so", async () => {
      const { adaptiveTrial } = await load(prepareTrial);
      const unknown = id("no trial");
      for (const view of ["trial", "rules", "allocation"] as const)
        await reverts(adaptiveTrial[view](unknown), adaptiveTrial, "AdaptiveTrialUnknown", [unknown]);
    });
    it("name a trial after its chain, contract and study", async () => {
      const { adaptiveTrial, studyId } = await load(prepareTrial);
      const words = [31_337n, await adaptiveTrial.getAddress(), studyId];
      const expected = keccak256(AbiCoder.defaultAbiCoder().encode(["uint256", "address", "bytes32"], words));
      assert.equal(await adaptiveTrial.trialIdOf(studyId), expected);
    });
  });
});
