/** A worker's endpoint as it is typed: every hospital and worker will dial it, so it is refused before it stands on the chain. */
import { parseEndpoint } from "#transport";
import { invalidOption } from "./readOption.ts";

/**
 * @param expected what the option takes, where the endpoint is made of more than the option
 * @throws CodedError OPTION_INVALID unless whoever dials it could parse it
 */
export function readEndpoint(option: string, text: string, expected = "https://host:port and nothing else"): string {
  try {
    // Port 0 takes any that is free: good to listen on, not to be reached under.
    if (parseEndpoint(text).port !== 0) return text;
  } catch {
    // Said below.
  }
  throw invalidOption(option, expected);
}
