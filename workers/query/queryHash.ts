/** The hash that vetters sign and workers check, as `IQueryCatalogue.publish` computes it. */
import { AbiCoder, keccak256, toUtf8Bytes } from "ethers";

const abi = AbiCoder.defaultAbiCoder();

/**
 * keccak256(abi.encode(schemaHash, keccak(descriptor), keccak(sql), keccak(bounds), keccak(manifest), keccak(agreement)))
 *
 * @param descriptorBytes 0x-hex ABI form
 * @param boundsBytes 0x-hex ABI form
 * @param agreement the agreement's text, hashed as UTF-8 like the SQL and the manifest
 */
export function queryHash(
  schemaHash: string,
  descriptorBytes: string,
  sql: string,
  boundsBytes: string,
  manifest: string,
  agreement: string,
): string {
  const text = (written: string): string => keccak256(toUtf8Bytes(written));
  const words = [
    schemaHash,
    keccak256(descriptorBytes),
    text(sql),
    keccak256(boundsBytes),
    text(manifest),
    text(agreement),
  ];
  return keccak256(
    abi.encode(
      words.map(() => "bytes32"),
      words,
    ),
  );
}
