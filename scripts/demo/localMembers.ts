/** The members of a local network: keys made in private folders, then admitted by the consortium. */
import { join } from "node:path";
import type { CommandContext } from "../command.ts";
import { command as admit } from "../admin/admit.ts";
import { doneAtOnce } from "../admin/governed.ts";
import { type MemberKey, createMemberKey } from "../memberKey.ts";
import { writeTlsIdentity } from "../tlsIdentity.ts";

export interface LocalMember {
  readonly role: "admin" | "data-owner" | "vetter" | "querier" | "worker";
  readonly organisation: string;
  /** Its private folder. */
  readonly folder: string;
  readonly key: MemberKey;
  /** Of its TLS certificate, where the role has one. */
  readonly fingerprint: string | undefined;
  readonly endpoint: string | undefined;
}

/** A key, and a certificate for hospitals. Workers are made by `opaline worker init`. */
export async function createMember(
  role: Exclude<LocalMember["role"], "worker">,
  organisation: string,
  folder: string,
  context: CommandContext,
  scryptN: number | undefined,
): Promise<LocalMember> {
  const key = await createMemberKey(folder, context, scryptN);
  const tls = role === "data-owner" ? await writeTlsIdentity(folder, organisation, [], context) : undefined;
  return { role, organisation, folder, key, fingerprint: tls?.fingerprint, endpoint: undefined };
}

/** What every command that signs asks for, in the name of one member. */
export interface MemberOptions {
  readonly deployment: string;
  readonly rpc: string;
  readonly keystore: string;
  readonly passwordFile: string;
}

export function memberOptions(member: LocalMember, deployment: string, rpc: string): MemberOptions {
  const { keystore, passwordFile } = member.key;
  return { deployment, rpc, keystore, passwordFile };
}

/** @param purposes what a querier may ask for */
export async function admitMember(
  member: LocalMember,
  consortium: MemberOptions,
  purposes: readonly string[],
  context: CommandContext,
): Promise<void> {
  const value = await admit.handler(
    {
      ...consortium,
      role: member.role,
      account: member.key.account,
      organisation: member.organisation,
      expires: undefined,
      endpoint: member.endpoint,
      fingerprint: member.fingerprint,
      certificate: undefined,
      encryptionKey: member.role === "worker" ? member.key.encryptionKey : undefined,
      purpose: member.role === "querier" ? [...purposes] : [],
    },
    context,
  );
  doneAtOnce(value);
}

/** A folder name from an organisation's name. */
export function memberFolder(root: string, role: string, number: number): string {
  return join(root, number === 0 ? role : `${role}-${number}`);
}
