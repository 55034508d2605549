/** The stable name of a committed column: every party, and the chain, derive the same one from the schema's hash. */
import { AbiCoder, keccak256 } from "ethers";

const abi = AbiCoder.defaultAbiCoder();

/**
 * keccak256(abi.encode(bytes32 schemaHash, uint16 field, uint8 kind, int256 argument)), lower-case 0x-hex.
 *
 * @param field index into the schema's fields, 65535 for the column of no field
 * @param kind a `ColumnKind`
 * @param argument category index, scaled cut-point or 0
 */
export function columnId(schemaHash: string, field: number, kind: number, argument: bigint): string {
  return keccak256(abi.encode(["bytes32", "uint16", "uint8", "int256"], [schemaHash, field, kind, argument]));
}
