/** `opaline worker status`: what a running worker says of itself, over the Unix socket in its data folder. */
import { existsSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { CodedError } from "#errors";
import { runAlone } from "../cli.ts";
import { type CommandContext, defineCommand } from "../command.ts";

export type WorkerStatusErrorDetail =
  | { readonly code: "WORKER_UNREACHABLE"; readonly socket: string }
  | { readonly code: "WORKER_REFUSED"; readonly reason: string };

export const command = defineCommand({
  command: "worker status",
  describe: "Describe a running worker: chain position, peers, requests, security model",
  examples: [
    ["worker status --json", "of the worker configured here (.env), as JSON, for monitoring"],
    ["worker status --data-dir /srv/opaline/store", "of another one on this machine"],
  ],
  options: {
    dataDir: { type: "string", describe: "The worker's data folder (default: OPALINE_DATA_DIR, also from .env)" },
  },
  handler: async ({ dataDir }, context) => askWorker(controlSocket(dataDir, context), "status", context.signal),
});

/** @throws CodedError CONFIGURATION_MISSING | CONFIGURATION_DATA_DIR */
export function controlSocket(
  dataDir: string | undefined,
  { resolve, setting }: Pick<CommandContext, "resolve" | "setting">,
): string {
  const folder = dataDir ?? setting("OPALINE_DATA_DIR");
  if (folder === undefined) {
    throw new CodedError(
      { code: "CONFIGURATION_MISSING", setting: "OPALINE_DATA_DIR" },
      "which worker? Give --data-dir, or set OPALINE_DATA_DIR, or run this where its .env is",
    );
  }
  const path = resolve(folder);
  if (!existsSync(path)) {
    throw new CodedError(
      { code: "CONFIGURATION_DATA_DIR", path },
      `${path}: no such folder; OPALINE_DATA_DIR in the worker's .env names it`,
    );
  }
  return join(path, "control.sock");
}

/**
 * One question, one answer.
 *
 * @throws CodedError WORKER_UNREACHABLE (no worker runs there, or not yet) | WORKER_REFUSED
 */
export async function askWorker(socketPath: string, question: string, signal: AbortSignal): Promise<unknown> {
  const answer = JSON.parse(await exchangeLine(socketPath, JSON.stringify({ command: question }), signal)) as {
    readonly ok: boolean;
    readonly code?: string;
    readonly message?: string;
    readonly [answer: string]: unknown;
  };
  if (answer.ok) return answer[question];
  throw new CodedError<WorkerStatusErrorDetail>(
    { code: "WORKER_REFUSED", reason: answer.code ?? "unknown" },
    `the worker refused: ${answer.message ?? answer.code}`,
  );
}

function exchangeLine(path: string, line: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path, signal });
    let text = "";
    socket.setEncoding("utf8");
    socket.once("connect", () => socket.write(`${line}\n`));
    socket.on("data", (more: string) => {
      text += more;
      const end = text.indexOf("\n");
      if (end < 0) return;
      socket.destroy();
      resolve(text.slice(0, end));
    });
    const fail = (cause?: Error): void =>
      reject(
        new CodedError<WorkerStatusErrorDetail>(
          { code: "WORKER_UNREACHABLE", socket: path },
          `no worker answers on ${path}: it does not run, or --data-dir is not its OPALINE_DATA_DIR (the folder \`store\` in its own)`,
          { cause },
        ),
      );
    socket.once("error", fail);
    socket.once("close", () => fail());
  });
}

if (import.meta.main) await runAlone(command);
