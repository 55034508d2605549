/**
 * Gauss-Legendre nodes and weights on [−1, 1], by Newton's method on the Legendre polynomial from the usual starting
 * points (Abramowitz & Stegun 1964, 25.4.29 and 22.16.6). Exact for polynomials of degree below 2·order.
 */

export interface QuadratureRule {
  readonly nodes: readonly number[];
  readonly weights: readonly number[];
}

/** Newton converges quadratically from these starts; four steps reach double precision at any order used here, two are to spare. */
const NEWTON_STEPS = 6;

export function gaussLegendre(order: number): QuadratureRule {
  const nodes = Array.from({ length: order }, (_, index) => {
    let x = Math.cos((Math.PI * (index + 0.75)) / (order + 0.5));
    for (let step = 0; step < NEWTON_STEPS; step++) {
      const [value, slope] = legendre(order, x);
      x -= value / slope;
    }
    return x;
  });
  const weights = nodes.map((x) => {
    const [, slope] = legendre(order, x);
    return 2 / ((1 - x * x) * slope * slope);
  });
  return { nodes, weights };
}

/** P_order(x) and its derivative, by the three-term recurrence. */
function legendre(order: number, x: number): [value: number, slope: number] {
  let [before, value] = [1, x];
  for (let degree = 2; degree <= order; degree++) {
    [before, value] = [value, ((2 * degree - 1) * x * value - (degree - 1) * before) / degree];
  }
  return [value, (order * (x * value - before)) / (x * x - 1)];
}
