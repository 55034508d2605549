/**
 * A member is named by the account that was first admitted; the key that signs for it may be another by now. What the chain
 * knows by a member's name is asked for by that name.
 */
import { type MemberRole, memberRegistry } from "#chain";
import { CodedError } from "#errors";
import type { Connection } from "./connection.ts";
import { kebabCase } from "./names.ts";

export type KeyErrorDetail = {
  /** It signed for the member once; `current` does now. */
  readonly code: "KEY_REPLACED";
  readonly key: string;
  readonly member: string;
  readonly current: string;
};

/**
 * The member that a key signs for; the key's own account where the role knows it not, which the contracts then say.
 *
 * @throws CodedError KEY_REPLACED
 */
export async function memberOfKey(connection: Connection, role: MemberRole, key: string): Promise<string> {
  const registry = memberRegistry(connection.deployment, role, connection.provider);
  const member = await registry.memberOf(key);
  if (member !== undefined) return member;
  const former = await registry.everMemberOf(key);
  if (former === undefined) return key;
  const { key: current } = await registry.member(former);
  throw new CodedError<KeyErrorDetail>(
    { code: "KEY_REPLACED", key, member: former, current },
    `${key} no longer signs for ${kebabCase(role)} ${former}: ${current} does; give that key's --keystore`,
  );
}
