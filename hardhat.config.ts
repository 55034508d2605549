import { createRequire } from "node:module";
import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import hardhatNetworkHelpers from "@nomicfoundation/hardhat-network-helpers";
import hardhatNodeTestRunner from "@nomicfoundation/hardhat-node-test-runner";
import hardhatTypechain from "@nomicfoundation/hardhat-typechain";
import { toBeHex } from "ethers";
import { defineConfig } from "hardhat/config";
import { budget } from "./test/budget.ts";
import { seed } from "./test/seed.ts";

export default defineConfig({
  plugins: [hardhatEthers, hardhatNetworkHelpers, hardhatTypechain, hardhatNodeTestRunner],
  solidity: {
    version: "0.8.37",
    // The compiler is the npm package solc: nothing is downloaded when building.
    path: createRequire(import.meta.url).resolve("solc/soljson.js"),
    settings: { evmVersion: "cancun", viaIR: true, optimizer: { enabled: true, runs: 200 } },
  },
  test: {
    solidity: {
      fuzz: { runs: budget.solidityFuzzRuns, seed: toBeHex(seed, 32) },
      invariant: { runs: budget.invariantRuns, depth: 64 },
    },
  },
  paths: { tests: { nodejs: "test/contracts", solidity: "test/contracts" } },
  // Generated types use enums and casts that type stripping refuses; they are imported as types only.
  typechain: { outDir: "types", tsNocheck: true },
  networks: {
    default: { type: "edr-simulated", chainType: "l1", hardfork: "prague", allowUnlimitedContractSize: false },
    // One block a second, and one on demand for every transaction.
    node: {
      type: "edr-simulated",
      chainType: "l1",
      hardfork: "prague",
      chainId: 31337,
      mining: { auto: true, interval: 1000 },
      loggingEnabled: false,
    },
  },
});
