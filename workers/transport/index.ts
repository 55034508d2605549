/** Door for scripts: TLS identities, endpoints as they are written, and the owner's upload. The mesh and the endpoint are a worker's own. */
export { parseEndpoint } from "./connectPinned.ts";
export { createTlsIdentity, fingerprintOf, type TlsIdentity, type TlsIdentityOptions } from "./identity.ts";
export { uploadShareFile, type ShareFileUpload } from "./uploadClient.ts";
export type { SignedUpload } from "./upload.ts";
