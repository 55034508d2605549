/** The event that gives a committee a version, in the store: public facts only. */
import type { DatasetActivated } from "../chain/datasetEvents.ts";

/** Integers as text: SQLite keeps the event as JSON. */
export function activationToJson(activation: DatasetActivated): string {
  return JSON.stringify(activation, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

export function activationFromJson(text: string): DatasetActivated {
  const activation = JSON.parse(text) as DatasetActivated;
  return {
    ...activation,
    version: BigInt(activation.version),
    committeeEpoch: BigInt(activation.committeeEpoch),
    segment: { ...activation.segment, rowCount: BigInt(activation.segment.rowCount) },
  };
}
