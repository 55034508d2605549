/** `opaline admin replace-key`: gives a member whose key is lost or stolen another one, which has signed that it is there. */
import { chainTime, memberRegistry } from "#chain";
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { signerOptions, withSigner } from "../connection.ts";
import { gasReport } from "../gasReport.ts";
import { readProof } from "../keyRotation.ts";
import { readAddress } from "../readOption.ts";
import { governed } from "./governed.ts";
import { ROLE_NAMES, parseRole } from "./roles.ts";

export const command = defineCommand({
  command: "admin replace-key",
  describe: "Replace a member's lost or stolen key, effective with the next block; the member stays who it is",
  examples: [
    [
      "admin replace-key --role worker --member 0x… --proof proof.json --reason 'laptop stolen' --keystore k.json " +
        "--password-file pw",
      "proof.json is what the member's prove-key wrote: make sure that it is the member who hands it in",
    ],
  ],
  options: {
    ...signerOptions,
    role: { type: "string", describe: `One of ${ROLE_NAMES.join(", ")}`, required: true },
    member: { type: "string", describe: "The member's account, as it was first admitted", required: true },
    proof: { type: "string", describe: "The file that the member's prove-key wrote", required: true },
    reason: { type: "string", describe: "Why; kept in the audit trail", required: true },
  },
  handler: (options, context) => {
    const role = parseRole(options.role);
    const member = readAddress("member", options.member);
    return withSigner(options, context, async (connection) => {
      const { deployment, provider, signer } = connection;
      const place = { deployment, role, member, now: await chainTime(provider) };
      const { rotation, signature } = readProof(context.resolve(options.proof), place);
      const call = memberRegistry(deployment, role, signer).replaceKey(rotation, signature, options.reason);
      const { oldKey, newKey } = rotation;
      const replaced = { role: options.role, member, oldKey, newKey, reason: options.reason };
      return governed(connection, call, (mined) => ({ ...replaced, ...gasReport(mined) }));
    });
  },
});

if (import.meta.main) await runAlone(command);
