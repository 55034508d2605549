/** The model's emergency stop. */
import { restricted } from "./modelMembers.ts";
import { type CallScene, type Handlers, revert } from "./modelState.ts";

/** The contracts ask as they record, after everything else. */
export function requireRunning({ state }: CallScene): void {
  if (state.isStopped) revert("QuerySmartContractStopped");
}

export const emergencyStopHandlers: Handlers = {
  stop(scene, { reason }) {
    restricted(scene);
    if (scene.state.isStopped) revert("EmergencyStopAlreadyStopped");
    scene.state.isStopped = true;
    scene.emit("Stopped", [scene.sender, reason]);
    return [];
  },
  resume(scene, { reason }) {
    restricted(scene);
    if (!scene.state.isStopped) revert("EmergencyStopNotStopped");
    scene.state.isStopped = false;
    scene.emit("Resumed", [scene.sender, reason]);
    return [];
  },
  isStopped: ({ state }) => [state.isStopped],
};
