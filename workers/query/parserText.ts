/** The text that PostgreSQL's parser reads, written from the author's with insertions, and which part of it is whose. */

/** One piece of the parser's text: where it starts there, and in the author's text. */
export interface Piece {
  readonly parserStart: number;
  readonly originalStart: number;
  /** Not the author's own letters; the piece maps as a whole: a parameter to its colon, ` => ` to the option's value. */
  readonly inserted: boolean;
}

export interface ParserText {
  readonly text: string;
  readonly pieces: readonly Piece[];
}

/** Writes from left to right; every offset is in the author's bytes, and none may be below an earlier one. */
export interface ParserTextWriter {
  /** Spaces instead of a part, as many as its bytes. */
  readonly blank: (from: number, to: number) => void;
  /** Other text instead of a part, whose places are all `place`. */
  readonly replace: (from: number, to: number, inserted: string, place: number) => void;
  /** The rest as it is. */
  readonly finish: () => ParserText;
}

export function writeParserText(bytes: Buffer): ParserTextWriter {
  const pieces: Piece[] = [{ parserStart: 0, originalStart: 0, inserted: false }];
  let text = "";
  let length = 0;
  let copied = 0;
  const write = (written: string): void => {
    text += written;
    length += Buffer.byteLength(written, "utf8");
  };
  const copyTo = (offset: number): void => {
    write(bytes.subarray(copied, offset).toString("utf8"));
    copied = offset;
  };
  return {
    blank: (from, to) => {
      copyTo(from);
      write(" ".repeat(to - from));
      copied = to;
    },
    replace: (from, to, inserted, place) => {
      copyTo(from);
      pieces.push({ parserStart: length, originalStart: place, inserted: true });
      write(inserted);
      pieces.push({ parserStart: length, originalStart: to, inserted: false });
      copied = to;
    },
    finish: () => {
      copyTo(bytes.length);
      return { text, pieces };
    },
  };
}
