/** What scripts may use to finish an answer in public. */
export type { AnswerErrorDetail } from "./answerError.ts";
export { finishAnswer } from "./finishAnswer.ts";
export type { AnswerTable, AnswerValue, HiddenCells } from "./finishAnswer.ts";
export { HIDDEN, isHidden } from "./hidden.ts";
export type { Hidden } from "./hidden.ts";
