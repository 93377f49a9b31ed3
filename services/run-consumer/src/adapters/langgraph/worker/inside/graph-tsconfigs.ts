/**
 * Path aliases of a monorepo, where each graph belongs to a package with a tsconfig.json of its own: tsx has one for the
 * whole thread, as its command line has the one of its folder. Here the tsconfig.json that is nearest to a graph's file
 * applies to everything that the graph imports; a module that several graphs import has the aliases of each.
 */
import { registerHooks } from 'node:module';
import type { ResolveFnOutput, ResolveHookContext } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Logger } from '@runlane/service-kit';
import { createPathsMatcher, getTsconfig } from 'get-tsconfig';

type PathsMatcher = (specifier: string) => string[];
type Next = (specifier: string, context?: Partial<ResolveHookContext>) => ResolveFnOutput;

/** A package by name, or an alias. */
const BARE = /^(?![./]|[a-z][a-z\d+.-]*:)/i;

/**
 * Call this after tsx is registered, so that these hooks run before those of tsx.
 *
 * @param graphFiles the files that export graphs
 * @param tsconfig the one that tsx uses; null = none
 */
export function resolveAliasesByGraph(graphFiles: readonly string[], tsconfig: string | null, logger: Logger): void {
  const matchers = new Map<string, PathsMatcher | null>();
  /** Whose aliases hold in a module. */
  const aliasesOf = new Map<string, Set<PathsMatcher>>();
  for (const file of graphFiles) {
    const matcher = matcherOf(file, tsconfig, matchers, logger);
    if (matcher !== null) aliasesOf.set(pathToFileURL(file).href, new Set([matcher]));
  }
  if (aliasesOf.size === 0) return;
  registerHooks({
    resolve: (specifier, context, nextResolve) => {
      const aliases = aliasesOf.get(context.parentURL ?? '');
      if (aliases === undefined) return nextResolve(specifier, context);
      const resolved = byAlias(specifier, context, nextResolve, aliases) ?? nextResolve(specifier, context);
      // What is installed has no aliases of the project's.
      if (resolved.url.startsWith('file:') && !resolved.url.includes('/node_modules/')) {
        aliasesOf.set(resolved.url, (aliasesOf.get(resolved.url) ?? new Set()).union(aliases));
      }
      return resolved;
    },
  });
}

function byAlias(
  specifier: string,
  context: ResolveHookContext,
  nextResolve: Next,
  aliases: ReadonlySet<PathsMatcher>,
): ResolveFnOutput | null {
  if (!BARE.test(specifier)) return null;
  for (const path of [...aliases].flatMap((matcher) => matcher(specifier))) {
    const isRequired = context.conditions.includes('require');
    try {
      return nextResolve(isRequired ? path : pathToFileURL(path).href, context);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return null;
}

function isNotFound(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND' || code === 'ERR_UNSUPPORTED_DIR_IMPORT';
}

/** Null when the file has the tsconfig that tsx has, or one without aliases. */
function matcherOf(
  file: string,
  tsconfig: string | null,
  matchers: Map<string, PathsMatcher | null>,
  logger: Logger,
): PathsMatcher | null {
  try {
    const found = getTsconfig(dirname(file));
    if (found === null || found.path === tsconfig) return null;
    const matcher = matchers.get(found.path) ?? createPathsMatcher(found);
    matchers.set(found.path, matcher);
    return matcher;
  } catch (error) {
    logger.warn({ err: error, file }, 'tsconfig.not_resolved: its path aliases are not used');
    return null;
  }
}
