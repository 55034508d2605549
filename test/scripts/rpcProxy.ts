/** A chain's node as someone hostile or broken would run it: the real one's answers, altered on the way. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type Alter = (method: string, result: unknown) => unknown;

export interface RpcProxy {
  readonly url: string;
  readonly close: () => Promise<void>;
}

export async function startRpcProxy(target: string, alter: () => Alter): Promise<RpcProxy> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      void answer(Buffer.concat(chunks).toString("utf8")).then((body) => {
        response.setHeader("content-type", "application/json").end(body);
      });
    });
  });
  const answer = async (body: string): Promise<string> => {
    const { method } = JSON.parse(body) as { method: string };
    const headers = { "content-type": "application/json" };
    const given = (await (await fetch(target, { method: "POST", body, headers })).json()) as { result?: unknown };
    return JSON.stringify(given.result === undefined ? given : { ...given, result: alter()(method, given.result) });
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
