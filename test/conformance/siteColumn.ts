/**
 * Which column says whose row it is: the first that the dictionary calls site, siteid, site_id, centre, center, hospital or
 * institution, in any case; without one, the first text that its description calls one of these. Each of its values is a
 * hospital, and rows without one are a hospital of their own. Without such a column all rows are one hospital's.
 */
import type { DictionaryField } from "./referenceDirectory.ts";

const WORDS = ["site", "siteid", "site_id", "centre", "center", "hospital", "institution"];
const DESCRIBED = new RegExp(`\\b(?:${WORDS.join("|")})\\b`, "i");

export function siteColumn(fields: readonly DictionaryField[]): string | undefined {
  const named = fields.find(({ name }) => WORDS.includes(name.toLowerCase()));
  return (named ?? fields.find(({ type, description }) => type === "string" && DESCRIBED.test(description)))?.name;
}
