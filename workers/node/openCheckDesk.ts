/** Connects the check desk to this worker's chain, store and mesh. */
import { parseSchema } from "../schema/parseSchema.ts";
import type { DeskParts } from "./openDesk.ts";
import { sendAndForget } from "./openDesk.ts";
import { openAttemptNetwork } from "./attemptNetwork.ts";
import { checkDealing } from "./checkDealing.ts";
import { CheckDesk } from "./checkDesk.ts";
import { runCheck } from "./checkRun.ts";

export function openCheckDesk({ modules, chain, store, committees, mesh, timers, counts }: DeskParts): CheckDesk {
  const { configuration, field, log, monotonic, randomBytes } = modules;
  const { deployment, rpc, studies } = chain;
  const { chainId } = deployment;
  const { shares } = store;
  const run = { field, chainId, registry: chain.datasets.address, randomBytes };
  return new CheckDesk(
    {
      committees,
      store,
      timers,
      now: monotonic,
      log,
      counts,
      isConnected: (address) => mesh.isConnected(address),
      send: (address, frame) => sendAndForget(mesh, log, address, frame),
      schemaOf: async (studyId) => parseSchema(await studies.schemaText(rpc, studyId)),
      checkDealing: (check) => checkDealing(check, { field, chainId, shares }),
      compute: (check, proposal, signal, timeoutMs) => {
        const { datasetId, committeeEpoch, version } = check.activation;
        return runCheck(check, proposal, signal, {
          ...run,
          loadRows: (...rows) => shares.loadRows(datasetId, committeeEpoch, version, ...rows),
          openNetwork: (place, ended) => openAttemptNetwork(mesh, place, timeoutMs, ended),
        });
      },
    },
    configuration.attemptTimeoutMs,
  );
}
