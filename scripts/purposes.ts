/**
 * Purposes of data use, as codes of the GA4GH Data Use Ontology (https://github.com/EBISPOT/DUO), for example
 * `DUO:0000007` (disease-specific research). On chain a code is its text, padded with zeros to 32 bytes.
 */
import { decodeBytes32String, encodeBytes32String } from "ethers";
import { CodedError } from "#errors";

/** Another code would be another purpose on chain, for good: `DUO:7` is not `DUO:0000007`. */
const DUO_CODE = /^DUO:[0-9]{7}$/;

/** @throws CodedError PURPOSE_INVALID */
export function purposeCode(text: string): string {
  if (/^duo:/i.test(text) && !DUO_CODE.test(text)) {
    throw new CodedError(
      { code: "PURPOSE_INVALID", purpose: text },
      `purpose "${text}": a DUO code is DUO: and seven digits, for example DUO:0000007`,
    );
  }
  if (!/^[A-Za-z0-9:._-]{1,31}$/.test(text)) {
    throw new CodedError(
      { code: "PURPOSE_INVALID", purpose: text },
      `purpose "${text}": 1 to 31 letters, digits and :._- expected, for example DUO:0000007`,
    );
  }
  return encodeBytes32String(text);
}

/** The text of a code, or the code itself when it is not a text. */
export function purposeText(code: string): string {
  try {
    return decodeBytes32String(code);
  } catch {
    return code;
  }
}
