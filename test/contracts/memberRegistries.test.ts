import { describe } from "node:test";
import { ZeroHash } from "ethers";
import { KEY_ROTATION } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { chainId, load } from "./support/chain.ts";
import { CONSORTIUM, WORKERS, admitMembers } from "./support/consortium.ts";
import { shouldRotateWithoutEncryptionKey } from "./support/keyRotation.behavior.ts";
import { NEW_KEY, rotationOf } from "./support/keyRotation.ts";
import { shouldBehaveLikeMemberRegistry } from "./support/memberRegistry.behavior.ts";
import { type DeadlineAct, shouldCheckSignature, shouldKeepDeadline } from "./support/signedAct.behavior.ts";

const NO_FINGERPRINT = ["tlsFingerprint", { tlsFingerprint: ZeroHash }] as const;
const NO_ENCRYPTION_KEY = [
  ["encryptionKey", { encryptionKey: "0x" }],
  ["encryptionKey", { encryptionKey: `0x02${"11".repeat(31)}` }],
  ["encryptionKey", { encryptionKey: `0x02${"11".repeat(33)}` }],
  ["encryptionKey", { encryptionKey: `0x04${"11".repeat(32)}` }],
] as const;

describe("DataOwnerRegistry", () => {
  shouldBehaveLikeMemberRegistry(({ owners }) => owners, [NO_FINGERPRINT]);
  shouldRotateWithoutEncryptionKey(({ owners }) => owners);
});

describe("VetterRegistry", () => {
  shouldBehaveLikeMemberRegistry(({ vetters }) => vetters, []);
  shouldRotateWithoutEncryptionKey(({ vetters }) => vetters);
});

describe("QuerierRegistry", () => {
  shouldBehaveLikeMemberRegistry(({ queriers }) => queriers, []);
  shouldRotateWithoutEncryptionKey(({ queriers }) => queriers);
});

describe("WorkerRegistry", () => {
  shouldBehaveLikeMemberRegistry(
    ({ workers }) => workers,
    [NO_FINGERPRINT, ["endpoint", { endpoint: "" }], ...NO_ENCRYPTION_KEY],
  );

  /** @param by who sends: the old key itself, or the consortium for it */
  async function rotation(by: "rotateKey" | "replaceKey", deadline?: bigint): Promise<DeadlineAct> {
    const { workers } = await load(admitMembers);
    const [worker] = WORKERS as [(typeof WORKERS)[number]];
    const message = { ...(await rotationOf(workers, worker.address, NEW_KEY)), ...(deadline && { deadline }) };
    const limit = { gasLimit: 1_000_000 };
    return {
      contract: workers,
      domain: opalineDomain(chainId, await workers.getAddress()),
      types: KEY_ROTATION,
      message,
      signer: NEW_KEY,
      submit: (signature) =>
        by === "rotateKey"
          ? workers.connect(worker).rotateKey(message, signature, limit)
          : workers.connect(CONSORTIUM).replaceKey(message, signature, "lost", limit),
      invalid: (recovered) => ["MemberRegistryInvalidRotation", [recovered, NEW_KEY.address]],
      expired: "MemberRegistryRotationExpired",
    };
  }
  for (const by of ["rotateKey", "replaceKey"] as const) {
    shouldCheckSignature(by, () => rotation(by));
    shouldKeepDeadline(by, (deadline) => rotation(by, deadline));
  }
});

describe("BoardRegistry", () => {
  shouldBehaveLikeMemberRegistry(({ boards }) => boards, [...NO_ENCRYPTION_KEY]);
});

describe("AuditorRegistry", () => {
  shouldBehaveLikeMemberRegistry(({ auditors }) => auditors, []);
  shouldRotateWithoutEncryptionKey(({ auditors }) => auditors);
});
