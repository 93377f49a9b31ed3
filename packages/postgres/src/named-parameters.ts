/** A statement as the driver takes it: `$1` for the first of `names`, and so on. */
export type NumberedSql = { text: string; names: string[] };

/** Parts of a text that may contain a `$` which begins no parameter; a comment in `/*` may contain others. */
const QUOTED = [
  /--[^\n]*/y,
  /'(?:[^']|'')*'/y,
  /[eE]'(?:\\[\s\S]|''|[^'\\])*'/y,
  /"(?:[^"]|"")*"/y,
  /\$((?:[A-Za-z_\u0080-\uFFFF][\w\u0080-\uFFFF]*)?)\$[\s\S]*?\$\1\$/y,
  // An identifier may have a $ in it.
  /[A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*/y,
];
const PARAMETER = /\$(\w+)/y;
const NAME = /^[a-z][a-z0-9_]*$/;
const COMMENT_EDGE = /\/\*|\*\//g;

/**
 * Numbers the parameters of a statement, which are names such as `$run_ids`, in the order in which they come first. Texts,
 * identifiers, comments and dollar quotes stay as they are.
 *
 * @throws Error for a parameter that has no name, such as `$1`: a name is lower case letters, digits and underscores
 */
export function numberParameters(sql: string): NumberedSql {
  const names: string[] = [];
  let text = '';
  let at = 0;
  while (at < sql.length) {
    const quoted = quotedAt(sql, at);
    if (quoted !== '') {
      text += quoted;
      at += quoted.length;
      continue;
    }
    const [parameter, name] = matchAt(PARAMETER, sql, at) ?? ['', ''];
    if (parameter === undefined || name === undefined || parameter === '') {
      text += sql[at];
      at += 1;
      continue;
    }
    if (!NAME.test(name)) throw new Error(`the parameter ${parameter} needs a name, such as $run_ids`);
    if (!names.includes(name)) names.push(name);
    text += `$${names.indexOf(name) + 1}`;
    at += parameter.length;
  }
  return { text, names };
}

function quotedAt(sql: string, at: number): string {
  if (sql.startsWith('/*', at)) return sql.slice(at, endOfComment(sql, at));
  for (const pattern of QUOTED) {
    const found = matchAt(pattern, sql, at);
    if (found !== null) return found[0];
  }
  return '';
}

/** Comments nest. One without an end goes on to the end of the text. */
function endOfComment(sql: string, start: number): number {
  let depth = 0;
  COMMENT_EDGE.lastIndex = start;
  for (let edge = COMMENT_EDGE.exec(sql); edge !== null; edge = COMMENT_EDGE.exec(sql)) {
    depth += edge[0] === '/*' ? 1 : -1;
    if (depth === 0) return COMMENT_EDGE.lastIndex;
  }
  return sql.length;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
