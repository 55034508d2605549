/** A post-merge genesis with Cancun from the first block, in geth's format: what a consortium's own network would start with. */

/** As much as a block of Ethereum's main network may use. */
const BLOCK_GAS = "0x3938700";
const NOTHING = `0x${"0".repeat(64)}`;

/** @param funded account to wei */
export function genesis(chainId: bigint, funded: Readonly<Record<string, bigint>>): unknown {
  const balances = Object.entries(funded).map(([account, wei]) => [
    account.toLowerCase().replace(/^0x/, ""),
    { balance: `0x${wei.toString(16)}` },
  ]);
  return {
    config: {
      chainId: Number(chainId),
      ...Object.fromEntries(FROM_BLOCK_0.map((fork) => [`${fork}Block`, 0])),
      terminalTotalDifficulty: 0,
      terminalTotalDifficultyPassed: true,
      shanghaiTime: 0,
      cancunTime: 0,
      blobSchedule: { cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 } },
    },
    number: "0x0",
    timestamp: "0x0",
    parentHash: NOTHING,
    extraData: "0x",
    gasLimit: BLOCK_GAS,
    gasUsed: "0x0",
    baseFeePerGas: "0x7",
    blobGasUsed: "0x0",
    excessBlobGas: "0x0",
    difficulty: "0x0",
    nonce: "0x0",
    mixHash: NOTHING,
    coinbase: `0x${"0".repeat(40)}`,
    alloc: Object.fromEntries(balances) as unknown,
  };
}

const FROM_BLOCK_0 = [
  ...["homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg", "istanbul"],
  ...["berlin", "london", "mergeNetsplit"],
];
