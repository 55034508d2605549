/** A cell's sums to one value of the answer: a number, or what a regression or rates of grades tell. */
import type { Column, Descriptor } from "../messages/descriptor.ts";
import { Finish } from "../messages/descriptor.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import { answerError } from "./answerError.ts";
import type { Covariance } from "./covariance.ts";
import { finishCovariance } from "./covariance.ts";
import type { GradeRates } from "./gradeRates.ts";
import { finishGradeRates } from "./gradeRates.ts";
import type { Hidden } from "./hidden.ts";
import { HIDDEN } from "./hidden.ts";
import type { LinearRegression } from "./linearRegression.ts";
import { linearRegression } from "./linearRegression.ts";
import { finishMoments } from "./moments.ts";
import { regressorNames } from "./regressorNames.ts";

export type CellValue = string | number | null | Hidden | LinearRegression | GradeRates;

/** One cell's sums, signed; undefined where hidden. */
export type Sums = readonly (bigint | undefined)[];

export interface CellPlace {
  readonly cell: number;
  readonly schema: StudySchema;
  readonly descriptor: Descriptor;
}

const PAIRED: ReadonlyMap<Finish, (sums: Covariance) => number | null> = new Map([
  [Finish.COVAR_POP, (sums: Covariance) => sums.covarPop],
  [Finish.COVAR_SAMP, (sums: Covariance) => sums.covarSamp],
  [Finish.CORR, (sums: Covariance) => sums.corr],
  [Finish.REGR_SLOPE, (sums: Covariance) => sums.regrSlope],
  [Finish.REGR_INTERCEPT, (sums: Covariance) => sums.regrIntercept],
  [Finish.REGR_R2, (sums: Covariance) => sums.regrR2],
]);

/** @throws CodedError ANSWER_IMPOSSIBLE | ANSWER_INCONSISTENT */
export function finishCell(column: Column, sums: Sums, place: CellPlace): CellValue {
  const { finish, decimals, arguments: args } = column;
  const needed = column.sums.map((index) => sums[index]);
  if (finish === Finish.TOXICITY || finish === Finish.PRO_CTCAE) return finishGradeRates(args, needed);
  if (!areShown(needed)) return HIDDEN;
  const paired = PAIRED.get(finish);
  if (paired !== undefined) return paired(finishCovariance(pairSums(needed, decimals)));
  if (finish === Finish.LINEAR_REGRESSION) {
    return linearRegression({
      terms: regressorNames(column, place),
      decimals,
      products: crossProducts(needed, decimals.length),
    });
  }
  return moments(column, needed, place.cell);
}

export function areShown(sums: Sums): sums is readonly bigint[] {
  return !sums.includes(undefined);
}

function moments(
  { finish, decimals }: Column,
  [n = 0n, sum = 0n, squares]: readonly bigint[],
  cell: number,
): CellValue {
  if (n < 0n || (squares !== undefined && n * squares < sum * sum)) {
    throw answerError({ code: "ANSWER_IMPOSSIBLE", cell }, `the sums of cell ${cell} belong to no rows`);
  }
  const counted = finish === Finish.REGR_COUNT ? Finish.COUNT : finish;
  return finishMoments(counted, { n, sum, squares: squares ?? 0n, decimals: decimals[0] ?? 0 });
}

/** [n, y, x, yy, yx, xx] */
function pairSums(
  sums: readonly bigint[],
  [decimalsY, decimalsX]: readonly number[],
): Parameters<typeof finishCovariance>[0] {
  const [n, sumY, sumX, sumYY, sumXY, sumXX] = sums as [bigint, bigint, bigint, bigint, bigint, bigint];
  return { n, sumX, sumY, sumXX, sumYY, sumXY, decimalsX: decimalsX!, decimalsY: decimalsY! };
}

/** The symmetric matrix of [1, x1 … xp, y], from [n, sums, then products row by row]. */
function crossProducts(sums: readonly bigint[], variables: number): bigint[][] {
  const size = variables + 1;
  const matrix = Array.from({ length: size }, () => Array.from({ length: size }, () => 0n));
  const set = (row: number, column: number, value: bigint): void => {
    matrix[row]![column] = value;
    matrix[column]![row] = value;
  };
  let next = 0;
  for (let column = 0; column < size; column++) set(0, column, sums[next++]!);
  for (let row = 1; row < size; row++) for (let column = row; column < size; column++) set(row, column, sums[next++]!);
  return matrix;
}
