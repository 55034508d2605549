/**
 * Loaded before a child's own program (`node --import`): when the demonstration is gone, however it ended, the IPC
 * channel closes and the child ends as if told to.
 */
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
