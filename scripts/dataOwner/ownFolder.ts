/** Whether a private folder and a key are one hospital's: asked before anything is written into the folder, or sent. */
import { memberRegistry } from "#chain";
import { CodedError } from "#errors";
import type { SignerConnection } from "../connection.ts";
import { memberOfKey } from "../memberOfKey.ts";
import { readTlsIdentity } from "../tlsIdentity.ts";

export interface OwnFolderErrorDetail {
  readonly code: "FOLDER_OF_ANOTHER";
  readonly owner: string;
  /** The owner whose certificate is in the folder. */
  readonly other: string;
}

/**
 * By the folder's certificate; one that nobody has registered is for the workers to refuse.
 *
 * @throws CodedError FOLDER_OF_ANOTHER
 */
export async function requireOwnFolder(connection: SignerConnection, privateFolder: string): Promise<void> {
  const { deployment, provider, signer } = connection;
  const { fingerprint } = readTlsIdentity(privateFolder);
  const owner = await memberOfKey(connection, "dataOwner", signer.address);
  const other = await memberRegistry(deployment, "dataOwner", provider).accountOf(fingerprint);
  if (other === undefined || other === owner) return;
  throw new CodedError<OwnFolderErrorDetail>(
    { code: "FOLDER_OF_ANOTHER", owner, other },
    `--directory and --keystore seem to be of two hospitals: the certificate in ${privateFolder} is that of ${other}, ` +
      `the key that of ${owner}; nothing was prepared or sent`,
  );
}
