/** A study's schema in a file that `--schema` names: what is wrong is said with the file, the place and the field's name. */
import { CodedError, isCoded } from "#errors";
import { type StudySchema, parseSchema } from "#schema";
import { readInputFile } from "./readInputFile.ts";

export interface SchemaFile {
  readonly text: string;
  readonly schema: StudySchema;
}

/** @throws CodedError FILE_UNREADABLE | SCHEMA_* */
export function readSchemaFile(path: string): SchemaFile {
  const text = readInputFile("schema", path);
  try {
    return { text, schema: parseSchema(text) };
  } catch (error) {
    if (!isCoded(error)) throw error;
    const problem = error.message.replace(/^schema /, "");
    const message = `--schema ${path}: ${problem}${fieldAt(text, error.detail)}`;
    throw new CodedError(error.detail, message, { cause: error });
  }
}

/** A path counts fields from 0; a person knows them by name. */
function fieldAt(text: string, detail: object): string {
  const path = "path" in detail ? String(detail.path) : "";
  const [, index] = /^\$\.fields\[([0-9]+)\]/.exec(path) ?? [];
  if (index === undefined) return "";
  const { fields } = JSON.parse(text) as { readonly fields: readonly ({ readonly name?: unknown } | null)[] };
  const name = fields[Number(index)]?.name;
  return typeof name === "string" ? ` (field "${name}")` : "";
}
