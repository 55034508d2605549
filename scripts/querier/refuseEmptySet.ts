/**
 * Parameters may each be within their bounds and together describe no patient, such as a range with its lower end above
 * its upper. The workers would refuse such a request, and its gas would be spent: it is not sent at all.
 */
import { selectsNobody } from "#disclosure";
import { CodedError } from "#errors";
import { AtomOp, type Descriptor } from "#messages";
import { buildCircuit, formatParameter } from "#query";
import type { OpenQuery } from "../query.ts";
import type { QuerierErrorDetail } from "./activeQuery.ts";

/**
 * Asks the same functions as every worker.
 *
 * @param values one scaled integer per bound, already checked
 * @throws CodedError REQUEST_EMPTY_SET
 */
export function refuseEmptySet(open: OpenQuery, descriptor: Descriptor, values: readonly bigint[]): void {
  const { schema } = open.study;
  const built = buildCircuit(descriptor, values, schema);
  if (!built.empty && !selectsNobody({ descriptor, parameters: values, schema })) return;
  const none = "with these parameters no row can satisfy the query's conditions";
  const why = crossedParameters(open, descriptor, values) ?? (built.empty ? built.reason : none);
  throw new CodedError<QuerierErrorDetail>(
    { code: "REQUEST_EMPTY_SET", queryHash: open.queryHash },
    `${why}: no patient can match; nothing was sent`,
  );
}

/** The two parameters of a range that are the wrong way round. */
function crossedParameters(
  { bounds, study }: OpenQuery,
  { atoms }: Descriptor,
  values: readonly bigint[],
): string | undefined {
  const both = 3;
  for (const { op, bind, lo, hi } of atoms) {
    if (op !== AtomOp.RANGE || bind !== both || values[Number(lo)]! <= values[Number(hi)]!) continue;
    const [lower, upper] = [lo, hi].map((word) => {
      const bound = bounds[Number(word)]!;
      const text = formatParameter(bound, values[Number(word)]!, study.schema.fields[bound.field]);
      return `\`:${bound.name}\` = ${text}`;
    });
    return `${lower} is above ${upper}`;
  }
  return undefined;
}
