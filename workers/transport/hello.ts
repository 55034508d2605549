/**
 * The first frame on every peer socket, both ways: what must agree before anything else is said. The certificate has
 * already proved who is there; the hello finds two honest workers configured for different chains or versions, and says
 * so with both values.
 *
 * Payload: protocol version u16 | chainId u256 | sender's address 20 | receiver's address 20.
 */
import { encodeFrame, FrameKind, type Frame } from "../messages/frame.ts";
import { transportError } from "./errors.ts";

/** Version of everything above frames: rounds, proposals, signatures. Raised when any of them changes. */
export const PROTOCOL_VERSION = 4;
const HELLO_BYTES = 2 + 32 + 20 + 20;
const NO_SESSION = `0x${"0".repeat(64)}`;

export interface Hello {
  readonly protocolVersion: number;
  readonly chainId: bigint;
  /** Lower-case addresses. */
  readonly sender: string;
  readonly receiver: string;
}

export function encodeHello(hello: Hello): Uint8Array {
  const payload = Buffer.alloc(HELLO_BYTES);
  payload.writeUInt16BE(hello.protocolVersion, 0);
  payload.write(hello.chainId.toString(16).padStart(64, "0"), 2, 32, "hex");
  payload.write(hello.sender.slice(2), 34, 20, "hex");
  payload.write(hello.receiver.slice(2), 54, 20, "hex");
  const place = { session: NO_SESSION, epoch: 0n, attempt: 0n, step: 0, sender: 0, receiver: 0, seq: 0 };
  return encodeFrame({ kind: FrameKind.HELLO, ...place, payload });
}

/**
 * @param ours what this worker sends; `theirs` must be its mirror image
 * @throws CodedError TRANSPORT_HELLO_MISMATCH with both values of the first field that differs
 */
export function checkHello(frame: Frame, ours: Hello): void {
  const peer = ours.receiver;
  if (frame.kind !== FrameKind.HELLO) throw mismatch(peer, "frame", "HELLO", `kind ${frame.kind}`);
  const payload = Buffer.from(frame.payload);
  const version = payload.length < 2 ? "none" : payload.readUInt16BE(0);
  if (version !== ours.protocolVersion) {
    throw mismatch(peer, "protocolVersion", String(ours.protocolVersion), String(version));
  }
  if (payload.length !== HELLO_BYTES) throw mismatch(peer, "frame", `${HELLO_BYTES} bytes`, `${payload.length} bytes`);
  const chainId = BigInt(`0x${payload.toString("hex", 2, 34)}`);
  if (chainId !== ours.chainId) throw mismatch(peer, "chainId", String(ours.chainId), String(chainId));
  const sender = `0x${payload.toString("hex", 34, 54)}`;
  if (sender !== ours.receiver) throw mismatch(peer, "sender", ours.receiver, sender);
  const receiver = `0x${payload.toString("hex", 54, 74)}`;
  if (receiver !== ours.sender) throw mismatch(peer, "receiver", ours.sender, receiver);
}

type Field = "protocolVersion" | "chainId" | "sender" | "receiver" | "frame";

function mismatch(peer: string, field: Field, ours: string, theirs: string): Error {
  const detail = { code: "TRANSPORT_HELLO_MISMATCH", peer, field, ours, theirs } as const;
  return transportError(detail, `${peer} says ${field} ${theirs}, this worker says ${ours}`);
}
