/**
 * The worker's own secret, under which the keys of its datasets are sealed: a file of 64 hex digits that `opaline worker
 * init` makes. It is none of the worker's signing keys, which can be replaced, or lost, and the shares are still there.
 */
import { getBytes } from "ethers";
import { readPrivateFile } from "../chain/keystore.ts";
import { nodeError } from "./nodeError.ts";

/** @throws CodedError KEYSTORE_MISSING | KEYSTORE_PERMISSIONS | NODE_BAD_STORE_KEY */
export function readStoreKey(path: string): Uint8Array {
  const text = readPrivateFile(path).trimEnd();
  if (/^[0-9a-f]{64}$/.test(text)) return getBytes(`0x${text}`);
  throw nodeError(
    { code: "NODE_BAD_STORE_KEY", path },
    `${path} is not a store key: one line of 64 hex digits expected`,
  );
}
