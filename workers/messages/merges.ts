/** Of each output, the first line of each interval that its lines of values were merged to, ascending from 0. */
export type Merges = readonly (readonly number[])[];
