/** Why the gate cannot say what a query discloses. */
import { CodedError } from "../errors.ts";

/** A field of the schema, as people and as descriptors call it. */
export interface NamedField {
  readonly index: number;
  readonly name: string;
}

/** A place in the author's text, from 1; known where the text is. */
export interface SqlPlace {
  readonly line: number;
  readonly column: number;
}

export type DisclosureErrorDetail =
  /** A part of the descriptor whose sets of rows cannot be told; `field` where one is the cause. */
  {
    readonly code: "DISCLOSURE_UNSUPPORTED";
    readonly field: NamedField | undefined;
    readonly problem: string;
    readonly place: SqlPlace | undefined;
  };

export function unsupported(problem: string, field?: NamedField, place?: SqlPlace): CodedError<DisclosureErrorDetail> {
  const where = place === undefined ? "" : `line ${place.line}, column ${place.column}: `;
  const what = field === undefined ? "" : `\`${field.name}\`: `;
  return new CodedError<DisclosureErrorDetail>(
    { code: "DISCLOSURE_UNSUPPORTED", field, problem, place },
    `${where}the gate cannot tell which sets this query discloses: ${what}${problem}`,
  );
}
