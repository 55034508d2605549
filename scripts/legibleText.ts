/**
 * Text of others (SQL, agreements, names, what a node or worker says) made safe to print: control characters could clear
 * or rewrite a terminal's lines, invisible and direction-changing ones could show another text than the one that is there.
 */

/** Everything that is not seen, but for the line break and the tab. */
const UNSEEN = /(?![\n\t])[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** `\u{1B}` instead of ESC, and so on; several lines stay several lines. */
export function legibleText(text: string): string {
  return text.replace(UNSEEN, escapeCharacter);
}

/** As `legibleText`, with line breaks and tabs escaped, too: a cell of a table cannot pretend to be another row. */
export function legibleLine(text: string): string {
  return legibleText(text).replace(/[\n\t]/g, escapeCharacter);
}

/** The same JSON value, without a character that a terminal acts on or hides: `JSON.stringify` leaves C1 controls in. */
export function legibleJson(json: string): string {
  return json.replace(UNSEEN, (character) =>
    Array.from({ length: character.length }, (_, index) => {
      return `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
    }).join(""),
  );
}

function escapeCharacter(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16).toUpperCase()}}`;
}
