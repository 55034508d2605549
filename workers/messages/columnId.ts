/** The stable name of a committed column: every party, and the chain, derive the same one from the schema's hash. */
import { AbiCoder, keccak256 } from "ethers";

const abi = AbiCoder.defaultAbiCoder();

/** Hashing one takes 30 µs, and every plan names some hundred: those of all studies a worker is likely to serve. */
const MOST_KNOWN = 20_000;
const known = new Map<string, string>();

/**
 * keccak256(abi.encode(bytes32 schemaHash, uint16 field, uint8 kind, int256 argument)), lower-case 0x-hex.
 *
 * @param field index into the schema's fields, 65535 for the column of no field
 * @param kind a `ColumnKind`
 * @param argument category index, scaled cut-point, digit place or 0
 */
export function columnId(schemaHash: string, field: number, kind: number, argument: bigint): string {
  const name = `${schemaHash}/${field}/${kind}/${argument}`;
  const found = known.get(name);
  if (found !== undefined) return found;
  const id = keccak256(abi.encode(["bytes32", "uint16", "uint8", "int256"], [schemaHash, field, kind, argument]));
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(name, id);
  return id;
}
