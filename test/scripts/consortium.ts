/** Contracts on a chain in this process, with members and a study, for tests of commands that need no worker. */
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { artifacts } from "hardhat";
import { type BaseWallet, Wallet, id } from "ethers";
import { deployContracts, writeDeployment } from "../../scripts/admin/deployContracts.ts";
import { command as appointCommittee } from "../../scripts/admin/appointCommittee.ts";
import { doneAtOnce } from "../../scripts/admin/governed.ts";
import { command as registerStudy } from "../../scripts/admin/registerStudy.ts";
import { type Deployment, readDeployment } from "../../workers/chain/deployment.ts";
import { sendCall } from "../../workers/chain/governedCall.ts";
import { type MemberRole, memberRegistry } from "../../workers/chain/memberRegistries.ts";
import { type TestContext, testContext } from "../support/commandContext.ts";
import { temporaryFolder } from "../support/temporaryFolder.ts";
import { trialStudy } from "../support/trialStudy.ts";
import { CHAIN_ID, type LocalChain, startLocalChain } from "../workers/chain/localChain.ts";

export interface Consortium {
  readonly chain: LocalChain;
  readonly deployment: Deployment;
  readonly folder: string;
  readonly studyId: string;
  readonly context: TestContext;
  readonly network: { readonly deployment: string; readonly rpc: string };
  /** Options of a command that this member signs. */
  readonly as: (name: string) => {
    readonly deployment: string;
    readonly rpc: string;
    readonly keystore: string;
    readonly passwordFile: string;
  };
  readonly wallet: (name: string) => BaseWallet;
  /** From now on the member signs with this wallet. */
  readonly replace: (name: string, wallet: BaseWallet) => void;
  readonly admit: (role: MemberRole, name: string, organisation: string, reach?: Reach) => Promise<string>;
  readonly appoint: (workers: readonly string[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface Reach {
  readonly endpoint?: string;
  readonly tlsFingerprint?: string;
}

const ADMIN = "admin";

/** What `admin register-study` is told of a study besides its name and its schema. */
export const STUDY_LIMITS = {
  log2N: "10",
  k: "11",
  vettings: "2",
  vettingOrganisations: "2",
  minimumThreshold: "2",
  demonstration: true,
  openingsBudget: "1000",
  deadlineBlocks: "600",
  priceEther: "0.01",
  ownersShare: "5000",
  workersShare: "4000",
  authorShare: "1000",
  storageFeeWei: "0",
  leastDepositEther: "0",
  siteAxis: "yes",
  purpose: [],
};

const FOREVER = 10_000_000_000n;

export async function startConsortium(): Promise<Consortium> {
  const chain = await startLocalChain();
  const { path: folder, remove } = temporaryFolder();
  const deploymentFolder = join(folder, "deployment");
  mkdirSync(deploymentFolder);
  const deployed = await deployContracts({ signer: chain.wallet, artifact: (name) => artifacts.readArtifact(name) });
  await writeDeployment(deploymentFolder, { network: "test", chainId: CHAIN_ID, ...deployed });
  const deployment = readDeployment(deploymentFolder);

  const wallets = new Map<string, BaseWallet>([[ADMIN, chain.wallet]]);
  const wallet = (name: string): BaseWallet => {
    const found = wallets.get(name) ?? new Wallet(Wallet.createRandom().privateKey);
    wallets.set(name, found);
    return found;
  };
  const context: TestContext = { ...testContext(folder), unlock: async (keystore) => wallet(basename(keystore)) };
  const network = { deployment: deploymentFolder, rpc: chain.url };
  const as: Consortium["as"] = (name) => ({ ...network, keystore: name, passwordFile: "unused" });

  const schema = join(folder, "schema.json");
  writeFileSync(schema, trialStudy().schemaText);
  const registered = await registerStudy.handler(
    {
      ...as(ADMIN),
      name: "Trial 7",
      schema,
      ...STUDY_LIMITS,
    },
    context,
  );
  const { studyId } = doneAtOnce(registered);
  return {
    chain,
    deployment,
    folder,
    studyId,
    context,
    network,
    as,
    wallet,
    replace: (name, other) => wallets.set(name, other),
    async admit(role, name, organisation, { endpoint = "", tlsFingerprint } = {}) {
      const { address, signingKey } = wallet(name);
      await chain.provider.send("hardhat_setBalance", [address, "0x8ac7230489e80000"]);
      const call = memberRegistry(deployment, role, chain.wallet).admit(address, {
        organisationName: organisation,
        expiry: FOREVER,
        tlsFingerprint: tlsFingerprint ?? id(`certificate of ${name}`),
        endpoint,
        encryptionKey: signingKey.compressedPublicKey,
        purposes: [],
      });
      await sendCall(deployment, chain.wallet, call);
      return address;
    },
    async appoint(workers) {
      const worker = workers.map((name) => wallet(name).address);
      await appointCommittee.handler({ ...as(ADMIN), study: studyId, worker, threshold: "1" }, context);
    },
    async close() {
      await chain.close();
      remove();
    },
  };
}
