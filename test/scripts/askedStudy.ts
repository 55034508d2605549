/** A study with data and a vetted query, made by commands: all that somebody needs to ask it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { id } from "ethers";
import { command as publishAgreement } from "../../scripts/admin/publishAgreement.ts";
import { command as signAgreement } from "../../scripts/dataOwner/signAgreement.ts";
import { command as accept } from "../../scripts/querier/accept.ts";
import { command as publish } from "../../scripts/querier/publish.ts";
import { command as sign } from "../../scripts/vetter/sign.ts";
import { datasetRegistry } from "../../workers/chain/datasetRegistry.ts";
import { queryCatalogue } from "../../workers/chain/queryCatalogue.ts";
import { sharesRoot } from "../../workers/messages/datasetRoot.ts";
import { RECEIPT } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { CHAIN_ID } from "../workers/chain/localChain.ts";
import { type Consortium, startConsortium } from "./consortium.ts";

/** n = 3, t = 1: two signatures end a request. */
export const WORKERS = ["alder", "birch", "cedar"];

export interface AskedStudy {
  readonly consortium: Consortium;
  readonly datasetId: string;
  /** Of `SELECT COUNT(*) FROM trial`, whose agreement `searcher` has accepted. */
  readonly queryContract: string;
}

/** @param author of the query, a querier like `searcher` */
export async function startAskedStudy(author = "searcher"): Promise<AskedStudy> {
  const consortium = await startConsortium();
  for (const name of WORKERS) await consortium.admit("worker", name, name, { endpoint: `https://${name}:1` });
  await consortium.admit("dataOwner", "hospital", "Hospital North");
  for (const name of new Set([author, "searcher"])) await consortium.admit("querier", name, `Institute of ${name}`);
  await consortium.admit("vetter", "north", "Board North");
  await consortium.admit("vetter", "south", "Board South");
  await consortium.admit("auditor", "watch", "Audit Office");
  await consortium.appoint(WORKERS);
  await agree(consortium);
  const datasetId = await activate(consortium);
  return { consortium, datasetId, queryContract: await vettedQuery(consortium, author) };
}

async function agree({ context, folder, studyId: study, as }: Consortium): Promise<void> {
  const document = join(folder, "agreement.txt");
  writeFileSync(document, "The study's agreement.");
  const published = { ...as("admin"), study, document, jurisdiction: "EU", party: ["Hospital North"] };
  await publishAgreement.handler(published, context);
  const signing = { ...as("hospital"), study, document, name: "Dr A. Director", meaning: "I sign" };
  await signAgreement.handler(signing, context);
}

async function activate({ deployment, chain, studyId, wallet }: Consortium): Promise<string> {
  const hospital = wallet("hospital").connect(chain.provider);
  const registry = datasetRegistry(deployment, hospital);
  const datasetId = await registry.datasetIdOf(studyId, hospital.address);
  const fileHashes = WORKERS.map((name) => id(`file of ${name}`));
  const domain = opalineDomain(CHAIN_ID, registry.address);
  const receipts = await Promise.all(
    WORKERS.map((name, i) => {
      const worker = wallet(name);
      return worker.signTypedData(domain, RECEIPT, { datasetId, worker: worker.address, fileHash: fileHashes[i] });
    }),
  );
  const segment = { rowCount: 100n, columnsRoot: id("columns"), sharesRoot: sharesRoot(fileHashes) };
  await registry.activate(studyId, 1n, segment, fileHashes, receipts, "0x01", 0n);
  return datasetId;
}

async function vettedQuery(consortium: Consortium, author: string): Promise<string> {
  const { context, studyId: study, as, deployment, chain } = consortium;
  const text = { study, sql: "SELECT COUNT(*) FROM trial", agreement: "Only for the study." };
  const { queryHash: query } = await publish.handler({ ...as(author), ...text }, context);
  for (const name of ["north", "south"]) {
    await sign.handler({ ...as(name), query, name: "Dr A. Expert", reject: false }, context);
  }
  const acceptance = { ...as("searcher"), query, name: "Dr R. Searcher", meaning: "I accept" };
  await accept.handler(acceptance, context);
  return (await queryCatalogue(deployment, chain.provider).query(query)).queryContract;
}
