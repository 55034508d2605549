/** All chance of a simulation, from its seed: independent streams by name, so that one more draw here moves nothing there. */
import type { RandomBytes } from "../../workers/field/field.ts";
import { seededBytes } from "../workers/encoding/seededBytes.ts";

export class Choices {
  readonly bytes: RandomBytes;
  readonly #seed: string;

  constructor(seed: string) {
    this.#seed = seed;
    this.bytes = seededBytes(seed);
  }

  stream(name: string): Choices {
    return new Choices(`${this.#seed}/${name}`);
  }

  /** Uniform in [0, 1). */
  unit(): number {
    return Buffer.from(this.bytes(4)).readUInt32BE() / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.unit() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  of<Item>(items: readonly Item[]): Item {
    return items[this.whole(0, items.length - 1)]!;
  }

  shuffled<Item>(items: readonly Item[]): Item[] {
    const rest = [...items];
    return items.map(() => rest.splice(this.whole(0, rest.length - 1), 1)[0]!);
  }

  /** By weight. */
  weighted<Item>(items: readonly (readonly [weight: number, item: Item])[]): Item {
    let left = this.unit() * items.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, item] of items) if ((left -= weight) < 0) return item;
    return items.at(-1)![1];
  }
}
