/** A member's key, rotated by its old key or replaced by the consortium, and the commands that go on with the new one. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command as replaceKey } from "../../scripts/admin/replaceKey.ts";
import { command as revoke } from "../../scripts/admin/revoke.ts";
import { command as trail } from "../../scripts/auditor/trail.ts";
import { command as proveBoard } from "../../scripts/board/proveKey.ts";
import { command as rotateBoard } from "../../scripts/board/rotateKey.ts";
import { command as datasets } from "../../scripts/dataOwner/datasets.ts";
import { command as rotateOwner } from "../../scripts/dataOwner/rotateKey.ts";
import { exitCodeOf } from "../../scripts/exitCode.ts";
import { memberOfKey } from "../../scripts/memberOfKey.ts";
import { command as accept } from "../../scripts/querier/accept.ts";
import { command as publish } from "../../scripts/querier/publish.ts";
import { command as request } from "../../scripts/querier/request.ts";
import { command as rotateQuerier } from "../../scripts/querier/rotateKey.ts";
import { command as comment } from "../../scripts/vetter/comment.ts";
import { command as listForVetter } from "../../scripts/vetter/list.ts";
import { command as proveVetter } from "../../scripts/vetter/proveKey.ts";
import { command as rotateVetter } from "../../scripts/vetter/rotateKey.ts";
import { command as sign } from "../../scripts/vetter/sign.ts";
import { command as proveWorker } from "../../scripts/worker/proveKey.ts";
import { command as rotateWorker } from "../../scripts/worker/rotateKey.ts";
import { type MemberRole, memberRegistry } from "../../workers/chain/memberRegistries.ts";
import { queryCatalogue } from "../../workers/chain/queryCatalogue.ts";
import { querySmartContract } from "../../workers/chain/querySmartContract.ts";
import { type Consortium, startConsortium } from "./consortium.ts";
import { sendCall } from "../../workers/chain/governedCall.ts";
import { doneAtOnce } from "../../scripts/admin/governed.ts";

const REACH = { endpoint: "https://worker.invalid:7443" };
type Rotate = typeof rotateQuerier;
type Prove = typeof proveVetter;

describe("a member's key", () => {
  let consortium: Consortium;
  before(async () => {
    consortium = await startConsortium();
  });
  after(() => consortium.close());

  const address = (name: string): string => consortium.wallet(name).address;
  const publicKey = (name: string): string => consortium.wallet(name).signingKey.compressedPublicKey;
  const registry = (role: MemberRole) => memberRegistry(consortium.deployment, role, consortium.chain.provider);
  const rotate = (command: Rotate, from: string, to: string) =>
    command.handler({ ...consortium.as(from), newKeystore: to, newPasswordFile: "unused" }, consortium.context);
  const prove = (command: Prove, member: string, to: string, out: string, expires?: string) =>
    command.handler({ ...consortium.as(to), member, out, ...(expires && { expires }) }, consortium.context);
  const replace = (role: string, member: string, proof: string, by = "admin") =>
    replaceKey.handler({ ...consortium.as(by), role, member, proof, reason: "laptop stolen" }, consortium.context);

  for (const [role, command] of [
    ["dataOwner", rotateOwner],
    ["querier", rotateQuerier],
    ["worker", rotateWorker],
    ["vetter", rotateVetter],
    ["board", rotateBoard],
  ] as const) {
    it(`of a ${role} gives way to a new one, twice, with what others encrypt to`, async () => {
      const member = await consortium.admit(role, `${role} 1`, "Organisation", REACH);
      for (const [from, to] of [
        [`${role} 1`, `${role} 2`],
        [`${role} 2`, `${role} 3`],
      ] as const) {
        await consortium.chain.provider.send("hardhat_setBalance", [address(from), "0x8ac7230489e80000"]);
        const rotated = await rotate(command, from, to);
        assert.deepEqual(
          [rotated.member, rotated.oldKey, rotated.newKey, rotated.encryptionKey],
          [member, address(from), address(to), publicKey(to)],
        );
        const found = await registry(role).member(member);
        assert.deepEqual([found.key, found.encryptionKey], [address(to), publicKey(to)]);
        assert.equal(await registry(role).memberOf(address(to)), member);
      }
    });
  }

  it("that a querier has rotated accepts, publishes and asks as the same querier; the old one is told of the new", async () => {
    const member = await consortium.admit("querier", "searcher", "Institute");
    await consortium.admit("vetter", "north", "Board North");
    await consortium.admit("vetter", "south", "Board South");
    await consortium.admit("vetter", "inside", "Institute");
    const { deployment, chain, context, studyId } = consortium;
    const sql = "SELECT COUNT(*) FROM trial";
    await rotate(rotateQuerier, "searcher", "searcher 2");
    await chain.provider.send("hardhat_setBalance", [address("searcher 2"), "0x8ac7230489e80000"]);
    const publication = { ...consortium.as("searcher 2"), study: studyId, sql, agreement: "Only for the study." };
    const { queryHash } = await publish.handler(publication, context);
    const catalogue = queryCatalogue(deployment, chain.provider);
    assert.equal((await catalogue.query(queryHash)).author, member);

    await rotate(rotateVetter, "north", "north 2");
    await rotate(rotateVetter, "inside", "inside 2");
    await chain.provider.send("hardhat_setBalance", [address("north 2"), "0x8ac7230489e80000"]);
    const rows = await listForVetter.handler(
      { ...consortium.network, vetter: address("inside 2"), pending: true },
      context,
    );
    assert.deepEqual([rows[0]?.queryHash, rows[0]?.ownOrganisation], [queryHash, true]);
    const signAs = (name: string) =>
      sign.handler({ ...consortium.as(name), query: queryHash, name: "Dr A. Expert", reject: false }, context);
    const replaced = {
      code: "KEY_REPLACED",
      key: address("north"),
      member: address("north"),
      current: address("north 2"),
    };
    await assert.rejects(signAs("north"), (error: Error & { detail: unknown }) => {
      assert.deepEqual(error.detail, replaced);
      assert.match(error.message, /no longer signs for vetter .* --keystore$/);
      return exitCodeOf(error) === 78;
    });
    assert.equal((await signAs("north 2")).approvals, 1);
    const remark = { query: queryHash, text: "Why by single years?" };
    const commentAs = (name: string) => comment.handler({ ...consortium.as(name), ...remark }, context);
    await assert.rejects(commentAs("north"), { detail: replaced });
    assert.equal((await commentAs("north 2")).text, remark.text);
    assert.equal((await catalogue.vettingOf(queryHash, address("north"))).decision, 1);
    assert.equal((await signAs("south")).state, "ACTIVE");

    const acceptAs = (name: string) =>
      accept.handler({ ...consortium.as(name), query: queryHash, name: "Dr R.", meaning: "I accept" }, context);
    await assert.rejects(acceptAs("searcher"), { code: "KEY_REPLACED" });
    assert.equal((await acceptAs("searcher 2")).alreadyAccepted, false);
    assert.equal((await acceptAs("searcher 2")).alreadyAccepted, true);
    const { queryContract } = await catalogue.query(queryHash);
    const contract = querySmartContract(deployment, queryContract, chain.provider);
    assert.deepEqual([await contract.hasAccepted(member), await contract.nonces(member)], [true, 1n]);
    const asked = (name: string) => {
      const plain = { query: queryHash, parameter: [], dataset: [], sealTo: [], wait: false };
      return request.handler({ ...consortium.as(name), ...plain }, context);
    };
    await assert.rejects(asked("searcher"), { code: "KEY_REPLACED", message: /give that key's --keystore$/ });
    await assert.rejects(asked("searcher 2"), { code: "QUERY_NO_DATASETS" });
    assert.deepEqual(await datasets.handler({ ...consortium.network, study: studyId }, context), []);
  });

  it("that is no member's is left to the contracts to refuse", async () => {
    const { deployment, chain } = consortium;
    const connection = { deployment, provider: chain.provider };
    assert.equal(await memberOfKey(connection, "worker", address("stranger")), address("stranger"));
    await assert.rejects(rotate(rotateWorker, "stranger", "any"), {
      detail: { code: "KEY_NOT_MEMBERS", role: "worker", key: address("stranger") },
      message: /--keystore that signs for you now/,
    });
  });

  it("is not replaced by one that is or was a member's, its own included", async () => {
    const member = await consortium.admit("worker", "w used", "Operator", REACH);
    const other = await consortium.admit("worker", "w other", "Operator 2", REACH);
    await assert.rejects(rotate(rotateWorker, "w used", "w used"), {
      detail: { code: "KEY_USED", key: member, member },
      message: /create-key/,
    });
    await assert.rejects(rotate(rotateWorker, "w used", "w other"), {
      detail: { code: "KEY_USED", key: other, member: other },
    });
    assert.equal((await registry("worker").member(member)).key, member);
  });

  it("that is separate from what others encrypt to leaves that as it is", async () => {
    const wallet = consortium.wallet("board separate");
    const { deployment, chain } = consortium;
    await chain.provider.send("hardhat_setBalance", [wallet.address, "0x8ac7230489e80000"]);
    const encryptionKey = publicKey("separate encryption");
    const admission = { organisationName: "Board", expiry: 10_000_000_000n, tlsFingerprint: `0x${"00".repeat(32)}` };
    const rest = { endpoint: "", encryptionKey, purposes: [] };
    const call = memberRegistry(deployment, "board", chain.wallet).admit(wallet.address, { ...admission, ...rest });
    await sendCall(deployment, chain.wallet, call);
    assert.equal((await rotate(rotateBoard, "board separate", "board separate 2")).encryptionKey, encryptionKey);
    assert.equal((await registry("board").member(wallet.address)).encryptionKey, encryptionKey);
  });

  it("that is lost is replaced by the consortium, with what the new one has signed", async () => {
    const member = await consortium.admit("worker", "lost", "Operator 3", REACH);
    const proved = await prove(proveWorker, member, "found", "worker-proof.json");
    assert.deepEqual(
      [proved.oldKey, proved.newKey, proved.encryptionKey],
      [member, address("found"), publicKey("found")],
    );
    const text = readFileSync(proved.proof, "utf8");
    assert.doesNotMatch(text, new RegExp(consortium.wallet("found").privateKey.slice(2)));
    const replaced = doneAtOnce(await replace("worker", member, "worker-proof.json"));
    assert.deepEqual([replaced.oldKey, replaced.newKey], [member, address("found")]);
    const found = await registry("worker").member(member);
    assert.deepEqual([found.key, found.encryptionKey], [address("found"), publicKey("found")]);
    const { events } = await trail.handler({ ...consortium.network, subject: member }, consortium.context);
    const { act, reason, actor } = events.at(-1)!;
    assert.deepEqual([act, reason, actor], ["MemberKeyReplaced", "laptop stolen", address("admin")]);
  });

  it("is not replaced at anybody's word but the consortium's", async () => {
    const member = await consortium.admit("board", "board lost", "Board 2");
    await consortium.admit("querier", "nosy", "Press");
    await prove(proveBoard, member, "board found", "board-proof.json");
    const detail = { code: "GOVERNANCE_UNAUTHORISED", role: "registrar" };
    await assert.rejects(replace("board", member, "board-proof.json", "nosy"), (error: Error & { detail: object }) => {
      assert.deepEqual({ ...error.detail, ...detail }, error.detail);
      return true;
    });
  });

  describe("proof", () => {
    const path = "vetter-proof.json";
    let member: string;
    before(async () => {
      member = await consortium.admit("vetter", "vetter lost", "Board East");
      await prove(proveVetter, member, "vetter found", path);
    });
    const altered = (change: (proof: Record<string, unknown>) => void): string => {
      const proof = JSON.parse(readFileSync(join(consortium.folder, path), "utf8")) as Record<string, unknown>;
      change(proof);
      writeFileSync(join(consortium.folder, "altered.json"), JSON.stringify(proof));
      return "altered.json";
    };

    it("is not written over a file", async () => {
      const act = async () => prove(proveVetter, member, "vetter found", path);
      await assert.rejects(act, { detail: { code: "OPTION_INVALID", option: "out" } });
    });
    it("is not made for a member that is not, or no more", async () => {
      const stranger = address("stranger");
      await assert.rejects(prove(proveVetter, stranger, "vetter found", "x.json"), { code: "CHAIN_REVERTED" });
      const gone = await consortium.admit("vetter", "vetter gone", "Board West");
      const options = { ...consortium.as("admin"), role: "vetter", account: gone, reason: "left" };
      await revoke.handler(options, consortium.context);
      const detail = { code: "KEY_MEMBER_REVOKED", member: gone };
      await assert.rejects(prove(proveVetter, gone, "vetter found", "x.json"), { detail });
    });
    for (const [field, change] of [
      ["chainId", (proof) => (proof["chainId"] = "1")],
      ["role", (proof) => (proof["role"] = "querier")],
      ["registry", (proof) => (proof["registry"] = `0x${"12".repeat(20)}`)],
      ["member", (proof) => ((proof["rotation"] as Record<string, string>)["member"] = `0x${"12".repeat(20)}`)],
      ["signature", (proof) => ((proof["rotation"] as Record<string, string>)["encryptionKey"] = "0x")],
      ["signature", (proof) => (proof["signature"] = "0x")],
    ] as [string, (proof: Record<string, unknown>) => unknown][]) {
      it(`with another ${field} is refused, and nothing is sent`, async () => {
        const refused = replace("vetter", member, altered(change));
        await assert.rejects(refused, (error: Error & { detail: { code: string; field: string } }) => {
          assert.deepEqual([error.detail.code, error.detail.field], ["KEY_PROOF_REFUSED", field]);
          return /^--proof .*; nothing was sent$/.test(error.message);
        });
        assert.equal((await registry("vetter").member(member)).key, member);
      });
    }
    it("that is late is refused", async () => {
      await prove(proveVetter, member, "vetter found", "late.json", "2020-01-01");
      const refused = replace("vetter", member, "late.json");
      await assert.rejects(
        refused,
        (error: Error & { detail: { field: string } }) => error.detail.field === "deadline",
      );
    });
    it("that is none, or is not there, is named", async () => {
      writeFileSync(join(consortium.folder, "none.json"), "{}");
      for (const name of ["none.json", "absent.json"]) {
        await assert.rejects(replace("vetter", member, name), { code: "KEY_PROOF_INVALID" });
      }
    });
    it("still holds when a thief has rotated the key meanwhile", async () => {
      await rotate(rotateVetter, "vetter lost", "vetter other");
      doneAtOnce(await replace("vetter", member, path));
      assert.equal((await registry("vetter").member(member)).key, address("vetter found"));
    });
  });
});
