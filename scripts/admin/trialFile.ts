/** The file that `opaline admin register-trial` reads: a trial's rules, by names, in the reader's order. */
import { ZeroHash } from "ethers";
import type { TrialLook, TrialRules } from "#chain";
import { WHOLE_BPS } from "#messages";
import { JsonField } from "../jsonFields.ts";

/** As the contract's rulebook. */
const MOST = { arms: 10, strata: 16, looks: 64, queries: 8, outputs: 256, members: 16 } as const;
const MAX_COUNT = 2 ** 32 - 1;

export interface TrialFile extends Omit<TrialRules, "sources"> {
  readonly queries: readonly TrialQuery[];
}

export interface TrialQuery {
  readonly queryHash: string;
  /** By name, as people write them; undefined: any. */
  readonly parameters: Readonly<Record<string, string>> | undefined;
  readonly respondedOutputs: readonly number[];
  /** For errors that only the query's own bounds and outputs show. */
  readonly field: JsonField;
}

/** @throws CodedError FILE_FIELD_INVALID that names the field */
export function parseTrialFile(option: string, text: string): TrialFile {
  const file = JsonField.parse(option, text);
  const fields = file.fields(
    ...["study", "protocolHash", "analysisPlanHash", "arms", "strata", "allocation", "looks", "queries", "board"],
  );
  const field = (name: string): JsonField => fields[name]!;
  const { arms, control } = readArms(field("arms"));
  const strata = readNames(field("strata"), field("strata").list(), MOST.strata);
  const armNames = arms.map(({ name }) => name);
  const { board, signatures } = readBoard(field("board"));
  return {
    studyId: field("study").bytes32(),
    protocolHash: readHash(field("protocolHash")),
    analysisPlanHash: readHash(field("analysisPlanHash")),
    arms,
    control,
    strata,
    allocation: readAllocation(field("allocation"), strata, armNames, arms),
    looks: readLooks(field("looks")),
    queries: atMost(field("queries"), MOST.queries).map(readQuery),
    board,
    signatures,
  };
}

function readHash(field: JsonField): string {
  const hash = field.bytes32();
  if (hash === ZeroHash) throw field.invalid("the document's SHA-256");
  return hash;
}

function atMost(field: JsonField, most: number, least = 1): JsonField[] {
  const list = field.list();
  if (list.length < least || list.length > most) throw field.invalid(`${least} to ${most} of them`);
  return list;
}

function readNames(list: JsonField, each: readonly JsonField[], most: number): string[] {
  if (each.length === 0 || each.length > most) throw list.invalid(`1 to ${most} of them`);
  const names = new Set<string>();
  for (const field of each) {
    const name = field.text();
    if (names.has(name)) throw field.invalid("a name that is given once only");
    names.add(name);
  }
  return [...names];
}

function readArms(field: JsonField): Pick<TrialRules, "arms" | "control"> {
  const list = atMost(field, MOST.arms, 2).map((arm) => arm.fields("name", "floor", "cap", "control"));
  readNames(
    field,
    list.map(({ name }) => name),
    MOST.arms,
  );
  const controls = list.filter(({ control }) => control.isPresent && control.flag());
  if (controls.length !== 1) throw field.invalid('exactly one arm with "control": true');
  const control = list.indexOf(controls[0]!);
  const arms = list.map((arm, i) => {
    const floor = arm.floor.whole(i === control ? 1 : 0, WHOLE_BPS);
    return { name: arm.name.text(), floor, cap: arm.cap.whole(floor, WHOLE_BPS) };
  });
  if (sum(arms.map(({ floor }) => floor)) > WHOLE_BPS) throw field.invalid(`floors of at most ${WHOLE_BPS} together`);
  const most = arms[control]!.cap;
  arms.forEach(({ cap }, i) => {
    if (i === control || cap + most >= WHOLE_BPS) return;
    throw list[i]!.cap.invalid(`with the control's cap at least ${WHOLE_BPS}, so that the two can be left alone,`);
  });
  return { arms, control };
}

function readAllocation(
  field: JsonField,
  strata: readonly string[],
  armNames: readonly string[],
  arms: TrialRules["arms"],
): number[] {
  const rows = field.fields(...strata);
  return strata.flatMap((stratum) => {
    const row = rows[stratum]!;
    const cells = row.fields(...armNames);
    const bps = arms.map(({ name, floor, cap }) => cells[name]!.whole(floor, cap));
    if (sum(bps) !== WHOLE_BPS) throw row.invalid(`a sum of ${WHOLE_BPS}`);
    return bps;
  });
}

function readLooks(field: JsonField): TrialLook[] {
  let [enrolled, responded] = [1, 1];
  return atMost(field, MOST.looks).map((look) => {
    const found = look.fields("minimumEnrolled", "minimumResponded", "futility", "graduation");
    enrolled = found.minimumEnrolled.whole(enrolled, MAX_COUNT);
    responded = found.minimumResponded.whole(responded, MAX_COUNT);
    const futility = found.futility.whole(0, WHOLE_BPS);
    const graduation = found.graduation.whole(0, WHOLE_BPS);
    if (graduation !== 0 && futility >= graduation) throw found.graduation.invalid("0, or more than futility,");
    return { minimumEnrolled: enrolled, minimumResponded: responded, futility, graduation };
  });
}

function readQuery(field: JsonField): TrialQuery {
  const { query, parameters, respondedOutputs } = field.fields("query", "parameters", "respondedOutputs");
  let previous = -1;
  const outputs = atMost(respondedOutputs, MOST.outputs).map((output) => {
    previous = output.whole(previous + 1, 65_535);
    return previous;
  });
  return { queryHash: query.bytes32(), parameters: readParameters(parameters), respondedOutputs: outputs, field };
}

/** Any at all must be said, not left out. */
function readParameters(field: JsonField): Record<string, string> | undefined {
  try {
    field.oneOf("any");
    return undefined;
  } catch {
    if (!field.isPresent) throw field.invalid('"any", or an object with each parameter of the query as a text,');
    return Object.fromEntries([...field.entries()].map(([name, value]) => [name, value.text()]));
  }
}

/** Ascending, as the contract wants it. */
function readBoard(field: JsonField): Pick<TrialRules, "board" | "signatures"> {
  const found = field.fields("members", "signatures");
  const members = atMost(found.members, MOST.members);
  const board = members.map((member) => member.address());
  members.forEach((member, i) => {
    if (board.indexOf(board[i]!) !== i) throw member.invalid("an account that is given once only");
  });
  const signatures = found.signatures.whole(Math.floor(board.length / 2) + 1, board.length);
  return { board: board.sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)), signatures };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
