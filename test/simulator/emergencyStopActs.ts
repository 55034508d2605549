/** Random acts (`modelActs.ts` draws them) of the consortium that stop everything and let it go on. */
import type { ActScene } from "./actScene.ts";
import { type Account, type Act, CONSORTIUM, STRANGER, act } from "./genesis.ts";
import { request } from "./requestActs.ts";

export async function stopOrResume({ chain, choices, addresses }: ActScene): Promise<Act> {
  const by = choices.weighted<Account>([
    [5, CONSORTIUM],
    [1, STRANGER],
  ]);
  // Mostly what changes something, and sooner resumed than stopped: stopped, little else can happen.
  const { isStopped } = chain.newest.state;
  const method = choices.weighted([
    [8, isStopped ? "resume" : "stop"],
    [1, isStopped ? "stop" : "resume"],
  ]);
  return act(by, addresses["EmergencyStop"]!, "EmergencyStop", method, ["test"]);
}

/** More often while all is stopped. */
export async function endStop(scene: ActScene): Promise<Act> {
  return scene.chain.newest.state.isStopped ? stopOrResume(scene) : request(scene);
}
