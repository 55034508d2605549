/** Numbers as they stand in files, exactly: an integer and how many of its digits are decimals. */

export interface Decimal {
  readonly digits: bigint;
  /** As few as hold the value. */
  readonly decimals: number;
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/** Undefined unless the text is a decimal number. */
export function readDecimal(text: string): Decimal | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  if (whole + fraction === "") return undefined;
  const shift = Number(exponent) - fraction.length;
  let digits = BigInt(whole + fraction) * 10n ** BigInt(Math.max(0, shift));
  let decimals = Math.max(0, -shift);
  while (decimals > 0 && digits % 10n === 0n) {
    digits /= 10n;
    decimals -= 1;
  }
  return { digits: sign === "-" ? -digits : digits, decimals };
}

/** Times 10^decimals, rounded down and up: equal where the value has no more decimals. */
export function scaleDecimal({ digits, decimals: own }: Decimal, decimals: number): { floor: bigint; ceiling: bigint } {
  if (own <= decimals) {
    const exact = digits * 10n ** BigInt(decimals - own);
    return { floor: exact, ceiling: exact };
  }
  const divisor = 10n ** BigInt(own - decimals);
  const remainder = ((digits % divisor) + divisor) % divisor;
  const floor = (digits - remainder) / divisor;
  return { floor, ceiling: remainder === 0n ? floor : floor + 1n };
}

/** Plain digits, as few as hold the value. */
export function decimalText(scaled: bigint, decimals: number): string {
  const sign = scaled < 0n ? "-" : "";
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(decimals + 1, "0");
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  const whole = digits.slice(0, digits.length - decimals);
  return decimals === 0 || fraction === "" ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}
