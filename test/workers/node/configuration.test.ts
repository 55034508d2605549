import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { parse } from "dotenv";
import type { CodedError } from "../../../workers/errors.ts";
import { type ConfigurationErrorDetail, readConfiguration } from "../../../workers/node/configuration.ts";

const COMPLETE = {
  OPALINE_DATA_DIR: "data",
  OPALINE_KEY_DIR: "/keys",
  OPALINE_STORE_KEY: "/store.key",
  OPALINE_KEYSTORE: "keystore.json",
  OPALINE_PASSWORD_FILE: "password",
  OPALINE_TLS_KEY: "tls.key",
  OPALINE_TLS_CERTIFICATE: "tls.crt",
  OPALINE_LISTEN: "127.0.0.1:7443",
  OPALINE_RPC_URL: "http://127.0.0.1:8545",
  OPALINE_CHAIN_ID: "31337",
  OPALINE_DEPLOYMENT: "deployments/local",
};

function problemsOf(environment: Record<string, string | undefined>): Record<string, string> {
  try {
    readConfiguration(environment, "/base");
  } catch (error) {
    const { detail } = error as CodedError<ConfigurationErrorDetail>;
    assert.equal(detail.code, "CONFIGURATION_INVALID");
    return Object.fromEntries(detail.problems.map(({ variable, problem }) => [variable, problem]));
  }
  return {};
}

describe("readConfiguration", () => {
  it("resolves paths and fills in defaults", () => {
    const configuration = readConfiguration(COMPLETE, "/base");
    assert.equal(configuration.dataDir, "/base/data");
    assert.deepEqual([configuration.keyDir, configuration.storeKey], ["/keys", "/store.key"]);
    assert.deepEqual(configuration.listen, { host: "127.0.0.1", port: 7443 });
    assert.equal(configuration.chainId, 31337n);
    const { confirmations, pollMs, attemptTimeoutMs, logLevel } = configuration;
    assert.deepEqual([confirmations, pollMs, attemptTimeoutMs, logLevel], [2, 500, 15_000, "info"]);
    assert.equal(configuration.vectorCacheBytes, 512 << 20);
    assert.equal(readConfiguration({ ...COMPLETE, OPALINE_VECTOR_CACHE_MIB: "0" }, "/").vectorCacheBytes, 0);
    assert.deepEqual(readConfiguration({ ...COMPLETE, OPALINE_LISTEN: "[::1]:0" }, "/").listen, {
      host: "::1",
      port: 0,
    });
  });

  it("reports everything that is missing at once", () => {
    assert.deepEqual(Object.keys(problemsOf({})), Object.keys(COMPLETE));
    assert.match(problemsOf({})["OPALINE_KEYSTORE"]!, /is not set\. Set it to/);
    assert.deepEqual(Object.keys(problemsOf({ ...COMPLETE, OPALINE_RPC_URL: "  " })), ["OPALINE_RPC_URL"]);
  });

  it("names every bad value", () => {
    const bad = {
      OPALINE_LISTEN: "7443",
      OPALINE_RPC_URL: "ws://127.0.0.1",
      OPALINE_CHAIN_ID: "0x1",
      OPALINE_CONFIRMATIONS: "-1",
      OPALINE_POLL_MS: "5",
      OPALINE_ATTEMPT_TIMEOUT_MS: "soon",
      OPALINE_VECTOR_CACHE_MIB: "2049",
      OPALINE_LOG_LEVEL: "loud",
    };
    assert.deepEqual(Object.keys(problemsOf({ ...COMPLETE, ...bad })), Object.keys(bad));
    for (const listen of ["host:65536", "a b:1", ":1", "host:"]) {
      assert.deepEqual(Object.keys(problemsOf({ ...COMPLETE, OPALINE_LISTEN: listen })), ["OPALINE_LISTEN"]);
    }
  });

  it("refuses what the file sets and is no setting, by what was meant, and leaves the environment's others alone", () => {
    const file = {
      path: "/base/.env",
      variables: ["OPALINE_ATTEMPT_TIMEOUT", "OPALINE_TLS_CERT", "OPALINE_X", "PATH"],
    };
    const environment = { ...COMPLETE, OPALINE_SEED: "1", OPALINE_ATTEMPT_TIMEOUT: "3" };
    assert.throws(
      () => readConfiguration(environment, "/base", file),
      (error: CodedError<ConfigurationErrorDetail>) => {
        assert.deepEqual(error.detail.problems, [
          {
            variable: "OPALINE_ATTEMPT_TIMEOUT",
            problem: "is no setting; did you mean OPALINE_ATTEMPT_TIMEOUT_MS?",
          },
          {
            variable: "OPALINE_TLS_CERT",
            problem: "is no setting; did you mean OPALINE_TLS_KEY or OPALINE_TLS_CERTIFICATE?",
          },
          { variable: "OPALINE_X", problem: "is no setting; .env.example explains every variable" },
        ]);
        assert.match(error.message, /^The configuration has 3 errors \(\/base\/\.env was read\):\n/);
        return true;
      },
    );
    const known = { path: "/base/.env", variables: [...Object.keys(COMPLETE), "OPALINE_HEALTH_LISTEN"] };
    assert.equal(readConfiguration(environment, "/base", known).attemptTimeoutMs, 15_000);
  });

  it("says where it looked for the file", () => {
    assert.throws(() => readConfiguration({}, "/base"), {
      message: /^The configuration has 11 errors \(there is no \/base\/\.env: start the worker in its own folder\):/,
    });
  });

  it("is documented: .env.example sets every variable to something valid", () => {
    const example = parse(readFileSync(new URL("../../../.env.example", import.meta.url), "utf8"));
    assert.deepEqual(problemsOf(example), {});
    const source = readFileSync(new URL("../../../workers/node/configuration.ts", import.meta.url), "utf8");
    const variables = new Set(source.match(/OPALINE_[A-Z_]+/g));
    assert.deepEqual(new Set(Object.keys(example)), variables);
  });
});
