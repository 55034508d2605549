/** Whose a query is: its hash binds its author, so that copying a publication before it is mined gains nothing. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseUnits } from "ethers";
import type { HDNodeWallet } from "ethers";
import type { QuerySmartContract } from "../../types/query/QuerySmartContract.ts";
import { Capacity } from "../../workers/chain/credits.ts";
import { ethers, load, networkHelpers } from "./support/chain.ts";
import {
  OTHER_QUERIER,
  PRICE,
  QUERIER,
  VERDICT,
  VETTERS,
  accept,
  activateDatasets,
  agreementBy,
  answer,
  ask,
  endedWordsOf,
  publication,
  publish,
  queryHashOf,
  registerStudy,
  vet,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

const COPIER = OTHER_QUERIER;
const EXPERTS = [VETTERS[0], VETTERS[2]] as HDNodeWallet[];
const digitsOf = ({ address }: HDNodeWallet): string => address.slice(2).toLowerCase();

describe("QueryCatalogue: whose a query is", () => {
  const publishAs = async (author: HDNodeWallet, agreement: string) => {
    const world = await load(registerStudy);
    const { descriptor, sql, bounds, manifest } = publication();
    const catalogue = world.catalogue.connect(author);
    return { world, act: catalogue.publish(world.studyId, descriptor, sql, bounds, manifest, agreement) };
  };

  it("is in its agreement's last 40 characters, which alone may be all of it", async () => {
    const { world, act } = await publishAs(QUERIER, digitsOf(QUERIER));
    await act;
    const queryHash = queryHashOf({ ...publication(), agreement: digitsOf(QUERIER) });
    assert.equal((await world.catalogue.query(queryHash)).author, QUERIER.address);
  });
  for (const [what, agreement] of [
    ["nobody", "I shall not try to identify anyone."],
    ["nobody, and is empty", ""],
    ["another member", agreementBy(COPIER.address)],
    ["the author with capital letters", QUERIER.address],
    ["the author, and then says more", `${agreementBy(QUERIER.address)}.`],
    ["the author but for the first digit", `. ${digitsOf(QUERIER).slice(1)}`],
    ["the author in one digit less", digitsOf(QUERIER).slice(1)],
    [
      "an author whose last digit is another",
      `${digitsOf(QUERIER).slice(0, -1)}${digitsOf(QUERIER).endsWith("0") ? 1 : 0}`,
    ],
  ] as const) {
    it(`refuses an agreement that names ${what}`, async () => {
      const { world, act } = await publishAs(QUERIER, agreement);
      await reverts(act, world.catalogue, "QueryCatalogueAuthorNotNamed", [QUERIER.address]);
    });
  }

  it("is not its copier's, though mined first in the same block", async () => {
    const { catalogue, studyId } = await load(registerStudy);
    const { descriptor, sql, bounds, manifest, agreement } = publication();
    const send = (author: HDNodeWallet, tip: string) =>
      catalogue.connect(author).publish(studyId, descriptor, sql, bounds, manifest, agreement, {
        gasLimit: 5_000_000,
        maxPriorityFeePerGas: parseUnits(tip, "gwei"),
        maxFeePerGas: parseUnits("100", "gwei"),
      });
    await ethers.provider.send("evm_setAutomine", [false]);
    const sent = [await send(QUERIER, "1"), await send(COPIER, "50")];
    await networkHelpers.mine(1);
    await ethers.provider.send("evm_setAutomine", [true]);
    const receipts = await Promise.all(sent.map(({ hash }) => ethers.provider.getTransactionReceipt(hash)));
    const [original, copy] = receipts.map((receipt) => receipt!);
    assert.ok(copy!.index < original!.index && copy!.blockNumber === original!.blockNumber);
    assert.deepEqual([original!.status, copy!.status], [1, 0]);
    assert.equal((await catalogue.query(queryHashOf(publication()))).author, QUERIER.address);
  });
  it("gains a copier nothing under its own name: the vettings are the original's, which is asked and paid", async () => {
    const world = await load(activateDatasets);
    const copied = await publish(world, COPIER);
    const queryHash = await publish(world, QUERIER);
    assert.notEqual(copied, queryHash);
    for (const expert of EXPERTS) await vet({ ...world, queryHash }, expert);
    const copy = await world.catalogue.query(copied);
    assert.deepEqual([copy.state, copy.approvals], [1n, 0n]);
    const { queryContract, author } = await world.catalogue.query(queryHash);
    assert.equal(author, QUERIER.address);
    const query = world.implementation.attach(queryContract).connect(QUERIER) as unknown as QuerySmartContract;
    const active = { ...world, queryHash, query };
    await accept(active, QUERIER);
    const open = { ...active, asked: await ask(active) };
    await answer(open);
    await query.settle(...endedWordsOf(open, VERDICT));
    const credits = [QUERIER, COPIER].map(({ address }) => world.credits.credit(Capacity.QUERIER, address));
    assert.deepEqual(await Promise.all(credits), [PRICE / 10n, 0n]);
  });
});
