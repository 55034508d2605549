/** The switch that stops requests and answers (`contracts/governance/IEmergencyStop.sol`). */
import type { ContractRunner } from "ethers";
import type { IEmergencyStop } from "../../types/governance/IEmergencyStop.ts";
import { type Deployment, openContract } from "./deployment.ts";
import { type GovernedCall, governedCall } from "./governedCall.ts";
import { read } from "./transactions.ts";

export interface EmergencyStop {
  readonly address: string;
  isStopped(): Promise<boolean>;
  stop(reason: string): GovernedCall;
  resume(reason: string): GovernedCall;
}

const NAME = "EmergencyStop";

export function emergencyStop(deployment: Deployment, runner: ContractRunner): EmergencyStop {
  const contract = openContract<IEmergencyStop>(deployment, NAME, runner);
  return {
    address: deployment.address(NAME),
    isStopped: () => read(deployment, `${NAME}.isStopped`, contract.isStopped()),
    stop: (reason) => governedCall(deployment, NAME, "stop", contract.interface.encodeFunctionData("stop", [reason])),
    resume: (reason) =>
      governedCall(deployment, NAME, "resume", contract.interface.encodeFunctionData("resume", [reason])),
  };
}
