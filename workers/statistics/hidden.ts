/**
 * What the answer's table holds where the gate let nothing be shown. Not null, which means "no value" as in SQL, and not a
 * text, which a category could be: in JSON it is {"hidden":true}.
 */
export interface Hidden {
  readonly hidden: true;
}

/** The one value of its type, so that equality is identity. */
export const HIDDEN: Hidden = Object.freeze({ hidden: true });

export function isHidden(value: unknown): value is Hidden {
  return value === HIDDEN;
}
