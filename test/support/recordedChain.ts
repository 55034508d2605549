/** A chain behind a proxy that writes down which JSON-RPC methods are called. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { LocalChain } from "../../scripts/demo/chain.ts";

export interface RecordedChain extends LocalChain {
  /** Method names. */
  readonly called: ReadonlySet<string>;
}

/** As transparent as it can be: when the node is away, so is the proxy. */
export async function recordChain(chain: LocalChain): Promise<RecordedChain> {
  const called = new Set<string>();
  const forward = async (body: string): Promise<string> => {
    called.add((JSON.parse(body) as { readonly method: string }).method);
    const headers = { "content-type": "application/json" };
    return (await fetch(chain.url, { method: "POST", body, headers })).text();
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      forward(Buffer.concat(chunks).toString("utf8")).then(
        (text) => response.setHeader("content-type", "application/json").end(text),
        () => request.socket.destroy(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    ...chain,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    called,
    stop: async () => {
      server.closeAllConnections();
      await Promise.all([chain.stop(), new Promise((resolve) => server.close(resolve))]);
    },
  };
}
