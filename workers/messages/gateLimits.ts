/** Up to where the gate tests what sums of values tell of few; the quote of its cost counts the same. */

/** Neighbouring values of one column: one of more is not nearly constant by its unit. */
export const MOST_NEIGHBOURS = 64;

/** Failing values of such a test, which multiplies as many factors: of columns in larger steps there is none. */
export const MOST_FAILING = 5_500;
