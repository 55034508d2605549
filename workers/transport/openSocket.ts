/** Dials a peer: a WebSocket over a connection whose other end is known by its certificate before a byte is written. */
import WebSocket from "ws";
import { MAX_FRAME_BYTES } from "../messages/frame.ts";
import { type PinnedConnection, connectPinned } from "./connectPinned.ts";

/** Nobody fragments a frame; of one that never ends, the pieces would be held outside every limit. */
export const MAX_FRAGMENTS = 1;

/** @throws CodedError TRANSPORT_*, as `connectPinned` */
export type OpenSocket<Socket> = (target: PinnedConnection) => Promise<Socket>;

/** The socket is returned before it opens, so that its link listens before the peer's hello can arrive. */
export const openPinnedSocket: OpenSocket<WebSocket> = async (target) => {
  const secured = await connectPinned(target);
  return new WebSocket(`wss://${new URL(target.endpoint).host}/peer`, {
    createConnection: () => secured,
    handshakeTimeout: target.timeoutMs,
    maxPayload: MAX_FRAME_BYTES,
    maxFragments: MAX_FRAGMENTS,
    perMessageDeflate: false,
    followRedirects: false,
    // Masks keep a proxy from taking a frame for a request of its own; within pinned TLS there is none, and a mask of
    // zeros spares both ends a pass over every byte.
    generateMask: (mask) => mask.fill(0),
  });
};
