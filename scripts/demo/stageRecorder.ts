/** Time and gas of each stage of the demonstration, with one line of progress before it. */
import type { CommandContext } from "../command.ts";
import type { GasMeter } from "./gasMeter.ts";

export class StageRecorder {
  readonly #context: CommandContext;
  readonly #startMs: number;
  readonly gas: Record<string, number> = {};
  readonly seconds: Record<string, number> = {};
  /** Set once there is a chain. */
  meter: GasMeter | undefined;
  #count = 0;

  constructor(context: CommandContext) {
    this.#context = context;
    this.#startMs = context.now();
  }

  /** Runs one stage. Stages run again under the same name are added up. Ends early when the user interrupts. */
  async run<Value>(name: string, title: string, act: () => Promise<Value>): Promise<Value> {
    const { now, log, signal } = this.#context;
    signal.throwIfAborted();
    this.#count += 1;
    log(`[${this.#count}] ${title}`);
    const startMs = now();
    const value = await act();
    this.seconds[name] = round((this.seconds[name] ?? 0) + (now() - startMs) / 1_000);
    const gas = Number((await this.meter?.take()) ?? 0n);
    if (gas > 0) this.gas[name] = (this.gas[name] ?? 0) + gas;
    return value;
  }

  /** Closes the books. */
  total(): void {
    this.seconds["total"] = round((this.#context.now() - this.#startMs) / 1_000);
    this.gas["total"] = Object.values(this.gas).reduce((sum, gas) => sum + gas, 0);
  }
}

function round(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000;
}
