import js from "@eslint/js";
import tseslint from "typescript-eslint";

// Import direction, docs/architecture.md: errors <- field <- sharing <- messages <- protocols <- node <- main;
// schema, encoding, query, disclosure, statistics are pure; transport, store, chain are leaves that know errors, messages and types.
const FORBIDDEN = {
  field: [
    "sharing",
    "messages",
    "schema",
    "encoding",
    "query",
    "disclosure",
    "statistics",
    "chain",
    "transport",
    "store",
    "protocols",
    "node",
  ],
  sharing: [
    "messages",
    "schema",
    "encoding",
    "query",
    "disclosure",
    "statistics",
    "chain",
    "transport",
    "store",
    "protocols",
    "node",
  ],
  messages: [
    "disclosure",
    "schema",
    "encoding",
    "query",
    "statistics",
    "chain",
    "transport",
    "store",
    "protocols",
    "node",
  ],
  schema: ["disclosure", "encoding", "query", "statistics", "chain", "transport", "store", "protocols", "node"],
  encoding: ["disclosure", "query", "statistics", "chain", "transport", "store", "protocols", "node"],
  disclosure: ["encoding", "statistics", "chain", "transport", "store", "protocols", "node"],
  query: ["encoding", "statistics", "disclosure", "chain", "transport", "store", "protocols", "node"],
  statistics: ["disclosure", "encoding", "chain", "transport", "store", "protocols", "node"],
  protocols: ["disclosure", "schema", "encoding", "query", "statistics", "chain", "transport", "store", "node"],
  chain: [
    "disclosure",
    "field",
    "sharing",
    "schema",
    "encoding",
    "query",
    "statistics",
    "transport",
    "store",
    "protocols",
    "node",
  ],
  store: [
    "disclosure",
    "field",
    "sharing",
    "schema",
    "encoding",
    "query",
    "statistics",
    "chain",
    "transport",
    "protocols",
    "node",
  ],
  transport: [
    "disclosure",
    "field",
    "sharing",
    "schema",
    "encoding",
    "query",
    "statistics",
    "chain",
    "store",
    "protocols",
    "node",
  ],
};

const direction = Object.entries(FORBIDDEN).map(([folder, forbidden]) => ({
  files: [`workers/${folder}/**/*.ts`],
  rules: {
    "@typescript-eslint/no-restricted-imports": [
      "error",
      {
        patterns: [
          {
            group: forbidden.map((name) => `**/${name}/**`),
            message: `workers/${folder} may not import this folder (docs/architecture.md, "Direction").`,
            allowTypeImports: ["chain", "store", "transport"].includes(folder),
          },
          { group: ["**/index.ts", "#*"], message: "Doors are for scripts; import the real file." },
        ],
      },
    ],
  },
}));

const FAST_CHECK = {
  name: "fast-check",
  message: "Import test/support/fastCheck.ts: it draws from the run's seed (test/seed.ts).",
};

const safe = ["describe", "it", "test", "suite", "before", "after", "beforeEach", "afterEach"];

export default tseslint.config(
  { ignores: ["node_modules", "artifacts", "cache", "types", "coverage"] },
  js.configs.recommended,
  {
    files: ["**/*.mjs", "**/*.js"],
    languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly" } },
  },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/no-floating-promises": [
        "error",
        { allowForKnownSafeCalls: [{ from: "package", package: "node:test", name: safe }] },
      ],
      "@typescript-eslint/no-misused-promises": "error",
      // A governed call is a value: awaited instead of sent, it does nothing.
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-console": "error",
    },
  },
  ...direction,
  {
    files: ["workers/**/*.ts"],
    ignores: ["workers/main.ts"],
    rules: {
      "no-restricted-globals": ["error", { name: "process", message: "Environment and argv enter in main.ts only." }],
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "Randomness is injected." },
        { object: "Date", property: "now", message: "The clock is injected." },
      ],
    },
  },
  {
    files: ["workers/node/**/*.ts", "test/**/*.ts"],
    rules: {
      "@typescript-eslint/no-restricted-imports": [
        "error",
        { patterns: [{ group: ["#*"], message: "Doors are for scripts; import the real file." }] },
      ],
    },
  },
  {
    files: ["**/*.ts"],
    ignores: ["test/support/fastCheck.ts"],
    rules: { "no-restricted-imports": ["error", { paths: [FAST_CHECK] }] },
  },
  {
    files: ["scripts/**/*.ts"],
    ignores: ["scripts/cli.ts", "scripts/demo/**"],
    rules: {
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "Randomness is injected." },
        { object: "Date", property: "now", message: "The clock is injected." },
        { object: "process", property: "env", message: "The environment enters in cli.ts only." },
      ],
    },
  },
  {
    files: ["scripts/**/*.ts"],
    rules: {
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              group: ["**/workers/**"],
              message: "Scripts reach workers' code through the doors of package.json#imports.",
            },
          ],
        },
      ],
    },
  },
  {
    files: ["scripts/demo/**/*.ts", "scripts/cli.ts", "workers/main.ts", "test/**/*.ts"],
    rules: { "no-console": "off" },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector:
            "CallExpression[callee.name=/^re(verts|jects)/] > :matches(AwaitExpression, ArrayExpression:has(AwaitExpression))",
          message: "Await it before the act: a promise rejected while nobody listens fails the run.",
        },
      ],
    },
  },
);
