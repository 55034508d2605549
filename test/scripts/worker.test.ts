/** A worker's set-up and status, where no worker runs. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { exitCodeOf } from "../../scripts/exitCode.ts";
import { initWorker } from "../../scripts/worker/init.ts";
import { command as status } from "../../scripts/worker/status.ts";
import { testContext } from "../support/commandContext.ts";
import { temporaryFolder } from "../support/temporaryFolder.ts";

describe("a worker's folder", () => {
  const { path, remove } = temporaryFolder();
  after(remove);
  const context = testContext(path);

  for (const listen of ["0.0.0.0:7443", "[::]:7443"]) {
    it(`is not made for a worker at ${listen} that has no name`, async () => {
      const options = { deployment: "none", rpc: "http://127.0.0.1:9", directory: "w", name: "University", listen };
      await assert.rejects(initWorker(options, context), {
        detail: { code: "OPTION_INVALID", option: "host" },
        message: /give --host: the name under which other organisations reach this worker/,
      });
      assert.equal(existsSync(join(path, "w")), false);
    });
  }

  for (const [listen, host, option] of [
    ["0.0.0.0:7443", "mpc a.edu", "host"],
    ["0.0.0.0:7443", "https://mpc.a.edu", "host"],
    ["0.0.0.0:7443", "mpc.a.edu:7443", "host"],
    ["a/b:7443", undefined, "listen"],
    ["0.0.0.0:70000", "mpc.a.edu", "listen"],
  ] as const) {
    it(`is not made for a worker that nobody could reach: ${listen}, ${host}`, async () => {
      const options = {
        deployment: "none",
        rpc: "http://127.0.0.1:9",
        directory: "w",
        name: "University",
        listen,
        host,
      };
      await assert.rejects(initWorker(options, context), { detail: { code: "OPTION_INVALID", option } });
      assert.equal(existsSync(join(path, "w")), false);
    });
  }

  it("that is not there is no worker that is away", async () => {
    await assert.rejects(status.handler({ dataDir: "absent" }, context), (error: Error) => {
      assert.match(error.message, /absent: no such folder; OPALINE_DATA_DIR in the worker's .env names it/);
      assert.equal(exitCodeOf(error), 78);
      return true;
    });
  });
});
