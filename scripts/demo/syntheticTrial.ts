/**
 * A made-up adaptive precision-medicine trial in three hospitals: a control and two agents, four biomarker groups, and
 * randomisation that follows the responses seen so far in the patient's own group. Shaped like BATTLE (Kim et al.,
 * Cancer Discovery 2011;1:44, https://doi.org/10.1158/2159-8274.CD-10-0010); no row is a person.
 *
 * The same seed gives the same bytes. The numbers are doubles on purpose: they only make the data up.
 */
import type { Draw } from "./seededDraws.ts";
import { drawIndex, drawNormal, seededDraw } from "./seededDraws.ts";

export interface SyntheticTrial {
  readonly schemaText: string;
  readonly sites: readonly { readonly name: string; readonly csv: string }[];
}

const ARMS = ["control", "erlotinib", "sorafenib"];
const MARKERS = ["EGFR", "KRAS/BRAF", "VEGF", "RXR/CyclinD1"];
const MARKER_SHARE = [0.33, 0.14, 0.39, 0.14];

/** Probability of response, [marker][arm]: erlotinib fits EGFR, sorafenib KRAS/BRAF and VEGF. */
const RESPONSE_RATE = [
  [0.28, 0.55, 0.25],
  [0.24, 0.12, 0.62],
  [0.3, 0.34, 0.52],
  [0.32, 0.2, 0.44],
];

/** Weight of each worst CTCAE grade 0..5, [arm]; 5 is death. */
const GRADE_WEIGHTS = [
  [30, 34, 22, 10, 3, 1],
  [20, 32, 28, 15, 4, 1],
  [14, 28, 32, 19, 5, 2],
];

const SITES = [
  { name: "Meridian General", prefix: "MER", patients: 421 },
  { name: "St. Brigid University Hospital", prefix: "SBU", patients: 336 },
  { name: "Lakeside Cancer Centre", prefix: "LCC", patients: 246 },
];

const AGE = { minimum: 18, maximum: 90, mean: 62, deviation: 12, missing: 0.015 };
const RESPONSE_MISSING = 0.06;
const GRADE_MISSING = 0.04;
/** First patients of a marker group are randomised equally: rates of fewer say nothing. */
const EQUAL_RANDOMISATION = 30;

const SCHEMA = {
  name: "opaline-demo-trial",
  title: "Adaptive trial of two targeted agents, made-up data",
  table: "trial",
  subject: "patient_id",
  fields: [
    { name: "arm", type: "category", title: "Allocated treatment", categories: ARMS, required: true },
    { name: "biomarker", type: "category", title: "Biomarker group", categories: MARKERS, required: true },
    {
      name: "age",
      type: "integer",
      title: "Age at enrolment",
      unit: "years",
      minimum: AGE.minimum,
      maximum: AGE.maximum,
      cutPoints: { from: 20, to: 90, step: 5 },
    },
    { name: "response", type: "category", title: "Disease control at 8 weeks", categories: ["0", "1"] },
    {
      name: "worst_grade",
      type: "category",
      title: "Worst adverse event, CTCAE grade",
      categories: ["0", "1", "2", "3", "4", "5"],
    },
  ],
};

/** Responses seen so far of one arm in one marker group. */
interface Tally {
  responded: number;
  known: number;
}

/** About 1,000 patients: 1,003, numbered through each hospital in the order they enrolled. */
export function syntheticTrial(seed: string): SyntheticTrial {
  const draw = seededDraw(seed);
  const tallies = MARKERS.map(() => ARMS.map((): Tally => ({ responded: 0, known: 0 })));
  const rows: string[][] = SITES.map(() => []);
  const left = SITES.map(({ patients }) => patients);
  while (left.some((patients) => patients > 0)) {
    const site = drawIndex(draw, left);
    left[site] = (left[site] as number) - 1;
    const { prefix } = SITES[site] as (typeof SITES)[number];
    const lines = rows[site] as string[];
    lines.push(`${prefix}-${String(lines.length + 1).padStart(4, "0")},${enrol(draw, tallies)}`);
  }
  const header = [SCHEMA.subject, ...SCHEMA.fields.map(({ name }) => name)].join(",");
  return {
    schemaText: `${JSON.stringify(SCHEMA, null, 2)}\n`,
    sites: SITES.map(({ name }, site) => ({ name, csv: [header, ...(rows[site] as string[]), ""].join("\n") })),
  };
}

/** One patient's cells after the id; the outcome is added to the tallies when it is known. */
function enrol(draw: Draw, tallies: readonly Tally[][]): string {
  const marker = drawIndex(draw, MARKER_SHARE);
  const group = tallies[marker] as Tally[];
  const arm = drawIndex(draw, allocation(group));
  const responded = draw() < ((RESPONSE_RATE[marker] as number[])[arm] as number);
  const responseKnown = draw() >= RESPONSE_MISSING;
  if (responseKnown) {
    const tally = group[arm] as Tally;
    tally.known += 1;
    tally.responded += responded ? 1 : 0;
  }
  const response = responseKnown ? (responded ? "1" : "0") : "";
  const grade = drawIndex(draw, GRADE_WEIGHTS[arm] as number[]);
  return [ARMS[arm], MARKERS[marker], drawAge(draw), response, draw() < GRADE_MISSING ? "" : grade].join(",");
}

/** Weights proportional to each arm's mean response rate under a uniform prior, squared to lean on the better arm. */
function allocation(group: readonly Tally[]): number[] {
  const known = group.reduce((sum, tally) => sum + tally.known, 0);
  if (known < EQUAL_RANDOMISATION) return group.map(() => 1);
  return group.map((tally) => ((tally.responded + 1) / (tally.known + 2)) ** 2);
}

function drawAge(draw: Draw): string {
  const age = Math.round(drawNormal(draw, AGE.mean, AGE.deviation));
  return draw() < AGE.missing ? "" : String(Math.min(AGE.maximum, Math.max(AGE.minimum, age)));
}
