/** `npm run chain` first: whether the port is free, since the chain itself would end with a stack trace. */
import { createServer } from "node:net";
import { EXIT_FAILED, EXIT_RETRYABLE } from "../exitCode.ts";

const HOST = "127.0.0.1";

const port = Number(process.argv[2]);
const server = createServer();
server.once("error", ({ code }: NodeJS.ErrnoException) => {
  const why = code === "EADDRINUSE" ? "another chain runs there already, or another program" : String(code);
  process.stderr.write(`${HOST}:${port} cannot be listened on: ${why}\n`);
  process.exit(code === "EADDRINUSE" ? EXIT_RETRYABLE : EXIT_FAILED);
});
server.listen(port, HOST, () => server.close());
