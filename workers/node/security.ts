/**
 * What this version protects and what it does not, in one text that README, `status` and the start-up log all print.
 * It changes only together with what it describes.
 */
export const SECURITY_STATEMENT = [
  "Malicious workers, honest majority: any t of the n workers of a committee, whatever they do, learn nothing about rows",
  "beyond the sums that are opened, which of them are hidden or refused, and what is public, and can make a request fail but",
  "not change its answer: all products are verified before sums open.",
  "A version of a dataset is used only once the workers have checked, over its shares, that they belong together and are",
  "columns that some table has; whether that table is true is the hospital's word.",
  "Before sums open, every set of patients they are over is tested inside the computation: fewer than k, or too close to an",
  "earlier answer, is hidden or refused; combinations of more than three sets are not tested.",
  "Sums of a sealed answer are read by its recipients, not by any t workers; which of them are hidden is public.",
  "Assurance QUORUM means that enough workers signed the same answer; it is not a proof.",
].join(" ");
