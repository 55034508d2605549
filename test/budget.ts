/**
 * Every size that trades confidence for time, in one place. `npm test` must end within 15 minutes on 2 cores;
 * `npm run test:deep` sets OPALINE_DEEP=1 and takes as long as it takes.
 */
const deep = process.env["OPALINE_DEEP"] === "1";

function size(normal: number, deepSize: number): number {
  return deep ? deepSize : normal;
}

export const budget = {
  deep,
  /** fast-check runs of a cheap pure property. */
  propertyRuns: size(200, 10_000),
  /** Random pairs multiplied in a field. */
  randomPairs: size(100_000, 1_000_000),
  /** Terms of a long sum or inner product. */
  longSum: size(100_000, 1_000_000),
  /** Chains of random field operations. */
  operationChains: size(4, 100),
  /** Vectors made and released while others live. */
  recycledVectors: size(4_000, 100_000),
  /** fast-check runs of a property that runs a whole protocol or SQL comparison. */
  protocolRuns: size(40, 200),
  sqlRuns: size(150, 2_000),
  /** Random queries computed by three workers over shares. */
  computedQueries: size(60, 2_000),
  /**
   * Runs of a circuit with one step altered: all at (3, 1) and (4, 1) and a tenth at (5, 2), where there are 2,322; and of
   * each other committee or circuit, one at each of its 22 or 26 steps. Deep: all there are.
   */
  alteredRuns: size(420, 8_000),
  fewAlteredRuns: size(26, 8_000),
  /** Every how manieth lie at a step of an input check is tried. Deep: every one. */
  checkStride: size(5, 1),
  /**
   * Runs of the gate with one step altered, per committee and release class: one at each of its 57 steps and a few more; where the
   * participants are as many as in a smaller committee a third of them, one at each of the 6 that open anything and at others
   * by lot. Deep: all.
   */
  alteredGates: size(60, 20_000),
  fewAlteredGates: size(20, 20_000),
  /**
   * The same of a choice of lines, 76 steps: at (3, 1) one at each and a few more; in every other committee one at each of the 9
   * that open a bit and at a few by lot. And of one that refuses. Deep: all, 22,752 and 10,410 of them at (7, 3).
   */
  alteredLines: size(80, 25_000),
  fewAlteredLines: size(15, 25_000),
  alteredRefusals: size(6, 12_000),
  /** Runs of a property that follows a chain of EthereumJS, whose answers take ten times as long as Hardhat's. */
  secondClientRuns: size(5, 40),
  /** Whole networks simulated, and random operations in each. Deep: of every committee size. */
  simulatedSeeds: size(4, 300),
  simulatedOperations: 60,
  /** From one message at which a simulated worker dies or lies to the next; each is a network of its own, about a second. */
  messageStride: size(48, 1),
  /** Sequences of random acts done on the model chain and on a real one. */
  modelChainSeeds: size(20, 100),
  /** Random studies attacked with every answer that opened; and those of its negative twins. */
  attackedStudies: size(24, 3_000),
  attackedTwins: size(8, 100),
  /** Random calls of each Solidity fuzz test; sequences of random calls after each of which Solidity's invariants are asked. */
  solidityFuzzRuns: size(256, 10_000),
  invariantRuns: size(32, 10_000),
  /** Random structs hashed in TypeScript and Solidity. */
  statementRuns: size(200, 1_000),
  trialVerdictRuns: size(500, 5_000),
  /** Malformed frames fed to the decoder. */
  fuzzedFrames: size(5_000, 50_000),
  /** Malformed and other frames sent to a worker by a peer it has authenticated. */
  peerFrames: size(1_000, 50_000),
  /** kill -9 cycles of the store. */
  killCycles: size(3, 50),
  /** Bytes flipped one at a time in stored chunks. */
  flippedBytes: size(50, 1_000),
} as const;
