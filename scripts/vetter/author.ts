/** Who published a query, as a vetter must know it before signing. */
import { memberRegistry } from "#chain";
import { isCoded } from "#errors";
import type { Connection } from "../connection.ts";

/** Names of the author's organisation in the registries of queriers and vetters; an author may be in both. */
export async function organisationsOf(connection: Connection, account: string): Promise<string[]> {
  const { deployment, provider } = connection;
  const names = new Set<string>();
  for (const role of ["querier", "vetter"] as const) {
    try {
      names.add((await memberRegistry(deployment, role, provider).member(account)).organisationName);
    } catch (error) {
      // Not a member of this role.
      if (!isCoded(error, "CHAIN_REVERTED")) throw error;
    }
  }
  return [...names];
}

/**
 * As the catalogue decides it: such a vetting is refused on chain.
 *
 * @param vetter the member, or its current key
 */
export async function isOwnOrganisation(connection: Connection, author: string, vetter: string): Promise<boolean> {
  const authors = await organisationsOf(connection, author);
  const registry = memberRegistry(connection.deployment, "vetter", connection.provider);
  const member = (await registry.memberOf(vetter)) ?? vetter;
  return authors.includes((await registry.member(member)).organisationName);
}
