/**
 * A worker's counts in Prometheus' text format 0.0.4. Labels are states and error codes of this program, never an id, a
 * name or a value of a dataset. Source: https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import type { AttemptTotals } from "./attemptCounts.ts";
import type { WorkerStatus } from "./status.ts";

type Kind = "gauge" | "counter";
type Sample = readonly [label: string | undefined, value: number];

function family(name: string, kind: Kind, help: string, label: string, samples: readonly Sample[]): string {
  const lines = samples.map(([text, value]) => `${name}${text === undefined ? "" : `{${label}="${text}"}`} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...lines].join("\n");
}

function single(name: string, kind: Kind, help: string, value: number | undefined): string[] {
  return value === undefined ? [] : [family(name, kind, help, "", [[undefined, value]])];
}

function countBy(known: readonly string[], found: readonly string[]): Sample[] {
  return known.map((state) => [state, found.filter((each) => each === state).length]);
}

/** Of activated versions; a rejected one's reason is in `status`. */
function checkStates({ datasets }: WorkerStatus): string[] {
  return datasets.flatMap(({ check }) => (check === undefined ? [] : [check.split(":")[0]!]));
}

export function metricsText(status: WorkerStatus, { started, failed }: AttemptTotals): string {
  const { chain, peers, requests, arithmetic } = status;
  const connected = peers.filter((peer) => peer.connected).length;
  const versions = countBy(
    ["pending", "active", "missing"],
    status.datasets.map(({ state }) => state),
  );
  const checks = countBy(["unchecked", "checked", "rejected"], checkStates(status));
  const up = status.registration === "active" ? 1 : 0;
  return [
    family("opaline_requests", "gauge", "Requests by state.", "state", Object.entries(requests)),
    ...single("opaline_peers_connected", "gauge", "Peers whose links are open.", connected),
    ...single("opaline_peers_expected", "gauge", "Other members of this worker's committees.", peers.length),
    ...single("opaline_chain_head_block", "gauge", "The newest block seen.", chain.block),
    ...single("opaline_chain_lag_blocks", "gauge", "Blocks that could be handled but are not yet.", chain.lag),
    ...single(
      "opaline_chain_reachable",
      "gauge",
      "1 when the last look at the chain succeeded.",
      Number(chain.reachable),
    ),
    ...single("opaline_registered", "gauge", "1 when the registry has this worker and its certificate.", up),
    ...single("opaline_attempts_started_total", "counter", "Attempts this worker took part in.", started),
    family("opaline_attempts_failed_total", "counter", "Failed attempts by code.", "code", Object.entries(failed)),
    ...single("opaline_field_bytes", "gauge", "Bytes of field vectors in use.", arithmetic.bytesInUse),
    ...single(
      "opaline_key_copies_due",
      "gauge",
      "Sealed answers whose keys are still to be published.",
      status.keysDue,
    ),
    ...single(
      "opaline_erasure_receipts_due",
      "gauge",
      "Datasets' shares that had to be erased, for which the chain has no receipt of this worker.",
      status.erasures.filter(({ receipt }) => receipt === "due").length,
    ),
    family("opaline_dataset_versions", "gauge", "Dataset versions by state.", "state", versions),
    family("opaline_dataset_checks", "gauge", "Activated dataset versions by input check.", "state", checks),
    "",
  ].join("\n");
}
