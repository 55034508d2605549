/** A function of the SELECT list, with its arguments and options. */
import { Finish } from "../messages/descriptor.ts";
import type { OfferedFunction } from "./offeredFunctions.ts";
import { OFFERED_FUNCTIONS, OFFERED_NAMES } from "./offeredFunctions.ts";
import type { CallPlace } from "./parseArguments.ts";
import { parseArgument } from "./parseArguments.ts";
import type { NameScope } from "./parseColumn.ts";
import type { Argument, SelectItem } from "./parsedQuery.ts";
import { isOption, parseOptions } from "./parseOptions.ts";
import { refuseModifiers, requirePlainCall } from "./plainCall.ts";
import { REFUSED_FUNCTIONS } from "./refusedFunctions.ts";
import type { Span, SqlText } from "./sqlText.ts";
import { refuse } from "./sqlText.ts";
import type { TreeNode } from "./syntaxTree.ts";
import { asList, nameParts } from "./syntaxTree.ts";

/**
 * @param call a FuncCall
 * @param span of the item of the SELECT list
 * @throws CodedError SQL_UNSUPPORTED
 */
export function parseFunction(
  scope: NameScope,
  call: TreeNode,
  span: Span,
): Pick<SelectItem, "aggregate" | "arguments" | "options"> {
  const { sql } = scope;
  const name = nameParts(call["funcname"]).join(".");
  const offered = offeredFunction(sql, name, call, span);
  const { aggregate } = offered;
  const { agg_star: star, ...plain } = call;
  requirePlainCall(sql, plain, span, name.toUpperCase());
  if (star === true) {
    if (aggregate === Finish.COUNT) return { aggregate, arguments: [], options: [] };
    throw refuse(sql, span, `only COUNT takes *; write ${offered.usage}`);
  }
  const place = { span, usage: aggregate === Finish.COUNT ? "COUNT(*) or COUNT(x)" : offered.usage };
  const nodes = asList(call["args"]);
  const firstOption = nodes.findIndex(isOption);
  const positional = firstOption < 0 ? nodes : nodes.slice(0, firstOption);
  return {
    aggregate,
    arguments: parsePositional(scope, positional, offered, place),
    options: parseOptions(scope, nodes.slice(positional.length), offered.options, place),
  };
}

function offeredFunction(sql: SqlText, name: string, call: TreeNode, span: Span): OfferedFunction {
  const refused = REFUSED_FUNCTIONS.get(name);
  if (refused !== undefined) throw refuse(sql, span, `${name.toUpperCase()} is not offered: ${refused}`);
  refuseModifiers(sql, call, span);
  const offered = OFFERED_FUNCTIONS.get(name);
  if (offered !== undefined) return offered;
  throw refuse(sql, span, `the function ${name} is not offered; offered are ${OFFERED_NAMES}`);
}

function parsePositional(
  scope: NameScope,
  nodes: readonly unknown[],
  { takes, more }: OfferedFunction,
  place: CallPlace,
): Argument[] {
  const { sql } = scope;
  const read = nodes.slice(0, takes.length + (more?.maximum ?? 0)).map((node, index) => {
    const form = takes[index] ?? more?.form;
    if (form === undefined) throw refuse(sql, place.span, `write ${place.usage}`);
    return parseArgument(scope, node, form, place);
  });
  if (nodes.length < takes.length + (more?.minimum ?? 0)) {
    throw refuse(sql, place.span, `an argument is missing; write ${place.usage}`);
  }
  if (nodes.length === read.length) return read;
  const most = more === undefined ? "" : `; at most ${more.maximum} after the first`;
  throw refuse(sql, place.span, `one argument too many${most}; write ${place.usage}`);
}
