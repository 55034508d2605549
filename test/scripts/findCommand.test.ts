import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findCommand, listCommands, listRoles } from "../../scripts/findCommand.ts";

const SCRIPTS = fileURLToPath(new URL("../../scripts", import.meta.url));

describe("findCommand", () => {
  it("finds a verb's file by kebab-case role and verb", async () => {
    const command = await findCommand(SCRIPTS, "data-owner", "contribute");
    assert.equal(command.command, "data-owner contribute");
  });

  it("suggests the nearest role and verb", async () => {
    await assert.rejects(findCommand(SCRIPTS, "data-owners", "contribute"), {
      detail: { code: "CLI_UNKNOWN_ROLE", role: "data-owners", suggestion: "data-owner" },
    });
    await assert.rejects(findCommand(SCRIPTS, "admin", "registerstudy"), {
      detail: { code: "CLI_UNKNOWN_VERB", role: "admin", verb: "registerstudy", suggestion: "register-study" },
    });
  });

  it("takes neither a module that is no command nor a path for a verb", async () => {
    for (const verb of ["deploy-contracts", "../cli", "artifacts", "Deploy", ""]) {
      await assert.rejects(findCommand(SCRIPTS, "admin", verb), { code: "CLI_UNKNOWN_VERB" });
    }
    await assert.rejects(findCommand(SCRIPTS, "demo", "main"), /unknown role/);
  });
});

describe("every command", async () => {
  for (const role of listRoles(SCRIPTS)) {
    for (const [verb, command] of await listCommands(SCRIPTS, role)) {
      it(`${role} ${verb} says its name, what it does and an example`, () => {
        assert.equal(command.command, `${role} ${verb}`);
        assert.ok(command.describe.length > 10);
        assert.ok(command.examples.length > 0);
        for (const [line] of command.examples) assert.ok(line.startsWith(`${role} ${verb}`), line);
      });

      it(`${role} ${verb} takes no secret as an option`, () => {
        const options = Object.keys(command.options);
        assert.deepEqual(
          options.filter((name) => /^(password|privateKey|key|secret|mnemonic)$/i.test(name)),
          [],
        );
      });
    }
  }

  it("is in a folder that exists in scripts/", () => {
    assert.ok(listRoles(SCRIPTS).includes("auditor"), join(SCRIPTS, "auditor"));
  });
});
