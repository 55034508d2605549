/**
 * Hardhat's configuration while it measures coverage: code that counts what it runs is larger than a chain takes, and is kept
 * apart from what was built to be deployed.
 */
import base from "../../hardhat.config.ts";

export default {
  ...base,
  paths: { ...base.paths, artifacts: "coverage/artifacts", cache: "coverage/cache" },
  typechain: { ...base.typechain, outDir: "coverage/types" },
  networks: { ...base.networks, default: { ...base.networks?.default, allowUnlimitedContractSize: true } },
};
