/** Every read that a worker makes of the contracts, of whatever there is now, which `modelChain.test.ts` compares after each act. */
import { id } from "ethers";
import { type ActScene, datasetIdsOf } from "./actScene.ts";
import { type Act, OWNERS, QUERIER, SPARE_KEYS, VETTERS, WORKERS, act, hashOf, studyIdOf } from "./genesis.ts";
import { MEMBERS } from "./memberActs.ts";

type Read = (contract: string, method: string, ...args: readonly unknown[]) => Act;

function readsOf({ addresses }: ActScene): Read {
  return (contract, method, ...args) => act(QUERIER, addresses[contract]!, contract, method, args);
}

export function reads(scene: ActScene): Act[] {
  const of = readsOf(scene);
  return [
    of("EmergencyStop", "isStopped"),
    ...memberReads(of),
    ...studyReads(scene, of),
    ...datasetReads(scene, of),
    ...catalogueReads(scene, of),
    ...requestReads(scene),
    ...changeReads(scene, of),
  ];
}

function memberReads(of: Read): Act[] {
  return [
    ...WORKERS.flatMap(({ address }) => [
      of("WorkerRegistry", "member", address),
      of("WorkerRegistry", "isActive", address),
    ]),
    ...WORKERS.map((worker) => of("WorkerRegistry", "accountOf", id(`certificate of ${worker.address}`))),
    of("WorkerRegistry", "member", QUERIER.address),
    ...MEMBERS.flatMap(([registry, member]) => [
      of(registry, "keyOf", member.address),
      of(registry, "signerOf", member.address),
      of(registry, "activeKeysOf", [member.address, QUERIER.address]),
    ]),
    ...["WorkerRegistry", "DataOwnerRegistry", "QuerierRegistry"].flatMap((registry) =>
      [...WORKERS, ...SPARE_KEYS].flatMap(({ address }) =>
        ["memberOf", "activeMemberOf", "everMemberOf"].map((method) => of(registry, method, address)),
      ),
    ),
  ];
}

function studyReads({ addresses }: ActScene, of: Read): Act[] {
  const studyId = studyIdOf(addresses);
  return [
    ...["study", "policy"].map((method) => of("StudyRegistry", method, studyId)),
    of("StudyRegistry", "study", id("no study")),
    of("StudyRegistry", "count"),
    of("StudyRegistry", "studies", 0, 100),
    ...["currentEpoch", "isFrozen"].map((method) => of("CommitteeRegistry", method, studyId)),
    ...[1, 9].flatMap((epoch) => [
      of("CommitteeRegistry", "committee", studyId, epoch),
      of("CommitteeRegistry", "quorum", studyId, epoch),
      of("CommitteeRegistry", "keys", studyId, epoch),
      ...[0, 1, 8].map((index) => of("CommitteeRegistry", "signer", studyId, epoch, index)),
    ]),
    of("ConsentRegistry", "rules", studyId),
    of("ConsentRegistry", "formCount", studyId),
    of("DatasetRegistry", "count", studyId),
    of("DatasetRegistry", "datasets", studyId, 0, 100),
  ];
}

function datasetReads(scene: ActScene, of: Read): Act[] {
  return datasetIdsOf(scene).flatMap((datasetId) => [
    ...["ownerOf", "version", "segments", "datasetRoot", "termsOf", "isRetired", "holders"].map((method) =>
      of("DatasetRegistry", method, datasetId),
    ),
    ...["erasures", "versionsOf"].flatMap((method) =>
      [0n, 1n, 2n, 3n].map((epoch) => of("DatasetRegistry", method, datasetId, epoch)),
    ),
    of("ConsentRegistry", "head", datasetId),
  ]);
}

function catalogueReads({ queries }: ActScene, of: Read): Act[] {
  const hashes = queries.map(hashOf);
  return [
    ...hashes.flatMap((queryHash) =>
      ["query", "descriptor", "isActive", "successorOf"].map((method) => of("QueryCatalogue", method, queryHash)),
    ),
    ...VETTERS.flatMap(({ address }) => [
      of("QueryCatalogue", "nonces", address),
      ...hashes.map((queryHash) => of("QueryCatalogue", "vettingOf", queryHash, address)),
    ]),
  ];
}

function requestReads({ queries, contracts, chain }: ActScene): Act[] {
  return [...chain.newest.state.contracts].flatMap(([, { queryHash, requests: made }]) => {
    const contract = contracts[queries.findIndex((query) => hashOf(query) === queryHash)]!;
    const call = (method: string, argument: string): Act =>
      act(QUERIER, contract, "QuerySmartContract", method, [argument]);
    return [
      call("nonces", QUERIER.address),
      call("hasAccepted", QUERIER.address),
      ...[...made.keys()].flatMap((requestId) => [call("requestOf", requestId), call("isDisputed", requestId)]),
    ];
  });
}

/** What can be read of changes of the committee. */
function changeReads({ addresses, chain }: ActScene, of: Read): Act[] {
  const studyId = studyIdOf(addresses);
  const datasetIds = [...chain.newest.state.datasets.keys()];
  return [
    ...[0n, 1n, 2n, 3n].flatMap((epoch) => [
      ...["boundUntil", "isOver", "committee"].map((method) => of("CommitteeRegistry", method, studyId, epoch)),
      ...OWNERS.map(({ address }) => of("CommitteeChanges", "isApproved", studyId, epoch, address)),
      ...datasetIds.map((datasetId) => of("CommitteeChanges", "reshared", datasetId, epoch)),
      ...[1, 2, 5].map((index) => of("CommitteeChanges", "confirmed", studyId, epoch, index)),
    ]),
    of("CommitteeRegistry", "proposedEpoch", studyId),
    of("CommitteeChanges", "contentOf", studyId),
    ...OWNERS.map(({ address }) => of("CommitteeChanges", "nonces", address)),
  ];
}
