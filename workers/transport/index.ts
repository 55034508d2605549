/** Door for scripts: TLS identities and the owner's upload. The mesh and the endpoint are a worker's own. */
export { createTlsIdentity, fingerprintOf, type TlsIdentity, type TlsIdentityOptions } from "./identity.ts";
export { uploadShareFile, type ShareFileUpload } from "./uploadClient.ts";
export type { SignedUpload } from "./upload.ts";
