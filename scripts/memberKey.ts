/**
 * A new member's key: a V3 keystore and the file with its password, in one private folder. The consortium is told the
 * account and admits it; the key never leaves the folder.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SigningKey, computeAddress, hexlify } from "ethers";
import { encryptKey, readPassword } from "#chain";
import { CodedError } from "#errors";
import { type CommandContext, defineCommand } from "./command.ts";
import { makePrivateFolder, writePrivateFile } from "./privateFiles.ts";

export const keyOptions = {
  directory: { type: "string", describe: "Private folder for the key; made if missing", required: true },
} as const;

export interface MemberKey {
  readonly account: string;
  /** Compressed secp256k1 point of the same key: what others encrypt to. */
  readonly encryptionKey: string;
  readonly keystore: string;
  readonly passwordFile: string;
}

/** 32 random bytes as hex: nothing a person must remember, nothing a person could guess. */
const PASSWORD_BYTES = 32;
const KEY_BYTES = 32;

/**
 * Writes `keystore.json` and `password`. A password file that is already there is used, so that an organisation may
 * bring its own.
 *
 * @param scryptN cost of one guess at the password; the chain layer's default unless a test or demonstration asks less
 * @throws CodedError KEYSTORE_EXISTS: a key is never replaced
 */
export async function createMemberKey(folder: string, context: CommandContext, scryptN?: number): Promise<MemberKey> {
  const keystore = join(folder, "keystore.json");
  const passwordFile = join(folder, "password");
  if (existsSync(keystore)) {
    throw new CodedError({ code: "KEYSTORE_EXISTS", path: keystore }, `${keystore} exists; a key is never replaced`);
  }
  makePrivateFolder(folder);
  if (!existsSync(passwordFile)) {
    writePrivateFile(passwordFile, `${hexlify(context.randomBytes(PASSWORD_BYTES)).slice(2)}\n`);
  }
  const privateKey = hexlify(context.randomBytes(KEY_BYTES));
  const json = await encryptKey(privateKey, readPassword(passwordFile), scryptN === undefined ? {} : { scryptN });
  writePrivateFile(keystore, `${json}\n`);
  const encryptionKey = SigningKey.computePublicKey(privateKey, true);
  return { account: computeAddress(encryptionKey), encryptionKey, keystore, passwordFile };
}

/** `opaline <role> create-key`, alike for every role that has no more than a key. */
export function createKeyCommand(role: string, next = "then give the account it prints to the consortium") {
  return defineCommand({
    command: `${role} create-key`,
    describe: "Make a new key: a V3 keystore and its password file, readable by you only",
    examples: [[`${role} create-key --directory ~/opaline`, next]],
    options: keyOptions,
    handler: ({ directory }, context): Promise<MemberKey> => createMemberKey(context.resolve(directory), context),
  });
}
