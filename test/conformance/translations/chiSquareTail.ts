/**
 * The upper tail of χ² by the incomplete gamma function Q(df/2, x/2), computed otherwise than the product does: by the series of
 * the lower tail, or, beyond the mean, by Lentz's continued fraction (Press et al., Numerical Recipes, 6.2).
 */
const TERMS = 10_000;
const PRECISION = 1e-15;
const TINY = 1e-300;

export function upperChiSquare(chiSquare: number, df: number): number {
  const [a, x] = [df / 2, chiSquare / 2];
  if (x <= 0) return 1;
  const front = Math.exp(a * Math.log(x) - x - logGamma(df));
  return x < a + 1 ? 1 - front * series(a, x) : front * fraction(a, x);
}

function series(a: number, x: number): number {
  let term = 1 / a;
  let total = term;
  for (let n = 1; n < TERMS && term > total * PRECISION; n += 1) {
    term *= x / (a + n);
    total += term;
  }
  return total;
}

function fraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let value = d;
  for (let n = 1; n < TERMS; n += 1) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / nonZero(an * d + b);
    c = nonZero(b + an / c);
    value *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) break;
  }
  return value;
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/** log Γ(df/2), from Γ(1/2) = √π or Γ(1) = 1 up. */
function logGamma(df: number): number {
  let log = df % 2 === 1 ? Math.log(Math.PI) / 2 : 0;
  for (let a = df % 2 === 1 ? 0.5 : 1; a < df / 2; a += 1) log += Math.log(a);
  return log;
}
