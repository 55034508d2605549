import { describe } from "node:test";
import { ZeroHash } from "ethers";
import { shouldBehaveLikeMemberRegistry } from "./support/memberRegistry.behavior.ts";

const NO_FINGERPRINT = ["tlsFingerprint", { tlsFingerprint: ZeroHash }] as const;
const NO_ENCRYPTION_KEY = [
  ["encryptionKey", { encryptionKey: "0x" }],
  ["encryptionKey", { encryptionKey: `0x02${"11".repeat(31)}` }],
  ["encryptionKey", { encryptionKey: `0x02${"11".repeat(33)}` }],
  ["encryptionKey", { encryptionKey: `0x04${"11".repeat(32)}` }],
] as const;

describe("DataOwnerRegistry", () => {
  shouldBehaveLikeMemberRegistry(({ owners }) => owners, [NO_FINGERPRINT]);
});

describe("VetterRegistry", () => {
  shouldBehaveLikeMemberRegistry(({ vetters }) => vetters, []);
});

describe("QuerierRegistry", () => {
  shouldBehaveLikeMemberRegistry(({ queriers }) => queriers, []);
});

describe("WorkerRegistry", () => {
  shouldBehaveLikeMemberRegistry(
    ({ workers }) => workers,
    [NO_FINGERPRINT, ["endpoint", { endpoint: "" }], ...NO_ENCRYPTION_KEY],
  );
});

describe("BoardRegistry", () => {
  shouldBehaveLikeMemberRegistry(({ boards }) => boards, [...NO_ENCRYPTION_KEY]);
});

describe("AuditorRegistry", () => {
  shouldBehaveLikeMemberRegistry(({ auditors }) => auditors, []);
});
