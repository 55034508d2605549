/**
 * What this version protects and what it does not, in one text that README, `status` and the start-up log all print.
 * It changes only together with what it describes.
 */
export const SECURITY_STATEMENT = [
  "Semi-honest, honest majority: any t of the n workers of a committee that follow the protocol learn, together, nothing",
  "about rows beyond the sums that are opened and what is public.",
  "A worker that does not follow the protocol can change an answer: products are not verified yet.",
  "There is no disclosure gate yet: small cells are opened.",
  "Assurance QUORUM means that enough workers signed the same answer; it is not a proof.",
].join(" ");
