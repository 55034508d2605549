/** A table's study: its schema, names that SQL can write, and which column names the hospitals. */
import { parseSchema } from "../../workers/schema/parseSchema.ts";
import type { StudySchema } from "../../workers/schema/studySchema.ts";
import type { ColumnUses } from "./columnUses.ts";
import { decimalText } from "./decimalText.ts";
import { NO_EVENT } from "./derivedFields.ts";
import { searchKeys } from "./searchableField.ts";
import { dateText, studyField } from "./studyField.ts";
import type { StudyField } from "./studyField.ts";

export interface DerivedStudy {
  /** The table's name in SQL. */
  readonly table: string;
  readonly schema: StudySchema;
  readonly fields: readonly StudyField[];
}

/** The hospitals' files have this column more: the row's number in the table, or the subject that events are of. No field can have its name. */
export const SUBJECT = "subject number";

/** What a schema says of events. */
export interface StudyEvents {
  readonly tables: readonly object[];
  /** By derived column. */
  readonly derivations: ReadonlyMap<string, object>;
}

const NO_EVENTS: StudyEvents = { tables: [], derivations: new Map() };

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;
/** Of a name: room for what tells it from others. */
const MAX_NAME = 50;

/** @throws CodedError SCHEMA_* when a column has more categories or digits than a study can have */
export function deriveStudy(table: string, uses: readonly ColumnUses[], events: StudyEvents = NO_EVENTS): DerivedStudy {
  const names = safeNames([table, ...uses.map(({ column }) => column)]);
  const fields = uses.map((each, index) => studyField(each, names[index + 1]!));
  const text = JSON.stringify({
    name: "conformance",
    table: names[0],
    subject: SUBJECT,
    ...(events.tables.length === 0 ? {} : { eventTables: events.tables }),
    fields: fields.length === 0 ? [ALL_ALIKE] : fields.map((field) => fieldJson(field, events)),
  });
  return { table: names[0]!, schema: parseSchema(text), fields };
}

/** A study must have a field, though nothing but rows is counted. */
const ALL_ALIKE = { name: "nothing", type: "category", categories: ["0"] };

function fieldJson(field: StudyField, { derivations }: StudyEvents): Record<string, unknown> {
  const shared = { name: field.name, type: field.type, required: !field.hasMissing };
  const derived = derivations.get(field.column);
  if (field.type === "category") {
    const categories = derived === undefined ? field.categories : [...new Set([NO_EVENT, ...field.categories])];
    return { ...shared, categories, ...(derived === undefined ? {} : { derived }) };
  }
  const write = (value: bigint): string =>
    field.type === "date" ? dateText(value) : decimalText(value, field.decimals);
  return {
    ...shared,
    ...(field.type === "number" ? { decimals: field.decimals } : {}),
    minimum: write(field.minimum),
    maximum: write(field.maximum),
    ...searchKeys(field, write),
  };
}

/** As they are, where SQL can write them without quotes and no two differ by case only. */
function safeNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name, index) => {
    const plain = NAME.test(name) ? name : `c_${name.replace(/[^A-Za-z0-9_]/g, "_").slice(0, MAX_NAME)}`;
    const safe = taken.has(plain.toLowerCase()) ? `${plain.slice(0, MAX_NAME)}_${index}` : plain;
    taken.add(safe.toLowerCase());
    return safe;
  });
}
