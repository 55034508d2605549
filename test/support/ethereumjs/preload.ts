/**
 * Loaded before the client's own program (`node --import`). The client opens its peer-to-peer port on every interface, and
 * has no option against it: here it gets the loopback only. And it never outlives who started it: when that process is
 * gone, however it ended, the IPC channel closes and the client with it.
 */
import { Socket } from "node:dgram";
import { Server } from "node:net";

type Opens = (this: unknown, ...words: unknown[]) => unknown;

function onLoopback(prototype: object, method: string): void {
  const open = Reflect.get(prototype, method) as Opens;
  const opens: Opens = function (...words) {
    return open.apply(
      this,
      words.map((word) => (word === "0.0.0.0" ? "127.0.0.1" : word)),
    );
  };
  Reflect.set(prototype, method, opens);
}

onLoopback(Server.prototype, "listen");
onLoopback(Socket.prototype, "bind");
process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
