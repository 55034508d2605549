/** `workers/main.ts` as a child process with an environment of the test's choosing, and nothing else of ours in it. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../../../workers/main.ts", import.meta.url));

export interface WorkerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface LogEntry {
  readonly level: string;
  readonly event: string;
  readonly error?: string;
  readonly message?: string;
  readonly [field: string]: unknown;
}

export class WorkerProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<WorkerExit>;
  stderr = "";
  stdout = "";

  /** @param folder working directory: a `.env` there would be read */
  constructor(folder: string, environment: Readonly<Record<string, string>>) {
    const env = { PATH: process.env["PATH"], ...environment };
    this.child = spawn(process.execPath, [PROGRAM], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    this.child.stderr!.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.child.stdout!.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    this.exited = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      this.child.once("close", (code, signal) => resolve({ code, signal }));
    });
  }

  /** Every whole line of the log. */
  log(): LogEntry[] {
    const whole = this.stderr.slice(0, this.stderr.lastIndexOf("\n") + 1);
    return whole
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as LogEntry);
  }

  /** Resolves with the first line of an event. @throws Error when the process ends without one */
  logged(event: string): Promise<LogEntry> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.log().find((entry) => entry.event === event);
        if (found !== undefined) resolve(found);
      };
      this.child.stderr!.on("data", look);
      look();
      const ended = (): void => reject(new Error(`ended without ${event}: ${this.stderr}`));
      this.exited.then(ended, reject);
    });
  }

  /** For the end of a test, whatever became of it. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exited;
  }
}
