/**
 * The operator's way in: a Unix socket in the data directory, one JSON object per line each way. Whoever may open the
 * socket (its owner: mode 0600) may ask; nothing secret can be asked for.
 *
 *   {"command":"status"}    ->  {"ok":true,"status":{…}}
 *   {"command":"evidence"}  ->  {"ok":true,"evidence":[…]}
 *   anything else           ->  {"ok":false,"code":"CONTROL_…","message":"…"}
 */
import { chmodSync, rmSync } from "node:fs";
import { type Server, type Socket, createConnection, createServer } from "node:net";
import { CodedError } from "../errors.ts";

export type ControlErrorDetail =
  | { readonly code: "CONTROL_BAD_REQUEST" }
  | { readonly code: "CONTROL_UNKNOWN_COMMAND"; readonly command: string }
  | { readonly code: "CONTROL_SOCKET_PATH_TOO_LONG"; readonly path: string; readonly bytes: number }
  | { readonly code: "CONTROL_LISTEN_FAILED"; readonly path: string }
  | { readonly code: "CONTROL_ALREADY_RUNNING"; readonly path: string };

/** Commands by name. What they return is sent as it is. */
export type ControlCommands = Readonly<Record<string, () => Promise<object> | object>>;

/** A request is one short line. */
const MAX_LINE_BYTES = 4_096;
const MAX_CONNECTIONS = 16;
const IDLE_MS = 30_000;
/** `sun_path` holds 108 bytes on Linux, its end included; 104 on macOS. */
const MAX_PATH_BYTES = 103;

function answerText(value: object): string {
  return `${JSON.stringify(value, (_key, field: unknown) => (typeof field === "bigint" ? field.toString() : field))}\n`;
}

function commandOf(line: string): string {
  try {
    const { command } = JSON.parse(line) as { command?: unknown };
    if (typeof command === "string") return command;
  } catch {
    // Falls through to the same refusal as a line without a command.
  }
  throw new CodedError<ControlErrorDetail>({ code: "CONTROL_BAD_REQUEST" }, 'Expected one line {"command":"…"}');
}

async function answer(commands: ControlCommands, line: string): Promise<object> {
  try {
    const command = commandOf(line);
    const act = Object.hasOwn(commands, command) ? commands[command] : undefined;
    if (act === undefined) {
      const known = Object.keys(commands).join(", ");
      throw new CodedError<ControlErrorDetail>(
        { code: "CONTROL_UNKNOWN_COMMAND", command: command.slice(0, 40) },
        `There is no such command; there is: ${known}`,
      );
    }
    return { ok: true, [command]: await act() };
  } catch (error) {
    if (error instanceof CodedError) return { ok: false, code: error.code, message: error.message };
    return { ok: false, code: "CONTROL_FAILED", message: "internal error" };
  }
}

function serve(socket: Socket, commands: ControlCommands): void {
  let pending = "";
  socket.setEncoding("utf8");
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (text: string) => {
    const lines = (pending + text).split("\n");
    pending = lines.pop() ?? "";
    if (pending.length > MAX_LINE_BYTES) return socket.destroy();
    for (const line of lines)
      void answer(commands, line).then((value) => socket.writable && socket.write(answerText(value)));
    return undefined;
  });
}

/** True when another process answers on the socket; a socket file nobody listens on is left over from a kill. */
function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

export class ControlSocket {
  readonly #path: string;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  constructor(path: string, commands: ControlCommands) {
    this.#path = path;
    this.#server = createServer((socket) => {
      this.#open.add(socket);
      socket.once("close", () => this.#open.delete(socket));
      serve(socket, commands);
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** @throws CodedError CONTROL_SOCKET_PATH_TOO_LONG | CONTROL_ALREADY_RUNNING | CONTROL_LISTEN_FAILED */
  async start(): Promise<void> {
    const path = this.#path;
    const bytes = Buffer.byteLength(path);
    if (bytes > MAX_PATH_BYTES) {
      throw new CodedError<ControlErrorDetail>(
        { code: "CONTROL_SOCKET_PATH_TOO_LONG", path, bytes },
        `The control socket's path has ${bytes} bytes, the system allows ${MAX_PATH_BYTES}: choose a shorter data folder`,
      );
    }
    if (await isServed(path)) {
      throw new CodedError<ControlErrorDetail>(
        { code: "CONTROL_ALREADY_RUNNING", path },
        `Another worker runs on this data folder (${path} answers)`,
      );
    }
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (cause) => {
        const detail = { code: "CONTROL_LISTEN_FAILED", path } as const;
        reject(new CodedError<ControlErrorDetail>(detail, `Cannot listen on ${path}`, { cause }));
      });
      this.#server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#open) socket.destroy();
    await closed;
  }
}
