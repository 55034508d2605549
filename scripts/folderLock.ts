/**
 * One command at a time in a private folder: a lock file that names its owner, and appears with that name in it or not at
 * all. Left behind by a killed process, it is recognised by the process being gone, and taken over.
 */
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { kill, pid } from "node:process";
import { hexlify } from "ethers";
import { CodedError } from "#errors";

export type FolderLockErrorDetail =
  | { readonly code: "FOLDER_BUSY"; readonly path: string; readonly owner: string }
  | { readonly code: "FOLDER_MISSING"; readonly path: string };

/** @param randomBytes names the drafts apart; @throws CodedError FOLDER_BUSY (try again later) | FOLDER_MISSING */
export async function withFolderLock<Value>(
  folder: string,
  randomBytes: (length: number) => Uint8Array,
  act: () => Promise<Value>,
): Promise<Value> {
  const path = `${folder}/.lock`;
  const owner = `${pid} ${hostname()} ${hexlify(randomBytes(16))}`;
  takeLock(path, owner);
  try {
    return await act();
  } finally {
    if (ownerOf(path) === owner) rmSync(path, { force: true });
  }
}

function takeLock(path: string, owner: string): void {
  const draft = `${path}.${owner.slice(-32)}`;
  try {
    writeFileSync(draft, owner, { mode: 0o600, flag: "wx" });
  } catch {
    throw missing(path);
  }
  try {
    if (linked(draft, path)) return;
    const other = ownerOf(path);
    if (other !== undefined && isRunning(other)) throw busy(path, other);
    if (other !== undefined) removeStale(path, other, draft);
    if (!linked(draft, path)) throw busy(path, ownerOf(path) ?? "another process");
  } finally {
    rmSync(draft, { force: true });
  }
}

/** A link is made whole and only where nothing is: two processes cannot both succeed. */
function linked(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw missing(path);
  }
}

/** Moved aside and looked at again: between the look and the move another process may have taken the lock. */
function removeStale(path: string, stale: string, draft: string): void {
  const aside = `${draft}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return; // someone else removed it
  }
  if (readFileSync(aside, "utf8") !== stale) linked(aside, path);
  rmSync(aside, { force: true });
}

function ownerOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Of a process on another machine (a shared folder) nothing is known: it counts as running. */
function isRunning(owner: string): boolean {
  const [number = "", host] = owner.split(" ");
  if (host !== hostname() || !/^[1-9][0-9]*$/.test(number)) return host !== undefined;
  try {
    return kill(Number(number), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

function missing(path: string): CodedError<FolderLockErrorDetail> {
  const folder = dirname(path);
  const why = existsSync(folder)
    ? `${path} cannot be written`
    : `--directory ${folder} does not exist; \`opaline data-owner init\` makes it`;
  return new CodedError({ code: "FOLDER_MISSING", path }, why);
}

function busy(path: string, owner: string): CodedError<FolderLockErrorDetail> {
  const [number = "", host = ""] = owner.split(" ");
  const who = `process ${number} on ${host}`;
  return new CodedError(
    { code: "FOLDER_BUSY", path, owner: who },
    `another command works in this private folder (${who}); wait for it. If there is no such process, remove ${path}`,
  );
}
