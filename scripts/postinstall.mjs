// Runs after `npm ci` / `npm install`, on whatever Node (>= 20) ran npm. Plain JavaScript, no dependencies.
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);

// 1. `node` in npm scripts is the pinned Node 24 (npm 10 leaves the link out; npm 11 makes it).
const pkg = `node-${process.platform}-${process.arch}`;
const link = new URL("node_modules/.bin/node", root);
if (existsSync(new URL(`node_modules/${pkg}/bin/node`, root))) {
  mkdirSync(new URL("node_modules/.bin/", root), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(`../${pkg}/bin/node`, link);
}
const bin = existsSync(link) ? fileURLToPath(link) : process.execPath;
const version = spawnSync(bin, ["-p", "process.versions.node"], { encoding: "utf8" }).stdout.trim();
const [major, minor] = version.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`Node ${version} is too old and npm has no ${pkg} here: install Node >= 22.18 and repeat.`);
  process.exit(1);
}

// 2. An optional native package whose "engines" exclude the Node that runs npm is silently left out,
//    although our scripts run on the pinned Node. So the lock file carries no "engines".
const lockPath = new URL("package-lock.json", root);
if (existsSync(lockPath)) {
  const lock = JSON.parse(readFileSync(lockPath, "utf8"));
  let n = 0;
  for (const [path, p] of Object.entries(lock.packages)) if (path && p.engines) (delete p.engines, n++);
  if (n) {
    writeFileSync(lockPath, JSON.stringify(lock, null, 2) + "\n");
    console.log(`package-lock.json: ${n} "engines" fields removed; run \`npm ci\` once more`);
  }
}
