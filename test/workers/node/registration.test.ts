/** Which member a worker is, by the key that it holds; the registry is played. */
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { getAddress, id } from "ethers";
import { CodedError } from "../../../workers/errors.ts";
import type { Member } from "../../../workers/chain/memberRegistries.ts";
import { Registration } from "../../../workers/node/registration.ts";

const [NAME, SECOND, THIRD, OTHER] = ["a1", "b2", "c3", "d4"].map((byte) => getAddress(`0x${byte.repeat(20)}`)) as [
  string,
  string,
  string,
  string,
];
const OWN = id("certificate");
const ABORTED = AbortSignal.timeout(60_000);

/** The registry of one worker. */
interface World {
  keys: string[];
  fingerprint: string;
  active: boolean;
  /** Whose the store is. */
  owner: string | undefined;
  logged: string[];
}

describe("Registration", () => {
  let world: World;
  beforeEach(() => {
    world = { keys: [NAME], fingerprint: OWN, active: true, owner: undefined, logged: [] };
  });

  function registrationOf(key: string): Registration {
    const current = (): string => world.keys.at(-1)!;
    const member = (account: string): Promise<Member> => {
      if (account.toLowerCase() !== NAME.toLowerCase()) throw new CodedError({ code: "CHAIN_REVERTED" }, "no member");
      const found = {
        account: NAME,
        key: current(),
        organisationName: "University",
        tlsFingerprint: world.fingerprint,
      };
      return Promise.resolve(found as Member);
    };
    return new Registration({
      key,
      fingerprint: OWN,
      workers: {
        member,
        isActive: () => Promise.resolve(world.active),
        memberOf: (asked) => Promise.resolve(asked === current() ? NAME : undefined),
        everMemberOf: (asked) => Promise.resolve(world.keys.includes(asked) ? NAME : undefined),
      },
      owner: { read: () => world.owner, claim: (name) => void (world.owner ??= name.toLowerCase()) },
      log: (level, event, fields) => void world.logged.push(`${level} ${event} ${String(fields?.["registration"])}`),
    });
  }

  function reach(registration: Registration): Promise<void> {
    const rpc = { send: () => Promise.resolve("0x7a69") };
    const timers = { after: () => () => undefined };
    return registration.reachChain({ rpc, node: {}, chainId: 31337n, timers }, ABORTED);
  }

  it("takes the member's name for its own, whichever key it holds", async () => {
    for (const keys of [[NAME], [NAME, SECOND], [NAME, SECOND, THIRD]]) {
      world.keys = keys;
      const registration = registrationOf(keys.at(-1)!);
      await reach(registration);
      assert.deepEqual([registration.member, registration.standing], [NAME.toLowerCase(), "active"]);
      assert.equal(registration.organisation, "University");
    }
    assert.equal(world.owner, NAME.toLowerCase());
  });

  it("refuses to start with a key that was replaced, and names the one that signs", async () => {
    world.keys = [NAME, SECOND, THIRD];
    for (const key of [NAME, SECOND]) {
      const detail = { code: "NODE_KEY_REPLACED", key, member: NAME, current: THIRD };
      await assert.rejects(reach(registrationOf(key)), { detail, message: /OPALINE_KEYSTORE/ });
    }
  });

  it("goes on as its own account where the registry knows no other, and claims no store", async () => {
    const registration = registrationOf(OTHER);
    await reach(registration);
    assert.deepEqual([registration.member, registration.standing], [OTHER.toLowerCase(), "not registered"]);
    assert.equal(world.owner, undefined);
  });

  it("refuses the store of a worker whose key it does not hold, until that is rotated to it", async () => {
    world.owner = NAME.toLowerCase();
    const detail = { code: "NODE_FOREIGN_STORE", owner: NAME.toLowerCase(), key: SECOND };
    await assert.rejects(reach(registrationOf(SECOND)), { detail, message: /rotate-key/ });
    world.keys = [NAME, SECOND];
    await reach(registrationOf(SECOND));
  });

  it("ends its worker when its key is replaced while it runs", async () => {
    const registration = registrationOf(NAME);
    await reach(registration);
    world.keys = [NAME, SECOND];
    await registration.check();
    assert.equal(registration.standing, "key replaced");
    assert.equal(registration.member, NAME.toLowerCase());
    const detail = { code: "NODE_KEY_CHANGED", key: NAME, member: NAME.toLowerCase() };
    await assert.rejects(registration.keyChange, { detail });
    assert.deepEqual(world.logged, ["info registration active", "alarm registration key replaced"]);
  });

  it("ends its worker when its key becomes that of a member while it runs: its name is another", async () => {
    const registration = registrationOf(SECOND);
    await reach(registration);
    world.keys = [NAME, SECOND];
    await registration.check();
    assert.equal(registration.member, SECOND.toLowerCase());
    await assert.rejects(registration.keyChange, { code: "NODE_KEY_CHANGED" });
    assert.equal(world.owner, undefined, "nothing is claimed under a name that it did not follow the chain by");
  });

  it("says whose certificate and membership are wanting", async () => {
    world.keys = [NAME, SECOND];
    world.fingerprint = id("another");
    const detail = { code: "NODE_WRONG_CERTIFICATE", own: OWN, registered: id("another") };
    await assert.rejects(reach(registrationOf(SECOND)), { detail });
    world.active = false;
    const registration = registrationOf(SECOND);
    await reach(registration);
    assert.equal(registration.standing, "not registered");
  });
});
