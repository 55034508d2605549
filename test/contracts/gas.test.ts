/**
 * What one question costs on chain: prints the figures, and fails when they grow past what they are now. The limits are
 * the measured figures plus 2 %; lower them when the contracts get cheaper.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HDNodeWallet } from "ethers";
import { load } from "./support/chain.ts";
import { WITHDRAWAL, publishForm, record } from "./support/consent.ts";
import { OWNERS, POLICY, QUERIER, VERDICT, WORKERS, activate, answer, ask, openRequest } from "./support/consortium.ts";
import { approve, confirm, proposed, reshare } from "./support/committeeChange.ts";
import { LATER_KEYS, NEW_KEY, rotate } from "./support/keyRotation.ts";

const LIMITS = {
  priced: { request: 138_000n, answer: 106_500n },
  free: { request: 138_000n, answer: 106_500n },
};

describe("gas", () => {
  async function freeRequest() {
    return openRequest(4, 1, { ...POLICY, price: 0n, purposes: [] });
  }

  for (const [name, fixture] of [
    ["priced", openRequest],
    ["free", freeRequest],
  ] as const) {
    it(`of a ${name} request over three datasets and its answer by three of four workers stays within its limit`, async () => {
      const world = await load(fixture as typeof openRequest);
      const receipt = await (await answer(world)).wait();
      const spent = { request: world.asked.gasUsed, answer: receipt?.gasUsed ?? 0n };
      console.log(
        `gas, ${name}: request ${spent.request} + answer ${spent.answer} (${VERDICT.outputs.length} outputs)` +
          ` = ${spent.request + spent.answer}`,
      );
      assert.ok(spent.request <= LIMITS[name].request && spent.answer <= LIMITS[name].answer);
      assert.ok(spent.request + spent.answer <= 250_000n);
    });
  }

  it("grows with a rotated key by two words that are read to find its member: 4,300 for the querier, none for workers", async () => {
    const world = await load(openRequest);
    const plain = { request: (await ask(world)).gasUsed, answer: (await (await answer(world)).wait())?.gasUsed ?? 0n };
    await rotate(world.queriers, QUERIER, NEW_KEY);
    const keys = LATER_KEYS;
    for (const [i, key] of keys.entries()) await rotate(world.workers, WORKERS[i] as HDNodeWallet, key);
    const asked = await ask(world, NEW_KEY);
    const rotated = { ...world, asked, committee: [...keys, ...world.committee.slice(keys.length)] };
    const receipt = await (await answer(rotated)).wait();
    assert.ok(asked.gasUsed <= plain.request + 4_300n, `request: ${plain.request} became ${asked.gasUsed}`);
    assert.ok((receipt?.gasUsed ?? 0n) <= plain.answer + 100n, `answer: ${plain.answer} became ${receipt?.gasUsed}`);
  });

  it("of a request grows by the consent registry and the heads of its datasets once its study has a record, whatever their number", async () => {
    const world = await load(publishForm);
    const plain = (await ask(world)).gasUsed;
    await record(world, WITHDRAWAL);
    const masked = (await ask(world)).gasUsed;
    console.log(`gas, consent: request ${plain} without any record, ${masked} with`);
    assert.ok(masked <= plain + 16_200n, `${plain} became ${masked}`);
    for (let i = 0; i < 20; i++) await record(world, WITHDRAWAL);
    const later = (await ask(world)).gasUsed;
    assert.ok(later <= masked + 100n, `${masked} became ${later}`);
  });

  it("of a change of committee costs some 160,000 for each dataset and 15,000 for each version more", async () => {
    const world = await load(proposed);
    const complete = async (versions: number) => {
      for (let version = 2n; version <= versions; version++) {
        for (const owner of OWNERS) await activate(world, owner, version);
      }
      for (const owner of OWNERS) await approve(world, owner);
      for (const owner of OWNERS) {
        for (let version = 1n; version <= versions; version++) await reshare(world, owner, version);
      }
      for (const index of [1, 2, 3, 4, 5]) await confirm(world, index);
      return (await (await world.changes.complete(world.studyId)).wait())?.gasUsed ?? 0n;
    };
    const one = await complete(1);
    await load(proposed);
    const four = await complete(4);
    const [version, dataset] = [(four - one) / 9n, one / 3n];
    console.log(`gas, change of committee: ${one} for 3 datasets of 1 version, ${version} for each version more`);
    assert.ok(dataset <= 162_000n && version <= 15_600n);
  });

  it("of a request does not grow with the versions of its datasets", async () => {
    const world = await load(openRequest);
    const before = (await ask(world)).gasUsed;
    for (const version of [2n, 3n, 4n, 5n]) for (const owner of OWNERS) await activate(world, owner, version);
    const after = (await ask(world)).gasUsed;
    assert.ok(after <= before + 100n, `${before} became ${after}`);
  });
});
