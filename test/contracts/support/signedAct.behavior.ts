/** What every contract that checks a signature promises, whatever was signed. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TypedDataEncoder, id, recoverAddress, toBeHex } from "ethers";
import type { HDNodeWallet, TypedDataDomain, TypedDataField } from "ethers";
import type { AuditTrail } from "../../../types/audit/AuditTrail.ts";
import type { MemberRegistry } from "../../../types/identity/MemberRegistry.ts";
import { ethers, networkHelpers, now } from "./chain.ts";
import { CONSORTIUM, OUTSIDER } from "./consortium.ts";
import { type Reverting, reverts } from "./reverts.ts";
import { compact, highS, withTrailingByte, withV, zeroSignature } from "./signatures.ts";

export type SignedAct = {
  readonly contract: Reverting;
  readonly domain: TypedDataDomain;
  readonly types: Record<string, TypedDataField[]>;
  readonly message: Record<string, unknown>;
  readonly signer: HDNodeWallet;
  /** Sends the act with this signature and everything else right. */
  readonly submit: (signature: string) => Promise<unknown>;
  /** The error for a signature by somebody else, and its arguments. */
  readonly invalid: (recovered: string) => readonly [name: string, args: readonly unknown[]];
};

/** An act whose signature says until when it may be relayed. */
export type DeadlineAct = SignedAct & {
  /** The error for a late one; its argument is the deadline. */
  readonly expired: string;
};

/** An act that uses up its signer's nonce, which the signer may do first. */
export type CancellableAct = SignedAct & {
  readonly trail: AuditTrail;
  readonly nonceOf: (account: string) => Promise<bigint>;
  readonly cancelNonce: (by: HDNodeWallet) => Promise<unknown>;
  /** The nonces that NonceCancelled named for the account. */
  readonly cancelled: (account: string) => Promise<bigint[]>;
  /** What the cancellation is recorded about, and the organisation it is recorded under. */
  readonly subject: string;
  readonly organisation: string;
  /** The error for an account that the registry never admitted. */
  readonly stranger: readonly [name: string, registry: MemberRegistry];
};

/** @param prepare leaves the chain one right signature away from success */
export function shouldCheckSignature(name: string, prepare: () => Promise<SignedAct>): void {
  describe(`${name} signature`, () => {
    const sign = async ({ signer, domain, types, message }: SignedAct): Promise<string> =>
      signer.signTypedData(domain, types, message);

    /** Whom the contract recovers when it was signed under another domain, type or message. */
    async function refusesForgery(act: SignedAct, signature: string): Promise<void> {
      const digest = TypedDataEncoder.hash(act.domain, act.types, act.message);
      const recovered = recoverAddress(digest, signature);
      assert.notEqual(recovered, act.signer.address);
      await reverts(act.submit(signature), act.contract, ...act.invalid(recovered));
    }

    it("is taken when it is right", async () => {
      const act = await prepare();
      await act.submit(await sign(act));
    });
    it("of somebody else is refused", async () => {
      const act = await prepare();
      await refusesForgery(act, await OUTSIDER.signTypedData(act.domain, act.types, act.message));
    });
    for (const [what, change] of [
      ["another chain", { chainId: 1n }],
      ["another contract", { verifyingContract: "0x000000000000000000000000000000000000dEaD" }],
      ["another version", { version: "2" }],
      ["another name", { name: "opaline" }],
    ] as const) {
      it(`for ${what} is refused`, async () => {
        const act = await prepare();
        await refusesForgery(act, await sign({ ...act, domain: { ...act.domain, ...change } }));
      });
    }
    it("over another struct with the same fields is refused", async () => {
      const act = await prepare();
      const [[, fields] = ["", []], ...nested] = Object.entries(act.types);
      await refusesForgery(act, await sign({ ...act, types: { ...Object.fromEntries(nested), Other: fields } }));
    });
    it("with a changed field is refused, whichever field it is", async () => {
      const act = await prepare();
      const snapshot = await ethers.provider.send("evm_snapshot", []);
      const [primary = ""] = Object.keys(act.types);
      for (const message of otherMessages(act.message, primary, act.types)) {
        await refusesForgery(act, await sign({ ...act, message }));
      }
      await ethers.provider.send("evm_revert", [snapshot]);
    });
    it("with a high s is refused", async () => {
      const act = await prepare();
      const { signature, s } = highS(await sign(act));
      await reverts(act.submit(signature), act.contract, "ECDSAInvalidSignatureS", [s]);
    });
    it("of 64 bytes is refused", async () => {
      const act = await prepare();
      await reverts(act.submit(compact(await sign(act))), act.contract, "ECDSAInvalidSignatureLength", [64n]);
    });
    it("of 66 bytes is refused", async () => {
      const act = await prepare();
      await reverts(act.submit(withTrailingByte(await sign(act))), act.contract, "ECDSAInvalidSignatureLength", [66n]);
    });
    it("of no bytes is refused", async () => {
      const act = await prepare();
      await reverts(act.submit("0x"), act.contract, "ECDSAInvalidSignatureLength", [0n]);
    });
    for (const v of [0, 1, 26, 29, 255]) {
      it(`with v = ${v} is refused`, async () => {
        const act = await prepare();
        await reverts(act.submit(withV(await sign(act), v)), act.contract, "ECDSAInvalidSignature");
      });
    }
    it("that recovers to the zero address is refused", async () => {
      const act = await prepare();
      await reverts(act.submit(zeroSignature()), act.contract, "ECDSAInvalidSignature");
    });
  });
}

/** @param prepare as above, for a message with this deadline (unix seconds); `submit` must not estimate its gas */
export function shouldKeepDeadline(name: string, prepare: (deadline: bigint) => Promise<DeadlineAct>): void {
  describe(`${name} deadline`, () => {
    for (const [when, offset, taken] of [
      ["a second before", -1n, true],
      ["in the second of", 0n, true],
      ["a second after", 1n, false],
    ] as const) {
      it(`${taken ? "lets in" : "keeps out"} a signature that arrives ${when} it`, async () => {
        await prepare(0n);
        const deadline = (await now()) + 100n;
        const act = await prepare(deadline);
        const signature = await act.signer.signTypedData(act.domain, act.types, act.message);
        await networkHelpers.time.setNextBlockTimestamp(deadline + offset);
        if (taken) await act.submit(signature);
        else await reverts(act.submit(signature), act.contract, act.expired, [deadline]);
      });
    }
  });
}

/** @param prepare leaves the chain one right signature away from success */
export function shouldCancelNonce(name: string, prepare: () => Promise<CancellableAct>): void {
  describe(`${name} cancelNonce`, () => {
    const prepared = async () => {
      const act = await prepare();
      const { signer, domain, types, message } = act;
      const nonce = await act.nonceOf(signer.address);
      const cancel = (by = signer): Promise<unknown> => act.cancelNonce(by);
      return { ...act, nonce, cancel, signature: await signer.signTypedData(domain, types, message) };
    };

    it("withdraws what was signed with the next nonce", async () => {
      const { contract, signer, nonce, cancel, submit, signature } = await prepared();
      await cancel();
      await reverts(submit(signature), contract, "InvalidAccountNonce", [signer.address, nonce + 1n]);
    });
    it("is told and recorded under the signer's name", async () => {
      const { nonceOf, cancelled, trail, signer, nonce, cancel, subject, organisation } = await prepared();
      const length = await trail.length();
      await cancel();
      assert.equal(await nonceOf(signer.address), nonce + 1n);
      assert.deepEqual(await cancelled(signer.address), [nonce]);
      const [recorded] = await trail.queryFilter(trail.filters.Recorded(length));
      const { args } = recorded ?? assert.fail("nothing recorded");
      assert.deepEqual(
        [args.act, args.subject, args.actor, args.organisation, args.oldHash, args.newHash],
        [
          id("NonceCancelled"),
          subject.toLowerCase(),
          signer.address,
          id(organisation),
          toBeHex(nonce, 32),
          toBeHex(nonce + 1n, 32),
        ],
      );
    });
    it("by somebody else changes nothing for the signer", async () => {
      const { stranger, cancel, contract, submit, signature } = await prepared();
      for (const by of [OUTSIDER, CONSORTIUM]) await reverts(cancel(by), contract, stranger[0], [by.address]);
      await submit(signature);
    });
    it("is open to a member that was revoked", async () => {
      const { stranger, signer, nonceOf, nonce, cancel } = await prepared();
      await stranger[1].revoke(signer.address, "");
      await cancel();
      assert.equal(await nonceOf(signer.address), nonce + 1n);
    });
  });
}

/** The message with one field changed, for each field, those of structs inside included. */
function otherMessages(
  message: Readonly<Record<string, unknown>>,
  struct: string,
  types: SignedAct["types"],
): Record<string, unknown>[] {
  return (types[struct] ?? []).flatMap(({ name, type }) => {
    const inside = type in types ? otherMessages(message[name] as Record<string, unknown>, type, types) : undefined;
    const others = inside ?? [otherValue(message[name], type)];
    return others.map((other) => ({ ...message, [name]: other }));
  });
}

function otherValue(value: unknown, type: string): unknown {
  if (type.endsWith("[]")) {
    const [first = 0n, ...rest] = value as unknown[];
    return [otherValue(first, type.slice(0, -2)), ...rest];
  }
  if (type === "string") return `${String(value)}.`;
  if (type === "bool") return !(value as boolean);
  if (type === "bytes") return `${String(value)}00`;
  if (type === "address") return "0x000000000000000000000000000000000000dEaD";
  const bits = type === "bytes32" ? 256 : Number(type.slice(4));
  const flipped = BigInt(value as bigint | string) ^ 1n;
  return type === "bytes32" ? `0x${flipped.toString(16).padStart(bits / 4, "0")}` : flipped;
}
