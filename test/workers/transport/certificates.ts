/** Certificates that a real authority signed, for the test that this counts for nothing. */
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { fingerprintOf, type TlsIdentity } from "../../../workers/transport/identity.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DATES = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 86_400_000) };

/** An authority and a maker of certificates under it. */
export async function testAuthority(): Promise<(name: string) => Promise<TlsIdentity>> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const base = { ...DATES, signingAlgorithm: ALGORITHM };
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...base,
    serialNumber: "01",
    name: "CN=authority",
    keys,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  });
  return async (name) => {
    const own = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
    const certificate = await x509.X509CertificateGenerator.create({
      ...base,
      serialNumber: "02",
      subject: `CN=${name}`,
      issuer: authority.subject,
      signingKey: keys.privateKey,
      publicKey: own.publicKey,
    });
    const certificatePem = certificate.toString("pem");
    const keyPem = x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", own.privateKey), "PRIVATE KEY");
    return { keyPem, certificatePem, fingerprint: fingerprintOf(certificatePem) };
  };
}
