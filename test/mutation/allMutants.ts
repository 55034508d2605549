/** Every mutant, by folder of contracts and there by what the contract is for. */
import type { Mutant } from "./mutant.ts";
import { ANSWER } from "./mutants/answer.ts";
import { AUDIT } from "./mutants/audit.ts";
import { CATALOGUE } from "./mutants/catalogue.ts";
import { CONSENT } from "./mutants/consent.ts";
import { DATASETS } from "./mutants/datasets.ts";
import { DEPOSITS } from "./mutants/deposits.ts";
import { FEES } from "./mutants/fees.ts";
import { GOVERNANCE } from "./mutants/governance.ts";
import { IDENTITY } from "./mutants/identity.ts";
import { REQUEST } from "./mutants/request.ts";
import { RESULT } from "./mutants/result.ts";
import { STUDY } from "./mutants/study.ts";
import { TRIAL } from "./mutants/trial.ts";
import { TRIAL_RULES } from "./mutants/trialRules.ts";
import { TYPES } from "./mutants/types.ts";

export const MUTANTS: readonly Mutant[] = [
  ...AUDIT,
  ...GOVERNANCE,
  ...IDENTITY,
  ...STUDY,
  ...DATASETS,
  ...CONSENT,
  ...CATALOGUE,
  ...REQUEST,
  ...ANSWER,
  ...RESULT,
  ...FEES,
  ...DEPOSITS,
  ...TRIAL,
  ...TRIAL_RULES,
  ...TYPES,
];
