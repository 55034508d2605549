/** Roles that the consortium admits, as they are typed. */
import type { MemberRole } from "#chain";
import { MEMBER_REGISTRIES } from "#chain";
import { CodedError } from "#errors";
import { camelCase, kebabCase } from "../names.ts";
import { suggest } from "../suggest.ts";

export const ROLE_NAMES = Object.keys(MEMBER_REGISTRIES).map(kebabCase);

/** @throws CodedError ROLE_UNKNOWN */
export function parseRole(text: string): MemberRole {
  if (ROLE_NAMES.includes(text)) return camelCase(text) as MemberRole;
  const nearest = suggest(text, ROLE_NAMES);
  throw new CodedError(
    { code: "ROLE_UNKNOWN", role: text },
    `no role "${text}"${nearest === undefined ? "" : `, did you mean "${nearest}"?`}; roles: ${ROLE_NAMES.join(", ")}`,
  );
}
