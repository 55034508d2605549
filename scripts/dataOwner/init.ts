/** `opaline data-owner init`: a hospital's key and the certificate it uploads with, in its private folder. */
import { runAlone } from "../cli.ts";
import { defineCommand } from "../command.ts";
import { createMemberKey, keyOptions } from "../memberKey.ts";
import { writeTlsIdentity } from "../tlsIdentity.ts";

export const command = defineCommand({
  command: "data-owner init",
  describe: "Make a hospital's private folder: key, password file and TLS certificate",
  examples: [
    [
      "data-owner init --directory ~/opaline-private --name 'Hospital North'",
      "give account and fingerprint to the consortium; keep the folder, it will also hold salts and slots",
    ],
  ],
  options: {
    ...keyOptions,
    name: { type: "string", describe: "The hospital's name, for the certificate", required: true },
  },
  handler: async ({ directory, name }, context) => {
    const folder = context.resolve(directory);
    const key = await createMemberKey(folder, context);
    const tls = await writeTlsIdentity(folder, name, [], context);
    return { ...key, certificate: tls.certificate, fingerprint: tls.fingerprint };
  },
});

if (import.meta.main) await runAlone(command);
