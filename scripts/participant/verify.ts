/** `opaline participant verify`: that the slip's row is yours, and is among those that the hospital committed to. */
import { concat, getBytes, keccak256 } from "ethers";
import { datasetRegistry } from "#chain";
import { handleOf, verifyLeaf } from "#encoding";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { networkOptions, withNetwork } from "../connection.ts";
import { readInputFile } from "../readInputFile.ts";
import { type HandleList, type Slip, handlesLeaf, parseHandleList } from "../slipFile.ts";
import { readSlip, slipOption } from "./slip.ts";

export const command = defineCommand({
  command: "participant verify",
  describe: "Check that a slip is about you, and about a row that the hospital has committed to on chain",
  examples: [
    [
      "participant verify --slip slip.json --subject P-0042 --handles handles-v1.json",
      "the subject id is the one that the hospital knows you by in this study; nothing is sent to anyone",
    ],
  ],
  options: {
    ...networkOptions,
    ...slipOption,
    subject: { type: "string", describe: "Your subject id at the hospital", required: true },
    handles: { type: "string", describe: "The version's public list of handles; without it the slot is not checked" },
  },
  handler: (options, context) => {
    const slip = readSlip(options.slip, context);
    const path = options.handles;
    const list =
      path === undefined ? undefined : parseHandleList("handles", readInputFile("handles", context.resolve(path)));
    const { datasetId, version, slot, handle } = slip.enrolment;
    return withNetwork(options, context, async ({ deployment, provider }) => {
      const segments = await datasetRegistry(deployment, provider).segments(datasetId);
      const segment = segments[Number(version) - 1];
      const isMine = handleOf(getBytes(slip.salt), options.subject) === handle;
      const isCommitted =
        segment !== undefined && verifyLeaf(segment.columnsRoot, handlesLeaf(slip.handlesHash), slip.proof);
      const isAtSlot = list === undefined ? undefined : standsAt(list, slip);
      const verified = isMine && isCommitted && isAtSlot !== false;
      return { verified, isMine, isCommitted, isAtSlot, datasetId, version, slot, handle };
    });
  },
  print: ({ verified, isMine, isCommitted, isAtSlot, datasetId, version, slot }) =>
    [
      `row ${slot} of version ${version}, dataset ${datasetId}`,
      isMine ? "the handle is of your subject id and this salt" : "NOT of your subject id and this salt",
      isCommitted ? "the list of handles is what the chain has" : "NOT what the chain has for this version",
      isAtSlot === undefined
        ? "whether your handle stands at this row was not checked: give --handles"
        : isAtSlot
          ? "your handle stands at this row of the list"
          : "your handle does NOT stand at this row of the list that the chain has",
      verified ? "verified" : "NOT VERIFIED: ask the hospital",
    ].join("\n"),
  succeeded: ({ verified }) => verified,
});

/** The list must be the committed one, whole; then one place in it is enough. */
function standsAt({ datasetId, version, handles }: HandleList, { enrolment, handlesHash }: Slip): boolean {
  const isOfSlip = datasetId === enrolment.datasetId && version === enrolment.version;
  return isOfSlip && keccak256(concat(handles)) === handlesHash && handles[enrolment.slot] === enrolment.handle;
}

if (import.meta.main) await runAlone(command);
