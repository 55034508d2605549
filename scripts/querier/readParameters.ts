/** `--parameter name=value`, repeated, as a query's values by name. */
import { CodedError } from "#errors";
import type { QuerierErrorDetail } from "./activeQuery.ts";

/** Text stays text: the query's bounds say how each is read. @throws CodedError QUERY_PARAMETER_FORM */
export function readParameters(given: readonly string[]): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const text of given) {
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined || Object.hasOwn(parameters, name)) {
      throw new CodedError<QuerierErrorDetail>(
        { code: "QUERY_PARAMETER_FORM", parameter: text },
        `--parameter "${text}": name=value expected, each name once`,
      );
    }
    parameters[name] = value;
  }
  return parameters;
}
