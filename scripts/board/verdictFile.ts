/** The file that a board agrees on: a verdict by names. What it leaves out stays as it is. */
import { ArmState, Decision, UNSTATED_POSTERIOR, WHOLE_BPS } from "#messages";
import { JsonField } from "../jsonFields.ts";
import { readLastSecond } from "../readOption.ts";
import type { OpenTrial } from "./openTrial.ts";

/** What the file says; the rest of a verdict is the chain's. */
export interface VerdictFile {
  readonly look: number;
  readonly decision: Decision;
  /** Undefined: none is cited. */
  readonly requestId: string | undefined;
  /** Undefined: to be counted from the answer. */
  readonly responded: number | undefined;
  readonly posteriors: readonly number[];
  readonly states: readonly ArmState[];
  readonly allocation: readonly number[];
  readonly reason: string;
  readonly deadline: bigint;
}

const DECISIONS = {
  continue: Decision.CONTINUE,
  "change-allocation": Decision.CHANGE_ALLOCATION,
  "change-arms": Decision.CHANGE_ARMS,
  stop: Decision.STOP,
} as const;
const LEAVING = { dropped: ArmState.DROPPED, graduated: ArmState.GRADUATED, halted: ArmState.HALTED } as const;

/** @throws CodedError FILE_FIELD_INVALID that names the field | OPTION_INVALID for the date */
export function parseVerdictFile(option: string, text: string, open: OpenTrial): VerdictFile {
  const fields = JsonField.parse(option, text).fields(
    ...([
      "look",
      "decision",
      "request",
      "responded",
      "posteriors",
      "arms",
      "allocation",
      "reason",
      "deadline",
    ] as const),
  );
  const decision = DECISIONS[fields.decision.oneOf("continue", "change-allocation", "change-arms", "stop")];
  const stop = decision === Decision.STOP;
  if (!stop && !fields.request.isPresent) throw fields.request.invalid("the cited request (only a stop cites none)");
  const { standing } = open;
  return {
    look: fields.look.whole(1, 255),
    decision,
    requestId: fields.request.isPresent ? fields.request.bytes32() : undefined,
    responded: fields.responded.isPresent ? fields.responded.whole(0, 2 ** 32 - 1) : undefined,
    posteriors: readCells(
      open,
      fields.posteriors,
      standing.states.map(() => UNSTATED_POSTERIOR),
      (field) => field.whole(0, WHOLE_BPS),
    ),
    states: readCells(
      open,
      fields.arms,
      standing.states,
      (field) => LEAVING[field.oneOf("dropped", "graduated", "halted")],
    ),
    allocation: stop
      ? refuse(
          fields.allocation,
          standing.allocation.map(() => 0),
        )
      : readCells(open, fields.allocation, standing.allocation, (field) => field.whole(0, WHOLE_BPS)),
    reason: fields.reason.isPresent ? fields.reason.text() : "",
    deadline: readDeadline(fields.deadline),
  };
}

/** `{stratum: {arm: value}}`, each only where it is given. */
function readCells<Value>(
  { rules }: OpenTrial,
  field: JsonField,
  otherwise: readonly Value[],
  read: (field: JsonField) => Value,
): Value[] {
  const values = [...otherwise];
  if (!field.isPresent) return values;
  const names = rules.arms.map(({ name }) => name);
  const rows = field.fields(...rules.strata);
  rules.strata.forEach((stratum, s) => {
    if (!rows[stratum]!.isPresent) return;
    const cells = rows[stratum]!.fields(...names);
    names.forEach((name, a) => {
      if (cells[name]!.isPresent) values[s * names.length + a] = read(cells[name]!);
    });
  });
  return values;
}

/** A stop allocates nobody: nothing else may be said of it. */
function refuse<Value>(field: JsonField, value: Value): Value {
  if (field.isPresent) throw field.invalid("nothing (a stop allocates nobody)");
  return value;
}

/** A day, through its last second: all who sign must sign the same. */
function readDeadline(field: JsonField): bigint {
  try {
    return readLastSecond("verdict", field.text());
  } catch {
    throw field.invalid("a date YYYY-MM-DD (UTC), until whose end the verdict may be posted,");
  }
}
