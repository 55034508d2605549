/** A helper thread that fails at its start. */
throw new Error("a helper that cannot start");
