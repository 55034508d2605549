/**
 * The arithmetic kernels. Addresses are of pairs in normal form; results are in normal form and never overlap operands.
 * Kernels that work on several pairs at once may write pairsPerStep − 1 pairs more than asked: results have room for it.
 */
import type { ConstantTable } from "./constants.ts";
import { KernelFunction } from "./kernelFunction.ts";
import type { Address, Limb } from "./limbArithmetic.ts";
import type { PairComputation } from "./pairComputation.ts";
import type { PrimeConstants } from "./primeConstants.ts";
import { symmetric } from "./range.ts";
import { op } from "./wasm.ts";
import type { Code, Local } from "./wasm.ts";

export function arithmeticKernels(prime: PrimeConstants, table: ConstantTable): KernelFunction[] {
  return [
    multiply(prime, table),
    scale(prime, table),
    axpy(prime, table),
    sum("add", prime, table),
    sum("sub", prime, table),
    differs(prime, table),
    linearFull("linearFull", prime, table),
    linearFull("linearPlus", prime, table),
    linearSmall(prime, table),
    innerProduct(prime, table),
    innerProductOfSums(prime, table),
    sumAll(prime, table),
  ];
}

/** mul(r, a, b, pairs): r = a·b. */
function multiply(prime: PrimeConstants, table: ConstantTable): KernelFunction {
  const kernel = new KernelFunction("mul", 4, prime, table);
  const [r, a, b, pairs] = kernel.fn.parameters as [Local, Local, Local, Local];
  const loop = kernel.forPairs([r, a, b], pairs, prime.format.pairsPerStep, (pair, index) => {
    pair.addElementProduct(
      (j) => pair.limbAt(kernel.at(a, index), j),
      (j) => pair.limbAt(kernel.at(b, index), j),
    );
    pair.reduce((j, limb) => pair.arithmetic.storeLimb(kernel.at(r, index), j, limb.code));
  });
  return kernel.finish(loop);
}

/** scale(r, x, k, pairs): r = k·x, k one centred residue in both lanes. */
function scale(prime: PrimeConstants, table: ConstantTable): KernelFunction {
  const kernel = new KernelFunction("scale", 4, prime, table);
  const [r, x, k, pairs] = kernel.fn.parameters as [Local, Local, Local, Local];
  const loop = kernel.forPairs([r, x], pairs, prime.format.pairsPerStep, (pair, index) => {
    addScaled(pair, kernel.at(x, index), kernel.at(k));
    pair.reduce((j, limb) => pair.arithmetic.storeLimb(kernel.at(r, index), j, limb.code));
  });
  return kernel.finish(loop);
}

/** axpy(r, x, y, k, pairs): r = k·x + y, k one centred residue in both lanes. */
function axpy(prime: PrimeConstants, table: ConstantTable): KernelFunction {
  const kernel = new KernelFunction("axpy", 5, prime, table);
  const [r, x, y, k, pairs] = kernel.fn.parameters as [Local, Local, Local, Local, Local];
  const loop = kernel.forPairs([r, x, y], pairs, prime.format.pairsPerStep, (pair, index) => {
    addScaled(pair, kernel.at(x, index), kernel.at(k));
    pair.addElement((j) => pair.limbAt(kernel.at(y, index), j));
    pair.reduce((j, limb) => pair.arithmetic.storeLimb(kernel.at(r, index), j, limb.code));
  });
  return kernel.finish(loop);
}

/** Adds the product of the element pair at `x` and the centred residues at `weight`. */
function addScaled(pair: PairComputation, x: Address, weight: Address): void {
  pair.addElementProduct(
    (j) => pair.limbAt(x, j),
    (j) => pair.limbAt(weight, j, pair.centredRanges),
  );
}

/** Adds a ± b limb by limb and reduces, handing each limb of the result to `store`. */
function addPair(
  kernel: KernelFunction,
  pair: PairComputation,
  operation: "add" | "sub",
  [a, b]: readonly [Local, Local],
  store: (index: number, limb: Code) => Code,
): void {
  const { limbs } = kernel.prime.format;
  const combine = operation === "add" ? "addLimbs" : "subtractLimbs";
  const limbSum = (j: number) => pair.arithmetic[combine](pair.limbAt(kernel.at(a), j), pair.limbAt(kernel.at(b), j));
  const top = pair.keep(limbSum(limbs - 1));
  pair.addElement((j) => (j === limbs - 1 ? top : limbSum(j)));
  pair.reduceSum(top, (j, limb) => store(j, limb.code));
}

/** add(r, a, b, pairs): r = a + b; sub: r = a − b. */
function sum(operation: "add" | "sub", prime: PrimeConstants, table: ConstantTable): KernelFunction {
  const kernel = new KernelFunction(operation, 4, prime, table);
  const [r, a, b, pairs] = kernel.fn.parameters as [Local, Local, Local, Local];
  const loop = kernel.forPairs([r, a, b], pairs, 1, (pair) => {
    addPair(kernel, pair, operation, [a, b], (j, limb) => pair.arithmetic.storeLimb(kernel.at(r), j, limb));
  });
  return kernel.finish(loop);
}

/**
 * differs(a, b, pairs) -> 0 if all elements are equal modulo p. a − b comes out reduced, |v| < p, so it is 0 modulo p
 * only if it is 0, and zero has one representation: all bits clear.
 */
function differs(prime: PrimeConstants, table: ConstantTable): KernelFunction {
  const kernel = new KernelFunction("differs", 3, prime, table, true);
  const [a, b, pairs] = kernel.fn.parameters as [Local, Local, Local];
  const seen = kernel.fn.local("v128");
  const loop = kernel.forPairs([a, b], pairs, 1, (pair) => {
    addPair(kernel, pair, "sub", [a, b], (_, limb) => op.set(seen, op.or(op.get(seen), limb)));
  });
  return kernel.finish(loop, op.anyTrue(op.get(seen)));
}

/**
 * linearFull(r, table, weights, terms, pairs, starts, offset): r = Σ_k weights[k]·vector[k] for up to `fullTerms` terms. `table`
 * holds the vectors' addresses (i32), `weights` one centred residue in both lanes each, `starts` is scratch for 2N
 * columns, `offset` is added to every vector's address. Threads may share `starts`: they write the same to it.
 * linearPlus: the same, and one vector more, whose address follows the others, with weight 1.
 */
function linearFull(name: "linearFull" | "linearPlus", prime: PrimeConstants, table: ConstantTable): KernelFunction {
  const kernel = new KernelFunction(name, 7, prime, table);
  const { fullTerms: terms } = prime.format.limits;
  const shape = {
    terms,
    weightBytes: kernel.pairBytes,
    columns: 2 * prime.format.limbs,
    plusOne: name === "linearPlus",
  };
  return linear(kernel, shape, (pair, vector, weight) => addScaled(pair, kernel.at(vector), kernel.at(weight)));
}

/** linearSmall(r, table, weights, terms, pairs, starts, offset): the same for small weights, one limb in 16 bytes each. */
function linearSmall(prime: PrimeConstants, table: ConstantTable): KernelFunction {
  const kernel = new KernelFunction("linearSmall", 7, prime, table);
  const { limits, limbs } = prime.format;
  const weightRange = symmetric((1n << BigInt(limits.smallWeightBits)) - 1n);
  const shape = { terms: limits.smallTerms, weightBytes: 16, columns: limbs + 1, plusOne: false };
  return linear(kernel, shape, (pair, vector, weight) => {
    const factor = pair.keep(pair.limbAt(kernel.at(weight), 0, [weightRange]));
    for (let j = 0; j < limbs; j++) pair.addProduct(j, factor, pair.limbAt(kernel.at(vector), j));
  });
}

type LinearParameters = [Local, Local, Local, Local, Local, Local, Local];

interface LinearShape {
  /** At most. */
  readonly terms: number;
  readonly weightBytes: number;
  readonly columns: number;
  /** Whether a vector with weight 1 follows. */
  readonly plusOne: boolean;
}

function linear(
  kernel: KernelFunction,
  { terms: maxTerms, weightBytes, columns, plusOne }: LinearShape,
  addTerm: (pair: PairComputation, vector: Local, weight: Local) => void,
): KernelFunction {
  const { fn } = kernel;
  const [r, table, weights, terms, pairs, starts, offset] = fn.parameters as LinearParameters;
  const [entry, weight, vector] = [fn.local("i32"), fn.local("i32"), fn.local("i32")];
  const pair = kernel.pair();
  const { used, begin, body } = accumulate(
    pair,
    columns,
    maxTerms,
    (column) => op.load(op.get(starts), 16 * column),
    () => addTerm(pair, vector, weight),
  );
  const prepareStarts = used.map(({ column, bias }) =>
    op.store(op.get(starts), op.i64x2Splat(op.i64Mul(op.i64ExtendUnsigned(op.get(terms)), op.i64(-bias))), 16 * column),
  );
  const { end: tableEnd, setup: tableSetup } = kernel.endOf(table, terms, 4);
  const { end, setup } = kernel.endOf(r, pairs, kernel.pairBytes);
  const nextVector = op.set(vector, op.i32Add(op.i32Load(op.get(entry)), op.get(offset)));
  const termLoop = op.whileLoop(op.i32LessUnsigned(op.get(entry), op.get(tableEnd)), [
    ...nextVector,
    ...body,
    ...kernel.advance(entry, 4),
    ...kernel.advance(weight, weightBytes),
  ]);
  if (plusOne) pair.addElement((j) => pair.limbAt(kernel.at(vector), j));
  pair.reduce((j, limb) => pair.arithmetic.storeLimb(kernel.at(r), j, limb.code));
  const pairLoop = op.whileLoop(op.i32LessUnsigned(op.get(r), op.get(end)), [
    ...begin,
    ...op.set(entry, op.get(table)),
    ...op.set(weight, op.get(weights)),
    ...termLoop,
    ...(plusOne ? nextVector : []),
    ...pair.takeSteps().flat(),
    ...kernel.advance(r, kernel.pairBytes),
    ...kernel.advance(offset, kernel.pairBytes),
  ]);
  return kernel.finish(...prepareStarts, tableSetup, setup, pairLoop);
}

/** innerProduct(r, a, b, pairs): one reduced pair to r per block of `innerProductPairs` pairs, a·b summed over it. */
function innerProduct(prime: PrimeConstants, table: ConstantTable): KernelFunction {
  const kernel = new KernelFunction("innerProduct", 4, prime, table);
  const [r, a, b, pairs] = kernel.fn.parameters as [Local, Local, Local, Local];
  const { limits, limbs } = prime.format;
  return blockSums(kernel, limits.innerProductPairs, 2 * limbs, { r, pairs, operands: [a, b] }, (pair) => {
    pair.addElementProduct(
      (j) => pair.limbAt(kernel.at(a), j),
      (j) => pair.limbAt(kernel.at(b), j),
    );
  });
}

/** innerProductOfSums(r, a, c, b, d, pairs): the same of a + c and b + d, in blocks of `sumProductPairs` pairs. */
function innerProductOfSums(prime: PrimeConstants, table: ConstantTable): KernelFunction {
  const kernel = new KernelFunction("innerProductOfSums", 6, prime, table);
  const [r, a, c, b, d, pairs] = kernel.fn.parameters as [Local, Local, Local, Local, Local, Local];
  const { limits, limbs } = prime.format;
  const operands = [a, c, b, d];
  return blockSums(kernel, limits.sumProductPairs, 2 * limbs, { r, pairs, operands }, (pair) => {
    const limbSum = (x: Local, y: Local, j: number): Limb =>
      pair.arithmetic.addLimbs(pair.limbAt(kernel.at(x), j), pair.limbAt(kernel.at(y), j));
    const right = Array.from({ length: limbs }, (_, j) => pair.keep(limbSum(b, d, j)));
    pair.addElementProduct(
      (j) => limbSum(a, c, j),
      (j) => right[j] as Limb,
    );
  });
}

/** sum(r, a, pairs): one reduced pair to r per block of `sumPairs` pairs, a summed over it. */
function sumAll(prime: PrimeConstants, table: ConstantTable): KernelFunction {
  const kernel = new KernelFunction("sum", 3, prime, table);
  const [r, a, pairs] = kernel.fn.parameters as [Local, Local, Local];
  const { limits, limbs } = prime.format;
  return blockSums(kernel, limits.sumPairs, limbs, { r, pairs, operands: [a] }, (pair) => {
    pair.addElement((j) => pair.limbAt(kernel.at(a), j));
  });
}

function blockSums(
  kernel: KernelFunction,
  blockPairs: number,
  columns: number,
  { r, pairs, operands }: { r: Local; pairs: Local; operands: readonly Local[] },
  addTerm: (pair: PairComputation) => void,
): KernelFunction {
  const { fn } = kernel;
  const block = fn.local("i32");
  const first = operands[0] as Local;
  const pair = kernel.pair();
  const starts = new Map<number, bigint>();
  const startCode = (column: number): Code =>
    op.i64x2Splat(op.i64Mul(op.i64ExtendUnsigned(op.get(block)), op.i64(-(starts.get(column) ?? 0n))));
  // The first pass learns each column's bias, the second one emits with it.
  const trial = accumulate(kernel.pair(), columns, blockPairs, startCode, addTerm);
  for (const { column, bias } of trial.used) starts.set(column, bias);
  const { begin, body } = accumulate(pair, columns, blockPairs, startCode, addTerm);
  const { end, setup } = kernel.endOf(first, block, kernel.pairBytes);
  const advances = operands.flatMap((operand) => kernel.advance(operand, kernel.pairBytes));
  pair.reduce((j, limb) => pair.arithmetic.storeLimb(kernel.at(r), j, limb.code));
  const isShort = op.i32LessUnsigned(op.get(pairs), op.i32(blockPairs));
  const blockLoop = op.whileLoop(op.get(pairs), [
    ...op.set(block, op.select(op.get(pairs), op.i32(blockPairs), isShort)),
    ...begin,
    ...setup,
    ...op.whileLoop(op.i32LessUnsigned(op.get(first), op.get(end)), [...body, ...advances]),
    ...pair.takeSteps().flat(),
    ...kernel.advance(r, kernel.pairBytes),
    ...op.set(pairs, op.i32Sub(op.get(pairs), op.get(block))),
  ]);
  return kernel.finish(blockLoop);
}

/**
 * The statements of a sum of up to `times` terms: columns start at −(terms)·bias, which `start` gives, so that the
 * biases of all terms cancel; `body` adds one term.
 */
function accumulate(
  pair: PairComputation,
  columns: number,
  times: number,
  start: (column: number) => Code,
  addTerm: (pair: PairComputation) => void,
): { used: { column: number; bias: bigint }[]; begin: Code; body: Code } {
  for (let column = 0; column < columns; column++) pair.startColumn(column, start(column));
  const begin = pair.takeSteps().flat();
  addTerm(pair);
  const body = pair.takeSteps().flat();
  const used = Array.from({ length: columns }, (_, column) => ({ column, bias: pair.biasOf(column) }));
  pair.repeated(times);
  return { used, begin, body };
}
