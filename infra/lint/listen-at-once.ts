/**
 * A rule for the linter: code that awaits something else before `expect(promise).rejects` listens too late if the promise
 * rejects in the meantime. Node then reports an unhandled rejection, and occasionally the whole test run fails.
 */

type Node = { type: string; range: [number, number]; parent: Node | null } & Record<string, unknown>;
type Variable = { defs: { type: string; node: Node }[] };
type Scope = { set: Map<string, Variable>; upper: Scope | null };
type Context = {
  sourceCode: { text: string; getScope(node: Node): Scope };
  report(problem: { node: Node; message: string }): void;
};

const MESSAGE =
  'The promise may reject while the test awaits something else, which fails the whole run. ' +
  'Give it a listener where it is made: promise.catch(() => undefined); // awaited below';

const LISTENER = (name: string): RegExp => new RegExp(`\\b${name}(\\[\\d+\\])?\\??\\.catch\\(`);

const listenAtOnce = {
  create(context: Context) {
    const awaits: Node[] = [];
    const listeners: { node: Node; declaration: Node; name: string }[] = [];
    return {
      AwaitExpression(node: Node) {
        awaits.push(node);
      },
      MemberExpression(node: Node) {
        if (nameOf(node['property']) !== 'rejects') return;
        const call = asNode(node['object']);
        if (call?.type !== 'CallExpression' || nameOf(call['callee']) !== 'expect') return;
        const name = rootName(asNode((call['arguments'] as unknown[])[0]));
        const declaration = name === null ? null : declarationOf(name, context.sourceCode.getScope(node));
        if (name !== null && declaration !== null) listeners.push({ node, declaration, name });
      },
      'Program:exit'() {
        const heard = new Set<Node>();
        for (const { node, declaration, name } of listeners) {
          if (heard.has(declaration)) continue; // Once there is a listener, another may come late.
          heard.add(declaration);
          const [from, to] = [declaration.range[1], node.range[0]];
          const isHandled = LISTENER(name).test(context.sourceCode.text.slice(from, to));
          const waits = awaits.some(
            (one) => one.range[0] >= from && one.range[1] <= to && functionOf(one) === functionOf(node),
          );
          if (waits && !isHandled && functionOf(declaration) === functionOf(node)) {
            context.report({ node, message: MESSAGE });
          }
        }
      },
    };
  },
};

/** `a` of `a` and of `a[0]`; null of anything else. */
function rootName(node: Node | undefined): string | null {
  return nameOf(node?.type === 'MemberExpression' && node['computed'] === true ? node['object'] : node);
}

function declarationOf(name: string, scope: Scope | null): Node | null {
  if (scope === null) return null;
  const variable = scope.set.get(name);
  if (variable === undefined) return declarationOf(name, scope.upper);
  const definition = variable.defs[0];
  return definition?.type === 'Variable' ? definition.node : null;
}

function functionOf(node: Node): Node | null {
  let one = node.parent;
  while (one !== null && !one.type.includes('Function')) one = one.parent;
  return one;
}

function nameOf(node: unknown): string | null {
  const one = asNode(node);
  return one?.type === 'Identifier' ? (one['name'] as string) : null;
}

function asNode(value: unknown): Node | undefined {
  return (value ?? undefined) as Node | undefined;
}

export default { meta: { name: 'runlane' }, rules: { 'listen-at-once': listenAtOnce } };
