/** A member's TLS key and certificate on disk: `tls-key.pem` and `tls-certificate.pem` in its private folder. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readPrivateFile } from "#chain";
import { CodedError } from "#errors";
import { createTlsIdentity, fingerprintOf } from "#transport";
import type { CommandContext } from "./command.ts";
import { writePrivateFile } from "./privateFiles.ts";

export interface TlsFiles {
  readonly key: string;
  readonly certificate: string;
  /** SHA-256 of the DER certificate, for the registry. */
  readonly fingerprint: string;
}

/** @throws CodedError KEYSTORE_EXISTS: an identity is never replaced unasked */
export async function writeTlsIdentity(
  folder: string,
  commonName: string,
  hosts: readonly string[],
  context: CommandContext,
): Promise<TlsFiles> {
  const { key, certificate } = tlsPaths(folder);
  if (existsSync(key))
    throw new CodedError({ code: "KEYSTORE_EXISTS", path: key }, `${key} exists; it is never replaced`);
  const { randomBytes, now } = context;
  const identity = await createTlsIdentity({ commonName, hosts, randomBytes, now });
  writePrivateFile(key, identity.keyPem);
  writePrivateFile(certificate, identity.certificatePem);
  return { key, certificate, fingerprint: identity.fingerprint };
}

/** A data owner's. @throws CodedError KEYSTORE_MISSING | KEYSTORE_PERMISSIONS */
export function readTlsIdentity(folder: string): { keyPem: string; certificatePem: string; fingerprint: string } {
  const { key, certificate } = tlsPaths(folder);
  const missing = [key, certificate].find((path) => !existsSync(path));
  if (missing !== undefined) {
    throw new CodedError(
      { code: "KEYSTORE_MISSING", path: missing },
      `${missing} does not exist: \`opaline data-owner init\` made no certificate in this folder; give the --directory that it made`,
    );
  }
  const keyPem = readPrivateFile(key);
  const certificatePem = readFileSync(certificate, "utf8");
  return { keyPem, certificatePem, fingerprint: fingerprintOf(certificatePem) };
}

function tlsPaths(folder: string): { key: string; certificate: string } {
  return { key: join(folder, "tls-key.pem"), certificate: join(folder, "tls-certificate.pem") };
}
