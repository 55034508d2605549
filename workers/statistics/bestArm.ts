/**
 * The probability that each arm has the highest response rate, for independent Beta posteriors:
 *
 *   P(arm i best) = ∫ f_i(x) ∏_{j≠i} F_j(x) dx.
 *
 * Over s = log(x/(1−x)) the integrand is smooth and decays on both sides whatever the shapes, where over x it has poles at
 * 0 and 1 for shapes below 1. It is integrated by Gauss-Legendre on panels cut at multiples of each arm's own width, so
 * that a posterior of a million subjects beside one of none is seen at its own scale. All arms share the nodes.
 */
import betaln from "@stdlib/math-base-special-betaln";
import type { BetaShape } from "./betaBinomial.ts";
import { betaLower, betaUpper } from "./distributions.ts";
import { gaussLegendre } from "./gaussLegendre.ts";

/** 20 nodes on a panel at most as wide as its arm's standard deviation, or its distance from the centre: full precision. */
const RULE = gaussLegendre(20);
/** Panel edges, in standard deviations of the logit; doubled from there on to the limit of the tail. */
const EDGES = [0, 1, 2, 3, 4, 6, 8] as const;
/** Mass left out on each side; its error is as absolute as the answer's. */
const NEGLIGIBLE = 1e-17;
/** The smallest doubles are near e^-708; a shape of 0.05 has less than 1e-15 of its mass beyond. */
const LOGIT_LIMIT = 700;

/** One probability per arm, in order; their sum is 1 up to the error of the quadrature, below 1e-9. */
export function bestArm(posteriors: readonly BetaShape[]): number[] {
  const best = posteriors.map(() => 0);
  if (posteriors.length < 2) return best.map(() => 1);
  const norms = posteriors.map(({ alpha, beta }) => betaln(alpha, beta));
  const edges = panelEdges(posteriors);
  for (const [index, from] of edges.slice(0, -1).entries()) {
    const half = (edges[index + 1]! - from) / 2;
    for (const [node, position] of RULE.nodes.entries()) {
      const s = from + half * (1 + position);
      const weight = half * RULE.weights[node]!;
      const below = posteriors.map((posterior) => logitLower(posterior, s));
      for (const [arm, posterior] of posteriors.entries()) {
        const others = below.reduce((product, lower, other) => (other === arm ? product : product * lower), 1);
        if (others > 0) best[arm]! += weight * others * Math.exp(logDensity(posterior, s) - norms[arm]!);
      }
    }
  }
  return best;
}

/** Ascending. Below the highest lower limit some arm is certainly better; above the highest upper limit no arm has mass. */
function panelEdges(posteriors: readonly BetaShape[]): number[] {
  const arms = posteriors.map(edgesOf);
  const low = Math.max(...arms.map((edges) => edges[0]!));
  const high = Math.max(...arms.map((edges) => edges.at(-1)!));
  const inside = arms.flat().filter((edge) => edge > low && edge < high);
  return [...new Set([low, ...inside, high])].sort((a, b) => a - b);
}

/** One arm's panel edges, from where less than NEGLIGIBLE lies below to where less than that lies above. */
function edgesOf(posterior: BetaShape): number[] {
  // The mode and the curvature of the density of the logit.
  const centre = Math.log(posterior.alpha / posterior.beta);
  const width = Math.sqrt(1 / posterior.alpha + 1 / posterior.beta);
  const side = (sign: 1 | -1, mass: (s: number) => number): number[] => {
    const edges: number[] = EDGES.map((multiple) => centre + sign * multiple * width);
    for (let multiple = 16; mass(edges.at(-1)!) > NEGLIGIBLE && Math.abs(edges.at(-1)!) < LOGIT_LIMIT; multiple *= 2) {
      edges.push(Math.max(-LOGIT_LIMIT, Math.min(LOGIT_LIMIT, centre + sign * multiple * width)));
    }
    return edges;
  };
  const left = side(-1, (s) => logitLower(posterior, s));
  const right = side(1, (s) => logitLower({ alpha: posterior.beta, beta: posterior.alpha }, -s));
  return [...left.slice(1).reverse(), ...right];
}

/** P(logit X <= s), from the end of the unit interval that s is near. */
function logitLower({ alpha, beta }: BetaShape, s: number): number {
  return s <= 0 ? betaLower(1 / (1 + Math.exp(-s)), alpha, beta) : betaUpper(1 / (1 + Math.exp(s)), beta, alpha);
}

/** log of the density of the logit times the beta function: alpha·log x + beta·log(1−x). */
function logDensity({ alpha, beta }: BetaShape, s: number): number {
  const shared = Math.log1p(Math.exp(-Math.abs(s)));
  return s <= 0 ? alpha * (s - shared) - beta * shared : -alpha * shared - beta * (s + shared);
}
