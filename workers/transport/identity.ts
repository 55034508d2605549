/**
 * A worker's or owner's TLS identity: a P-256 key and a self-signed certificate. No authority vouches for it; its
 * SHA-256 fingerprint stands in the on-chain registry and is pinned there. So the certificate's own names and issuer
 * mean nothing here; its validity dates are still honoured, so that a forgotten key ends by itself.
 */
import "reflect-metadata";
import { createHash, webcrypto, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import * as x509 from "@peculiar/x509";
import { transportError } from "./errors.ts";

export interface TlsIdentity {
  /** PKCS#8, unencrypted: store it 0600. */
  readonly keyPem: string;
  readonly certificatePem: string;
  readonly fingerprint: string;
}

export interface TlsIdentityOptions {
  readonly commonName: string;
  /** Names and IP addresses for the certificate's subjectAltName. */
  readonly hosts: readonly string[];
  readonly randomBytes: (length: number) => Uint8Array;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Default 825 days: long enough for a study year and a renewal, short enough that renewal is practised. */
  readonly validDays?: number;
}

const DAY_MS = 86_400_000;
/** Clocks of two organisations may differ; a fresh certificate is valid from an hour ago. */
const BACKDATED_MS = 3_600_000;
const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const SERVER_AND_CLIENT = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"];

/** The key comes from the TLS library's own generator; `randomBytes` gives the serial number. */
export async function createTlsIdentity(options: TlsIdentityOptions): Promise<TlsIdentity> {
  const { commonName, hosts, randomBytes, now, validDays = 825 } = options;
  const keys = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(randomBytes),
    name: [{ CN: [commonName] }],
    notBefore: new Date(now() - BACKDATED_MS),
    notAfter: new Date(now() + validDays * DAY_MS),
    signingAlgorithm: KEY_ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension(SERVER_AND_CLIENT),
      new x509.SubjectAlternativeNameExtension(hosts.map((host) => ({ type: isIP(host) ? "ip" : "dns", value: host }))),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  const certificatePem = certificate.toString("pem");
  return {
    keyPem: x509.PemConverter.encode(pkcs8, "PRIVATE KEY"),
    certificatePem,
    fingerprint: fingerprintOf(certificatePem),
  };
}

/** Eight random bytes, positive and non-zero (RFC 5280, 4.1.2.2). */
function serialNumber(randomBytes: (length: number) => Uint8Array): string {
  const bytes = Buffer.from(randomBytes(8));
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString("hex");
}

/** @param certificate PEM text, or DER bytes @returns 0x-hex SHA-256 of the DER, as the registries hold it */
export function fingerprintOf(certificate: string | Uint8Array): string {
  const der = new X509Certificate(certificate).raw;
  return `0x${createHash("sha256").update(der).digest("hex")}`;
}

/**
 * @param peer how the error names the other side
 * @throws CodedError TRANSPORT_NO_CERTIFICATE, TRANSPORT_CERTIFICATE_EXPIRED, TRANSPORT_CERTIFICATE_NOT_YET_VALID
 */
export function checkCertificate(certificate: X509Certificate | undefined, peer: string, nowMs: number): string {
  if (certificate === undefined) {
    throw transportError({ code: "TRANSPORT_NO_CERTIFICATE", peer }, `${peer} showed no certificate`);
  }
  const { validFrom, validTo } = certificate;
  if (nowMs < certificate.validFromDate.getTime()) {
    const detail = { code: "TRANSPORT_CERTIFICATE_NOT_YET_VALID", peer, validFrom } as const;
    throw transportError(detail, `the certificate of ${peer} is not valid before ${validFrom}`);
  }
  if (nowMs > certificate.validToDate.getTime()) {
    const detail = { code: "TRANSPORT_CERTIFICATE_EXPIRED", peer, validTo } as const;
    throw transportError(detail, `the certificate of ${peer} expired on ${validTo}`);
  }
  return `0x${createHash("sha256").update(certificate.raw).digest("hex")}`;
}
