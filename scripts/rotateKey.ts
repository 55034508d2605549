/** `opaline <role> rotate-key` and `opaline <role> prove-key`, alike for every role: a member gets another key. */
import { existsSync, writeFileSync } from "node:fs";
import type { BaseWallet } from "ethers";
import { Capacity, type MemberRole, chainTime, credits, memberRegistry } from "#chain";
import { CodedError } from "#errors";
import { defineCommand } from "./command.ts";
import { signerOptions, withSigner } from "./connection.ts";
import { gasReport } from "./gasReport.ts";
import { type KeyRotationErrorDetail, proofText, signRotation } from "./keyRotation.ts";
import { memberOfKey } from "./memberOfKey.ts";
import { kebabCase } from "./names.ts";
import { invalidOption, readAddress, readLastSecond } from "./readOption.ts";

/** Sent at once; a day leaves room for a slow chain. */
const ROTATION_SECONDS = 86_400n;
/** Time for the consortium's members to agree. */
const PROOF_SECONDS = 30n * 86_400n;

/** @param next what the member does once the new key signs for it */
export function createRotateKeyCommand(role: MemberRole, next: string) {
  const name = kebabCase(role);
  const newKey = "--new-keystore new/keystore.json --new-password-file new/password";
  return defineCommand({
    command: `${name} rotate-key`,
    describe: "Replace your key: the old one hands over to a new one; your account stays your name",
    examples: [
      [`${name} rotate-key --keystore k.json --password-file pw ${newKey}`, "make the new key with create-key before"],
    ],
    options: {
      ...signerOptions,
      newKeystore: { type: "string", describe: "V3 keystore of the new key", required: true },
      newPasswordFile: {
        type: "string",
        describe: "File with the new keystore's password, mode 0600",
        required: true,
      },
    },
    handler: (options, context) =>
      withSigner(options, context, async (connection) => {
        const { deployment, provider, signer } = connection;
        const registry = memberRegistry(deployment, role, signer);
        const member = await memberOfKey(connection, role, signer.address);
        if ((await registry.memberOf(signer.address)) === undefined) throw notMembers(name, signer.address);
        const unlocked = context.unlock(context.resolve(options.newKeystore), context.resolve(options.newPasswordFile));
        const newKey: BaseWallet = await unlocked;
        const deadline = (await chainTime(provider)) + ROTATION_SECONDS;
        const signed = await signRotation({ deployment, role, registry, member, newKey, deadline });
        const mined = await registry.rotateKey(signed.rotation, signed.signature);
        const { oldKey, encryptionKey } = signed.rotation;
        // What the member earned is the new key's to withdraw; a reward for a reported equivocation is an account's.
        const reward = await credits(deployment, provider).credit(Capacity.ACCOUNT, oldKey);
        if (reward > 0n) context.log(`${reward} wei of rewards stay with ${oldKey}: only that key can withdraw them`);
        return { role: name, member, oldKey, newKey: newKey.address, encryptionKey, next, ...gasReport(mined) };
      }),
  });
}

export function createProveKeyCommand(role: MemberRole) {
  const name = kebabCase(role);
  return defineCommand({
    command: `${name} prove-key`,
    describe: "Your key is lost or stolen: let a new one sign that it takes over; the consortium then replaces the key",
    examples: [
      [
        `${name} prove-key --member 0x… --keystore new/keystore.json --password-file new/password --out proof.json`,
        "give the file to the consortium: opaline admin replace-key",
      ],
    ],
    options: {
      ...signerOptions,
      keystore: { type: "string", describe: "V3 keystore of the new key", required: true },
      member: { type: "string", describe: "Your account, as it was first admitted", required: true },
      out: { type: "string", describe: "The file to write; it holds no secret", required: true },
      expires: { type: "string", describe: "Last day it can be used, YYYY-MM-DD (default: 30 days from now)" },
    },
    handler: (options, context) => {
      const member = readAddress("member", options.member);
      const last = options.expires === undefined ? undefined : readLastSecond("expires", options.expires);
      const path = context.resolve(options.out);
      if (existsSync(path)) throw invalidOption("out", "a file that does not exist yet");
      return withSigner(options, context, async ({ deployment, provider, signer }) => {
        const registry = memberRegistry(deployment, role, provider);
        const deadline = last ?? (await chainTime(provider)) + PROOF_SECONDS;
        const signed = await signRotation({ deployment, role, registry, member, newKey: signer, deadline });
        writeFileSync(path, proofText({ deployment, role, registry }, signed), { flag: "wx" });
        const { oldKey, newKey, encryptionKey } = signed.rotation;
        return { role: name, member, oldKey, newKey, encryptionKey, proof: path, expires: dateOf(deadline) };
      });
    },
  });
}

function notMembers(role: string, key: string): CodedError<KeyRotationErrorDetail> {
  return new CodedError(
    { code: "KEY_NOT_MEMBERS", role, key },
    `${key} is not the key of a ${role}: give the --keystore that signs for you now, or use your own role's rotate-key`,
  );
}

function dateOf(seconds: bigint): string {
  return new Date(Number(seconds) * 1_000).toISOString();
}
