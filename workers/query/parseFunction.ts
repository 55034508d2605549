/** A function of the SELECT list, with its arguments and options. */
import { Finish } from "../messages/descriptor.ts";
import type { ArgumentForm, OfferedFunction } from "./offeredFunctions.ts";
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
import { asList, nameParts, spanOf } from "./syntaxTree.ts";

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
  { takes, more, options }: OfferedFunction,
  place: CallPlace,
): Argument[] {
  const { sql } = scope;
  const { usage } = place;
  const forms: ArgumentForm[] = [...takes];
  if (more !== undefined) forms.push(...Array.from({ length: more.maximum }, () => more.form));
  if (nodes.length > forms.length) {
    const excess = spanOf(sql, nodes[forms.length], place.span);
    if (more === undefined) throw refuse(sql, excess, `one argument too many; write ${usage}`);
    const problem = `one argument too many: at most ${more.maximum} stand after the first; write ${usage}`;
    throw refuse(sql, excess, problem, "SQL_TOO_LARGE");
  }
  const read = nodes.flatMap((node, index) => {
    const form = forms[index];
    return form === undefined ? [] : [parseArgument(scope, node, form, place)];
  });
  if (read.length >= takes.length + (more?.minimum ?? 0)) return read;
  throw refuse(sql, place.span, `an argument is missing; write ${usage}${options.length > 0 ? ", options last" : ""}`);
}
