/**
 * The worker's (or member's) key: a V3 keystore file and a password file. Both must be readable by their owner only.
 * The key itself never appears in an environment, an argument list, a log or an error.
 *
 * Source: Web3 Secret Storage v3; scrypt N = 131072, r = 8, p = 1 (about one second and 128 MiB per try).
 */
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { type HDNodeWallet, Wallet, encryptKeystoreJson, isKeystoreJson } from "ethers";
import { CodedError } from "../errors.ts";
import type { KeystoreErrorDetail } from "./errors.ts";

/** Memory-hard cost of one password guess; tests pass less. Lower costs make a stolen file cheap to open. */
export const SCRYPT_N = 131_072;

function refuse(detail: KeystoreErrorDetail, message: string, cause?: unknown): CodedError<KeystoreErrorDetail> {
  return new CodedError(detail, message, { cause });
}

/**
 * @throws CodedError KEYSTORE_MISSING | KEYSTORE_PERMISSIONS when group or others may read, write or run the file
 */
export function readPrivateFile(path: string): string {
  let mode: number;
  try {
    mode = statSync(path).mode & 0o777;
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? "unknown";
    throw refuse({ code: "KEYSTORE_MISSING", path }, `${path} cannot be read (${reason})`, cause);
  }
  if ((mode & 0o077) !== 0) {
    const octal = mode.toString(8).padStart(4, "0");
    throw refuse(
      { code: "KEYSTORE_PERMISSIONS", path, mode: octal },
      `${path} may be read by others (mode ${octal}). Make it private: chmod 600 ${path}`,
    );
  }
  return readFileSync(path, "utf8");
}

/** The password without the line end an editor adds. @throws CodedError KEYSTORE_* */
export function readPassword(path: string): string {
  const password = readPrivateFile(path).replace(/\r?\n$/, "");
  if (password === "") throw refuse({ code: "KEYSTORE_EMPTY_PASSWORD", path }, `${path} holds no password`);
  return password;
}

/**
 * Opens a keystore.
 *
 * @throws CodedError KEYSTORE_WRONG_PASSWORD also when the file was altered: the format cannot tell the two apart
 */
export async function openKeystore(path: string, password: string): Promise<Wallet | HDNodeWallet> {
  const json = readPrivateFile(path);
  if (!isKeystoreJson(json)) throw refuse({ code: "KEYSTORE_INVALID", path }, `${path} is not a V3 keystore`);
  try {
    return await Wallet.fromEncryptedJson(json, password);
  } catch {
    // The cause is dropped on purpose: ethers puts the arguments of the failed call into its error.
    throw refuse(
      { code: "KEYSTORE_WRONG_PASSWORD", path },
      `${path} does not open with this password (or the file was altered)`,
    );
  }
}

export interface KeystoreOptions {
  /** scrypt's N; a power of two. */
  readonly scryptN?: number;
}

/** The V3 JSON of a private key. */
export function encryptKey(privateKey: string, password: string, options: KeystoreOptions = {}): Promise<string> {
  const { address } = new Wallet(privateKey);
  return encryptKeystoreJson({ address, privateKey }, password, { scrypt: { N: options.scryptN ?? SCRYPT_N } });
}

/**
 * Encrypts a private key into a new file of mode 0600.
 *
 * @returns the address
 * @throws CodedError KEYSTORE_EXISTS: an existing key is never overwritten
 */
export async function writeKeystore(
  path: string,
  privateKey: string,
  password: string,
  options: KeystoreOptions = {},
): Promise<string> {
  const json = await encryptKey(privateKey, password, options);
  try {
    writeFileSync(path, `${json}\n`, { mode: 0o600, flag: "wx" });
  } catch (cause) {
    throw refuse({ code: "KEYSTORE_EXISTS", path }, `${path} already exists or cannot be written`, cause);
  }
  chmodSync(path, 0o600);
  return new Wallet(privateKey).address;
}
