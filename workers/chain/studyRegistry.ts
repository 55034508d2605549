/** Studies: one schema, one policy (`contracts/study/IStudyRegistry.sol`). */
import { AbiCoder, type ContractRunner, keccak256, toUtf8Bytes } from "ethers";
import type { IStudyRegistry, PolicyStruct } from "../../types/study/IStudyRegistry.ts";
import { CodedError } from "../errors.ts";
import { type FieldRules, fieldRulesHash } from "../messages/fieldRules.ts";
import { type Deployment, openContract } from "./deployment.ts";
import type { ChainErrorDetail } from "./errors.ts";
import { type GovernedCall, governedCall } from "./governedCall.ts";
import { onlyLog } from "./logs.ts";
import type { JsonRpc } from "./provider.ts";
import { read } from "./transactions.ts";

/** As `contracts/types/Policy.sol`. */
export interface Policy {
  readonly k: number;
  readonly vettings: number;
  readonly vettingOrganisations: number;
  readonly minimumThreshold: number;
  readonly demonstration: boolean;
  readonly openingsBudget: number;
  readonly deadlineBlocks: bigint;
  /** Basis points of a price; the three sum to {@link BASIS_POINTS}. */
  readonly ownersShare: number;
  readonly workersShare: number;
  readonly authorShare: number;
  /** Wei. */
  readonly price: bigint;
  /** Wei that an owner pays the committee for each row it activates. */
  readonly storageFeePerRow: bigint;
  /** Wei that each worker of a committee must have deposited for it. */
  readonly leastDeposit: bigint;
  /** Of SEALED answers; 0: that of PUBLIC ones. */
  readonly sealedK: number;
  /** Index + 1 of the field that says a row's site, when no query may use it; 0 otherwise. */
  readonly closedSite: number;
  /** Requests that the queriers of one organisation may make over the study, for good; 0: any number. */
  readonly organisationQuota: number;
  /** The most sets disclosed earlier that a request is tested against; 0: any number. */
  readonly historyCap: number;
  /** Of the study's {@link FieldRules}; zero: everything is permitted. */
  readonly fieldRulesHash: string;
  readonly purposes: readonly string[];
}

/** What a policy's shares sum to. */
export const BASIS_POINTS = 10_000;

export interface Study {
  readonly schemaHash: string;
  readonly policyHash: string;
  readonly srsHash: string;
  readonly log2N: number;
  readonly registeredAt: bigint;
  readonly name: string;
}

export interface StudyRegistry {
  readonly address: string;
  register(
    name: string,
    schema: string,
    policy: Policy,
    log2N: number,
    srsHash: string,
    fieldRules: FieldRules,
  ): GovernedCall;
  study(studyId: string): Promise<Study>;
  policy(studyId: string): Promise<Policy>;
  /** Which fields queries may use, and how. Their hash is checked against the policy's. */
  fieldRules(studyId: string, policy: Pick<Policy, "fieldRulesHash">): Promise<FieldRules>;
  count(): Promise<number>;
  studies(offset: number, limit: number): Promise<string[]>;
  /** The schema's exact JSON text, from the registration's event; its keccak256 is checked against the study. */
  schemaText(rpc: JsonRpc, studyId: string): Promise<string>;
}

const NAME = "StudyRegistry";

const POLICY_TUPLE =
  "tuple(uint16 k, uint8 vettings, uint8 vettingOrganisations, uint8 minimumThreshold, bool demonstration," +
  " uint32 openingsBudget, uint16 ownersShare, uint16 workersShare, uint16 authorShare, uint64 storageFeePerRow," +
  " uint64 deadlineBlocks, uint88 price, uint96 leastDeposit, uint16 sealedK, uint16 closedSite," +
  " uint24 organisationQuota, uint16 historyCap, bytes32 fieldRulesHash, bytes32[] purposes)";

/** keccak256(abi.encode(Policy)): what the registry stores and every request's context names. */
export function policyHash(policy: Policy): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode([POLICY_TUPLE], [policy]));
}

async function readSchemaText(
  deployment: Deployment,
  rpc: JsonRpc,
  studyId: string,
  schemaHash: string,
): Promise<string> {
  const abi = deployment.abi(NAME);
  const topics = abi.encodeFilterTopics("StudyRegistered", [studyId]) as string[];
  const filter = { addresses: [deployment.address(NAME)], topics };
  const log = await onlyLog(rpc, filter, deployment.block, "StudyRegistered", studyId);
  const schema = String(abi.parseLog({ topics: [...log.topics], data: log.data })?.args["schema"]);
  if (keccak256(toUtf8Bytes(schema)) === schemaHash) return schema;
  throw new CodedError<ChainErrorDetail>(
    { code: "CHAIN_EVENT_MISSING", event: "StudyRegistered", id: studyId },
    `The schema in the registration of study ${studyId} does not have the study's schema hash ${schemaHash}`,
  );
}

export function studyRegistry(deployment: Deployment, runner: ContractRunner): StudyRegistry {
  const contract = openContract<IStudyRegistry>(deployment, NAME, runner);
  const study = async (studyId: string): Promise<Study> => {
    const found = await read(deployment, `${NAME}.study`, contract.study(studyId));
    return {
      schemaHash: found.schemaHash,
      policyHash: found.policyHash,
      srsHash: found.srsHash,
      log2N: Number(found.log2N),
      registeredAt: found.registeredAt,
      name: found.name,
    };
  };
  return {
    address: deployment.address(NAME),
    register: (name, schema, policy, log2N, srsHash, fieldRules) =>
      governedCall(
        deployment,
        NAME,
        "register",
        contract.interface.encodeFunctionData("register", [
          name,
          schema,
          { ...policy, purposes: [...policy.purposes] } satisfies PolicyStruct,
          log2N,
          srsHash,
          { uses: fieldRules.uses, cuts: fieldRules.cuts.map(({ field, edges }) => ({ field, edges: [...edges] })) },
        ]),
      ),
    study,
    async policy(studyId) {
      const found = await read(deployment, `${NAME}.policy`, contract.policy(studyId));
      return {
        k: Number(found.k),
        vettings: Number(found.vettings),
        vettingOrganisations: Number(found.vettingOrganisations),
        minimumThreshold: Number(found.minimumThreshold),
        demonstration: found.demonstration,
        openingsBudget: Number(found.openingsBudget),
        deadlineBlocks: found.deadlineBlocks,
        ownersShare: Number(found.ownersShare),
        workersShare: Number(found.workersShare),
        authorShare: Number(found.authorShare),
        price: found.price,
        storageFeePerRow: found.storageFeePerRow,
        leastDeposit: found.leastDeposit,
        sealedK: Number(found.sealedK),
        closedSite: Number(found.closedSite),
        organisationQuota: Number(found.organisationQuota),
        historyCap: Number(found.historyCap),
        fieldRulesHash: found.fieldRulesHash,
        purposes: [...found.purposes],
      };
    },
    async fieldRules(studyId, policy) {
      const { uses, cuts } = await read(deployment, `${NAME}.fieldRules`, contract.fieldRules(studyId));
      const rules = { uses, cuts: cuts.map(({ field, edges }) => ({ field: Number(field), edges: [...edges] })) };
      if (fieldRulesHash(rules) === policy.fieldRulesHash) return rules;
      throw new CodedError<ChainErrorDetail>(
        { code: "CHAIN_RULES_MISMATCH", studyId },
        `The rules on fields of study ${studyId} do not have the hash ${policy.fieldRulesHash} that its policy names`,
      );
    },
    count: async () => Number(await read(deployment, `${NAME}.count`, contract.count())),
    studies: async (offset, limit) => [...(await read(deployment, `${NAME}.studies`, contract.studies(offset, limit)))],
    schemaText: async (rpc, studyId) => readSchemaText(deployment, rpc, studyId, (await study(studyId)).schemaHash),
  };
}
