/** The agreement under which owners contribute to a study (`contracts/study/IStudyAgreements.sol`). */
import type { ContractRunner } from "ethers";
import type { IStudyAgreements } from "../../types/study/IStudyAgreements.ts";
import type { StudySignature } from "../messages/signedStructs.ts";
import { type Deployment, openContract } from "./deployment.ts";
import { type GovernedCall, governedCall } from "./governedCall.ts";
import { type Mined, mine, read } from "./transactions.ts";

export interface StudyAgreement {
  readonly version: bigint;
  /** Seconds since 1970. */
  readonly publishedAt: bigint;
  /** keccak256 of the document's bytes. */
  readonly documentHash: string;
  readonly jurisdiction: string;
}

export interface StudyAgreements {
  readonly address: string;
  publish(studyId: string, documentHash: string, jurisdiction: string, parties: readonly string[]): GovernedCall;
  sign(given: StudySignature, signature: string): Promise<Mined>;
  /** The newest version; undefined before the first. */
  newest(studyId: string): Promise<StudyAgreement | undefined>;
  /** 0 for none. */
  signedVersion(studyId: string, owner: string): Promise<bigint>;
  isSigned(studyId: string, owner: string): Promise<boolean>;
  nonces(owner: string): Promise<bigint>;
}

const NAME = "StudyAgreements";

export function studyAgreements(deployment: Deployment, runner: ContractRunner): StudyAgreements {
  const contract = openContract<IStudyAgreements>(deployment, NAME, runner);
  return {
    address: deployment.address(NAME),
    publish: (studyId, documentHash, jurisdiction, parties) => {
      const words: [string, string, string, string[]] = [studyId, documentHash, jurisdiction, [...parties]];
      return governedCall(deployment, NAME, "publish", contract.interface.encodeFunctionData("publish", words));
    },
    sign: (given, signature) => mine(deployment, `${NAME}.sign`, contract.sign({ ...given }, signature)),
    async newest(studyId) {
      const version = await read(deployment, `${NAME}.newestVersion`, contract.newestVersion(studyId));
      if (version === 0n) return undefined;
      const found = await read(deployment, `${NAME}.agreement`, contract.agreement(studyId, version));
      const { publishedAt, documentHash, jurisdiction } = found;
      return { version, publishedAt, documentHash, jurisdiction };
    },
    signedVersion: (studyId, owner) =>
      read(deployment, `${NAME}.signedVersion`, contract.signedVersion(studyId, owner)),
    isSigned: (studyId, owner) => read(deployment, `${NAME}.isSigned`, contract.isSigned(studyId, owner)),
    nonces: (owner) => read(deployment, `${NAME}.nonces`, contract.nonces(owner)),
  };
}
