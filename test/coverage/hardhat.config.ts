/**
 * Hardhat's configuration while it measures coverage: code that counts what it runs is larger than a chain takes, costs several
 * times as much, and is kept apart from what was built to be deployed.
 */
import base from "../../hardhat.config.ts";

/** In blocks that are more than half full the price of gas would rise from one to the next, past what a sender offered. */
const BLOCK_GAS_LIMIT = 300_000_000;

export default {
  ...base,
  paths: { ...base.paths, artifacts: "coverage/artifacts", cache: "coverage/cache" },
  typechain: { ...base.typechain, outDir: "coverage/types" },
  networks: {
    ...base.networks,
    default: { ...base.networks?.default, allowUnlimitedContractSize: true, blockGasLimit: BLOCK_GAS_LIMIT },
  },
};
