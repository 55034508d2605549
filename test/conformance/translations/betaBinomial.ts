/** `beta_binomial_rar`: arms by their posterior response, and the allocation that follows, by biomarker where one is told. */
import type { JudgedCell } from "../judge/judgedAnswer.ts";
import { groupAxes } from "../judge/judgedAnswer.ts";
import type { JsonRecord } from "../referenceQuery.ts";
import { EXACT, isSameKey, show, spreadTolerance, sumTolerance } from "./compareValues.ts";
import type { Tolerance } from "./compareValues.ts";
import { conditionKeys, groupItems, usesOf } from "./selection.ts";
import { compareShown, expectedList, expectedRecords, read, readList } from "./structuredValue.ts";
import type { TranslateKind } from "./translation.ts";

export const translateBetaBinomial: TranslateKind = (query) => {
  const [arm, outcome] = [query.text("arm"), query.text("outcome")];
  const marker = query.texts("biomarker");
  const strata = expectedRecords(query, "strata");
  const success = String(query.value("success") ?? 1);
  const power = /\^\s*([0-9.]+)/.exec(query.text("allocation_rule"))?.[1];
  if (power === undefined)
    return { unsupported: "the allocation rule is not a power of the probability of being best" };
  return {
    table: query.text("table"),
    uses: usesOf([...marker, arm, outcome], []),
    named: [{ column: outcome, value: success }],
    ...conditionKeys(query),
    derived: [],
    statements: [
      {
        select: (naming) => {
          const response = `${naming.column(outcome)} = ${naming.constant(outcome, success)}`;
          const options = `PRIOR ${query.numbers("prior").join(", ")}, POWER ${power}`;
          return [...groupItems(naming, marker), `ALLOCATION(${response}, ${options}) AS allocation`];
        },
        groupBy: [...marker, arm],
        columns: [...marker, "allocation"],
        judged: {
          axes: [...groupAxes(marker), { column: arm, missing: false }, { column: outcome, missing: false }],
          present: [arm, outcome],
        },
        compare: ({ rows }, cells) =>
          strataOf(cells, marker.length).flatMap(({ keys, inside }) => {
            const row = rows.find((each) => keys.every((key, axis) => each[axis] === key));
            const stratum = strata.find((each) =>
              marker.every((name, axis) => isSameKey(keys[axis], each["biomarker"] ?? each[name])),
            );
            const isNobody = inside.every((cell) => cell.rows === 0);
            if (row === undefined) return isNobody ? [] : [`the stratum ${show(keys)} is missing`];
            const mustHide = inside.some(({ hidden }) => hidden.has("count"));
            const got = row[marker.length];
            if (mustHide) return compareShown(`the allocation of ${show(keys)}`, got, undefined, EXACT, true);
            return stratum === undefined
              ? [`no stratum ${show(keys)} is expected`]
              : compareArms(got, stratum, show(keys));
          }),
      },
    ],
  };
};

interface Stratum {
  readonly keys: JudgedCell["keys"];
  readonly inside: readonly JudgedCell[];
}

function strataOf(cells: readonly JudgedCell[], width: number): Stratum[] {
  const strata = new Map<string, JudgedCell[]>();
  for (const cell of cells) {
    const key = JSON.stringify(cell.keys.slice(0, width));
    strata.set(key, [...(strata.get(key) ?? []), cell]);
  }
  return [...strata.values()].map((inside) => ({ keys: inside[0]!.keys.slice(0, width), inside }));
}

/** Stated for what is integrated numerically. */
const BEST: Tolerance = { relative: 0, absolute: 1e-3 };

const ARM: readonly (readonly [key: string, tolerance: Tolerance, ...path: string[]])[] = [
  ["n", EXACT, "n"],
  ["successes", EXACT, "successes"],
  ["alpha", sumTolerance(0), "alpha"],
  ["beta", sumTolerance(0), "beta"],
  ["post_mean", sumTolerance(0), "mean"],
  ["post_sd", spreadTolerance(0), "sd"],
  ["p_best", BEST, "probabilityBest"],
  ["allocation", BEST, "allocation"],
  ["p_gt_half", spreadTolerance(1), "probabilityAboveHalf"],
  ["cred95_lower", spreadTolerance(1), "credible95", "lower"],
  ["cred95_upper", spreadTolerance(1), "credible95", "upper"],
];

function compareArms(got: unknown, expected: JsonRecord, where: string): string[] {
  return expectedList(expected, "arms").flatMap((arm, place) => {
    const own = readList(got, "arms").find((each) => isSameKey(read(each, "arm"), arm));
    return ARM.flatMap(([key, tolerance, ...path]) => {
      const value = expectedList(expected, key)[place];
      return compareShown(`${key} of ${show(arm)} ${where}`, read(own, ...path), value, tolerance, false);
    });
  });
}
