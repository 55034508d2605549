/** Reading a sealed answer: who may, and taking the mask away with the keys that workers published. */
import { type BaseWallet, SigningKey, getBytes } from "ethers";
import type { KeyCopiesPublished } from "#chain";
import { CodedError } from "#errors";
import { bn254Fr } from "#field";
import { type SealedPlace, openMaskKeys, recipientsFault, sealedHash } from "#messages";
import { answerMask } from "#sharing";
import { invalidOption } from "../readOption.ts";
import type { QuerierErrorDetail } from "./activeQuery.ts";
import type { RequestEvents } from "./requestEvents.ts";

/** What sealed answers are encrypted to: the compressed public key of an account. */
export function recipientKey(wallet: Pick<BaseWallet, "privateKey">): string {
  return SigningKey.computePublicKey(wallet.privateKey, true);
}

/**
 * The recipients of a request, ascending as the contract wants them; none for a PUBLIC one.
 * @param options `me` or compressed secp256k1 keys
 * @throws CodedError OPTION_INVALID
 */
export function readRecipients(options: readonly string[], me: Pick<BaseWallet, "privateKey">): string[] {
  const keys = options.map((text) => (text === "me" ? recipientKey(me) : text.toLowerCase()));
  const recipients = [...new Set(keys)].sort();
  if (recipients.length === 0) return [];
  const fault = recipientsFault(recipients);
  if (fault === undefined) return recipients;
  throw invalidOption(
    "seal-to",
    fault === "too many"
      ? "at most 16 recipients"
      : "`me`, or a compressed secp256k1 public key (0x02… or 0x03…, 33 bytes; create-key prints yours)",
  );
}

/** @throws CodedError ANSWER_NOT_RECIPIENT */
export function checkRecipient({ requested }: RequestEvents, reader: Pick<BaseWallet, "privateKey">): void {
  const { requestId, recipients } = requested;
  const key = recipientKey(reader);
  if (recipients.includes(key)) return;
  throw new CodedError<QuerierErrorDetail>(
    { code: "ANSWER_NOT_RECIPIENT", requestId },
    `the answer to request ${requestId} is not sealed to ${key}, the public key of this keystore`,
  );
}

/**
 * The answer's outputs without the mask; undefined while a key of it has not been published. Keys count by their hashes, which
 * the workers' quorum signed with the answer, whoever published them.
 *
 * @param reader one of the recipients
 */
export function unseal(
  { requested, ending, published }: RequestEvents,
  place: Pick<SealedPlace, "chainId" | "contract">,
  reader: Pick<BaseWallet, "privateKey">,
): bigint[] | undefined {
  if (ending?.name !== "QueryAnswered") return undefined;
  const { requestId, recipients } = requested;
  const position = recipients.indexOf(recipientKey(reader));
  const signed = published.filter(({ maskKeyHashes }) => sealedHash(maskKeyHashes) === ending.sealedHash);
  const hashes = signed[0]?.maskKeyHashes;
  if (hashes === undefined) return undefined;
  const copies = copiesInTurn(signed, position);
  const whole = { ...place, requestId, attempt: ending.attempt };
  const keys = openMaskKeys(hashes, copies, whole, getBytes(reader.privateKey));
  if (keys === undefined) return undefined;
  const { outputs } = ending;
  return bn254Fr.toResidues(bn254Fr.sub(bn254Fr.fromIntegers(outputs), answerMask(bn254Fr, keys, outputs.length)));
}

/** Different copies that one worker may publish: an honest one has a single one of an answer. */
const MOST_COPIES = 4;

/** Every worker's first, then every worker's second: whoever publishes junk stands in nobody's way but its own. */
export function copiesInTurn(published: readonly KeyCopiesPublished[], recipient: number): string[] {
  const byWorker = new Map<number, Set<string>>();
  for (const { index, copies } of published) {
    const own = byWorker.get(index) ?? new Set<string>();
    const copy = copies[recipient];
    if (copy !== undefined && own.size < MOST_COPIES) own.add(copy);
    byWorker.set(index, own);
  }
  const queues = [...byWorker.values()].map((own) => [...own]);
  return Array.from({ length: MOST_COPIES }, (_, turn) => queues.flatMap((own) => own[turn] ?? [])).flat();
}
