/**
 * Who may call what: one row for every state-changing function of every deployed contract. A function without a row
 * fails, so that a new one is thought about.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Contract, FunctionFragment, Interface, ZeroAddress, parseEther } from "ethers";
import type { HDNodeWallet, ParamType } from "ethers";
import { account, load } from "./support/chain.ts";
import {
  CONSORTIUM,
  OUTSIDER,
  OWNERS,
  QUERIER,
  RELAYER,
  VETTERS,
  WORKERS,
  admissionOf,
  vetQuery,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

/** By role, tested here; the others have their own rule, tested with the function. */
type Row =
  | "admin"
  | "registrar"
  | "steward"
  | "guardian"
  | "catalogue"
  | "datasets"
  | "changes"
  | "switch"
  | "consents"
  | "own rule";
const MEMBERS: Record<string, Row> = {
  admit: "registrar",
  revoke: "guardian",
  setEndpoint: "own rule",
  rotateKey: "own rule",
  replaceKey: "registrar",
};
const MATRIX: Record<string, Record<string, Row>> = {
  DeploymentRegistry: { announce: "admin" },
  EmergencyStop: { stop: "guardian", resume: "steward" },
  AuditTrail: { addRecorder: "catalogue", record: "own rule", recordUnlessStopped: "own rule", setStopped: "switch" },
  DataOwnerRegistry: MEMBERS,
  VetterRegistry: MEMBERS,
  QuerierRegistry: MEMBERS,
  WorkerRegistry: MEMBERS,
  BoardRegistry: MEMBERS,
  AuditorRegistry: MEMBERS,
  StudyRegistry: { register: "steward" },
  CommitteeRegistry: {
    appoint: "steward",
    freeze: "datasets",
    propose: "steward",
    withdrawProposal: "steward",
    install: "changes",
    releaseDeposits: "own rule",
    deposit: "own rule",
    announceWithdrawal: "own rule",
    withdrawDeposit: "own rule",
    announceEquivocation: "own rule",
    reportEquivocation: "own rule",
  },
  Credits: { pay: "own rule", withdraw: "own rule" },
  StudyAgreements: { publish: "steward", sign: "own rule", cancelNonce: "own rule" },
  DatasetRegistry: {
    activate: "own rule",
    setTerms: "own rule",
    veto: "own rule",
    liftVeto: "own rule",
    retire: "own rule",
    retireFor: "steward",
    confirmErasure: "own rule",
    open: "own rule",
    addQueryContract: "catalogue",
    serveUntil: "catalogue",
    restrictConsents: "consents",
    replaceShares: "changes",
    noteShares: "changes",
  },
  CommitteeChanges: {
    approve: "own rule",
    cancelNonce: "own rule",
    reshare: "own rule",
    confirm: "own rule",
    complete: "own rule",
  },
  ConsentRegistry: {
    publishForm: "steward",
    setRules: "steward",
    enrol: "own rule",
    consent: "own rule",
    record: "own rule",
  },
  QuerySmartContract: {
    acceptAgreement: "own rule",
    cancelNonce: "own rule",
    request: "own rule",
    answer: "own rule",
    expire: "own rule",
    dispute: "own rule",
    publishKeyCopies: "own rule",
    prove: "own rule",
    settle: "own rule",
  },
  ProofVerifierRegistry: { register: "steward", retire: "guardian" },
  QueryCatalogue: {
    publish: "own rule",
    vet: "own rule",
    cancelNonce: "own rule",
    comment: "own rule",
    supersede: "own rule",
    supersedeForAuthor: "steward",
    revoke: "guardian",
  },
  TrialRulebook: {},
  AdaptiveTrial: { register: "steward", recordVerdict: "own rule", withdrawSignature: "own rule" },
};
/** AccessManaged's own: callable by the AccessManager alone. */
const AUTHORITY = "setAuthority";

const REGISTRAR = account(19);
const STEWARD = account(20);
const GUARDIAN = account(21);
const CALLERS: readonly (readonly [who: string, wallet: HDNodeWallet])[] = [
  ["admin", CONSORTIUM],
  ["registrar", REGISTRAR],
  ["steward", STEWARD],
  ["guardian", GUARDIAN],
  ["nobody", OUTSIDER],
  ["data owner", OWNERS[0] as HDNodeWallet],
  ["vetter", VETTERS[0] as HDNodeWallet],
  ["querier", QUERIER],
  ["worker", WORKERS[0] as HDNodeWallet],
  ["revoked vetter", RELAYER],
];

function changing(abi: Interface): FunctionFragment[] {
  const fragments = abi.fragments.filter((fragment) => FunctionFragment.isFragment(fragment));
  return fragments.filter(({ constant }) => !constant);
}

/** A value of any ABI type: all zero. */
function zero(type: ParamType): unknown {
  if (type.baseType === "array") return [];
  if (type.baseType === "tuple") return type.components?.map(zero);
  if (type.type === "string") return "";
  if (type.type === "bytes") return "0x";
  if (type.type === "bool") return false;
  if (type.type === "address") return ZeroAddress;
  return type.type.startsWith("bytes") ? `0x${"00".repeat(Number(type.type.slice(5)))}` : 0n;
}

async function funded(wallet: HDNodeWallet): Promise<void> {
  await CONSORTIUM.sendTransaction({ to: wallet.address, value: parseEther("1") });
}

/** It may fail for what it was given, which is nothing, but not for who asks. */
async function isAuthorised(act: Promise<unknown>): Promise<void> {
  const reason = await act.then(
    () => "",
    (error: unknown) => String(error),
  );
  assert.ok(!/Unauthorized/.test(reason), reason);
}

describe("access", () => {
  async function everyRole() {
    const world = await vetQuery();
    await world.vetters.admit(RELAYER.address, await admissionOf(RELAYER, "Ethics C"));
    await world.vetters.revoke(RELAYER.address, "");
    // One role for each: the admin gives up those that the deployment gave it besides.
    for (const [role, wallet] of [
      [3, REGISTRAR],
      [4, STEWARD],
      [5, GUARDIAN],
    ] as const) {
      await world.access.grantRole(role, wallet.address, 0);
      await world.access.revokeRole(role, CONSORTIUM.address);
      await funded(wallet);
    }
    return { ...world, deployed: world.deployment.contracts };
  }

  it("has a row for every function of every contract that changes state", async () => {
    const { deployed } = await load(everyRole);
    for (const [name, { abi }] of Object.entries(deployed)) {
      if (name === "ConsortiumAccess") continue;
      const found = changing(Interface.from(abi)).map((fragment) => fragment.name);
      const rows = Object.keys(MATRIX[name] ?? {});
      assert.deepEqual(found.filter((each) => each !== AUTHORITY).sort(), rows.sort(), name);
    }
  });

  for (const [name, rows] of Object.entries(MATRIX)) {
    for (const [method, row] of Object.entries(rows)) {
      if (row === "own rule") continue;
      it(`${name}.${method} is for ${row} only`, async () => {
        const { deployed } = await load(everyRole);
        const { address, abi } = deployed[name] ?? { address: "", abi: [] };
        for (const [who, wallet] of CALLERS) {
          const contract = new Contract(address, abi, wallet);
          const fragment = contract.getFunction(method).fragment;
          const act = contract.getFunction(method)(...fragment.inputs.map(zero));
          if (who === row) await isAuthorised(act);
          else await reverts(act, contract, "AccessManagedUnauthorized", [wallet.address]);
        }
      });
    }
  }

  it("lets nobody but the access manager change the access manager", async () => {
    const { deployed } = await load(everyRole);
    for (const [name, { address, abi }] of Object.entries(deployed)) {
      if (!Interface.from(abi).hasFunction(AUTHORITY)) continue;
      for (const [, wallet] of CALLERS) {
        const contract = new Contract(address, abi, wallet);
        const act = contract.getFunction(AUTHORITY)(OUTSIDER.address);
        await reverts(act, contract, "AccessManagedUnauthorized", [wallet.address]);
        assert.ok(name in MATRIX);
      }
    }
  });

  it("lets nobody but the admin change a role", async () => {
    const { access } = await load(everyRole);
    for (const [who, wallet] of CALLERS) {
      if (who === "admin") continue;
      for (const role of [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]) {
        const act = access.connect(wallet).grantRole(role, wallet.address, 0);
        await reverts(act, access, "AccessManagerUnauthorizedAccount", [wallet.address, 0]);
      }
    }
  });
});
