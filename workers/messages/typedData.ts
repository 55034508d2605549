/**
 * EIP-712 signatures: the domain that binds one to a chain and a contract, signing, and whose a signature is. What is signed:
 * signedStructs.ts.
 *
 * Source: EIP-712, https://eips.ethereum.org/EIPS/eip-712
 */
import { type TypedDataDomain, type TypedDataField, TypedDataEncoder, recoverAddress } from "ethers";

export type TypeTable = Record<string, TypedDataField[]>;

/** Whoever can sign typed data: an ethers wallet today, a KMS tomorrow. */
export interface TypedDataSigner {
  signTypedData(domain: TypedDataDomain, types: TypeTable, value: Record<string, unknown>): Promise<string>;
}

/** Domain "Opaline", version "1". */
export function opalineDomain(chainId: bigint, verifyingContract: string): TypedDataDomain {
  return { name: "Opaline", version: "1", chainId, verifyingContract };
}

/** The EIP-712 digest. */
export function hashTypedData(domain: TypedDataDomain, types: TypeTable, message: object): string {
  return TypedDataEncoder.hash(domain, types, message as Record<string, unknown>);
}

export function signTypedData(
  signer: TypedDataSigner,
  domain: TypedDataDomain,
  types: TypeTable,
  message: object,
): Promise<string> {
  return signer.signTypedData(domain, types, message as Record<string, unknown>);
}

/**
 * The address that signed, checksummed, or undefined when the signature is not one: 65 bytes, v 27 or 28, low s, as
 * OpenZeppelin's ECDSA accepts it on chain.
 */
export function signerOf(
  domain: TypedDataDomain,
  types: TypeTable,
  message: object,
  signature: string,
): string | undefined {
  if (!/^0x[0-9a-fA-F]{128}(1b|1c|1B|1C)$/.test(signature)) return undefined;
  try {
    // ethers refuses a high s ("non-canonical s") when it parses.
    return recoverAddress(hashTypedData(domain, types, message), signature);
  } catch {
    return undefined;
  }
}
