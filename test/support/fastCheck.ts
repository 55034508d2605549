/** fast-check on the run's seed, for every test that draws cases: a property that fails says how to draw the same again. */
import fc from "fast-check";
import { isSeedGiven, seed, seedLine } from "../seed.ts";

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
if (!isSeedGiven) console.log(seedLine);

export { fc };
