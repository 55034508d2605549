/** Options whose text has a form: what is said of one that has not. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { purposeCode, purposeText } from "../../scripts/purposes.ts";
import { readEndpoint } from "../../scripts/readEndpoint.ts";
import { readAddress } from "../../scripts/readOption.ts";

const ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

describe("readAddress", () => {
  it("takes an address with its checksum, or without one", () => {
    assert.equal(readAddress("account", ADDRESS), ADDRESS);
    assert.equal(readAddress("account", ADDRESS.toLowerCase()), ADDRESS);
  });

  it("tells a wrong checksum from what is no address", () => {
    const detail = { code: "OPTION_INVALID", option: "account" };
    const swapped = ADDRESS.replace("aA", "Aa");
    const message = /^--account: an address whose capital letters are its checksum \(these are not: .*\) expected$/;
    assert.throws(() => readAddress("account", swapped), { detail, message });
    for (const text of [ADDRESS.slice(0, -1), `${ADDRESS}0`, "0x", "alice"]) {
      const plain = "--account: an address (0x and 40 hex digits) expected";
      assert.throws(() => readAddress("account", text), { detail, message: plain }, text);
    }
  });
});

describe("readEndpoint", () => {
  it("takes https, a host and a port", () => {
    for (const text of [
      "https://mpc.a.edu:7443",
      "https://127.0.0.1:1",
      "https://[::1]:7443",
      "https://mpc.a.edu:7443/",
    ]) {
      assert.equal(readEndpoint("endpoint", text), text);
    }
  });

  it("refuses what nobody could dial", () => {
    const detail = { code: "OPTION_INVALID", option: "endpoint" };
    const message = /^--endpoint: https:\/\/host:port .* expected$/;
    const texts = ["", "not a url", "127.0.0.1:7441", "http://127.0.0.1", "http://127.0.0.1:7441", "mpc.a.edu:7443"];
    for (const text of [
      ...texts,
      "https://a.edu:0",
      "https://a.edu:70000",
      "https://a.edu:7443/peer",
      "https://u:p@a.edu:7443",
    ]) {
      assert.throws(() => readEndpoint("endpoint", text), { detail, message }, text);
    }
  });
});

describe("purposeCode", () => {
  it("takes a DUO code of seven digits, and codes of other vocabularies", () => {
    for (const text of ["DUO:0000007", "MONDO:1", "research"]) assert.equal(purposeText(purposeCode(text)), text);
  });

  it("refuses what would be another purpose than the DUO code that is meant", () => {
    for (const text of ["DUO:7", "DUO:00000007", "duo:0000007", "DUO:", "DUO:000000x"]) {
      assert.throws(
        () => purposeCode(text),
        { detail: { code: "PURPOSE_INVALID", purpose: text }, message: /seven digits, for example DUO:0000007$/ },
        text,
      );
    }
  });
});
