/**
 * The agreement of a query ends with its author's account (`contracts/query/AuthorLine.sol`): so the query's hash binds the
 * author, and a copy of a publication that is not mined yet cannot be published by another.
 */

/**
 * @param author a member's name, which stays when its key changes
 * @returns the text, ending with the account; as it is where it does already
 */
export function authoredAgreement(text: string, author: string): string {
  const account = author.toLowerCase();
  return text.endsWith(account) ? text : `${text} The query's author: ${account}`;
}
