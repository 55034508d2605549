/** The door `#schema`. */
export { columnCount, columnsOf, describeColumns } from "./columns.ts";
export type { ColumnDescription } from "./columns.ts";
export type { Derivation, EventColumn, EventCondition, EventTable } from "./eventTable.ts";
export { parseFieldRules } from "./parseFieldRules.ts";
export { parseSchema } from "./parseSchema.ts";
export type { SchemaErrorDetail } from "./parseSchema.ts";
export { ColumnKind, NO_FIELD } from "./studySchema.ts";
export type {
  CategoryField,
  ColumnSpec,
  FieldType,
  NumericField,
  SchemaField,
  StudySchema,
  TimeToEvent,
} from "./studySchema.ts";
export {
  formatDate,
  formatFieldValue,
  formatScaled,
  MAX_DECIMALS,
  parseDate,
  parseFieldValue,
  parseNumericText,
  parseScaled,
  SCALED_LIMIT,
} from "./values.ts";
export type { ValueErrorDetail } from "./values.ts";
