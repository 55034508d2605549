/** `opaline admin announce`: makes a deployment the current one, and hands the registry of deployments over to it. */
import { type Deployment, deploymentRegistry, eventOf, namedContracts, readDeployment } from "#chain";
import { CodedError } from "#errors";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { type GovernanceErrorDetail, governed } from "./governed.ts";

export const command = defineCommand({
  command: "admin announce",
  describe: "Announce a new deployment as the current one; signed by an admin of the deployment before it",
  examples: [
    [
      "admin announce --deployment deployments/v1 --successor deployments/v2 --as 2 --keystore k.json --password-file pw",
      "v2 was deployed with `admin deploy --follows deployments/v1`",
    ],
  ],
  options: {
    ...signerOptions,
    successor: { type: "string", describe: "Folder of the deployment to announce", required: true },
    as: { type: "string", describe: "Its version, a label for people", required: true },
  },
  handler: (options, context) => {
    const successor = readDeployment(context.resolve(options.successor));
    return withSigner(options, context, (connection) => {
      const registry = deploymentRegistry(connection.deployment, connection.signer);
      requireSameRegistry(successor, registry.address);
      const call = registry.announce(options.as, namedContracts(successor));
      return governed(connection, call, (mined) => {
        const { number, contractsHash } = eventOf(mined, "DeploymentAnnounced").args;
        return { number, version: options.as, contractsHash, registry: registry.address, ...gasReport(mined) };
      });
    });
  },
});

function requireSameRegistry(successor: Deployment, registry: string): void {
  const its = successor.address("DeploymentRegistry");
  if (its === registry) return;
  throw new CodedError<GovernanceErrorDetail>(
    { code: "DEPLOYMENT_OTHER_REGISTRY", registry, successor: its },
    `the successor was deployed with a registry of its own (${its}): deploy it with --follows`,
  );
}

if (import.meta.main) await runAlone(command);
