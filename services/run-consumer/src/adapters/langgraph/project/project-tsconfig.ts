import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseTsconfig } from 'get-tsconfig';

/** The nearest tsconfig.json at or above a folder; null without one. */
export function nearestTsconfig(directory: string): string | null {
  const file = join(directory, 'tsconfig.json');
  if (existsSync(file)) return file;
  const parent = dirname(directory);
  return parent === directory ? null : nearestTsconfig(parent);
}

/** Sentences for the log about settings that tsx ignores. */
export function unheardSettings(tsconfigs: ReadonlySet<string | null>): string[] {
  return [...tsconfigs].flatMap((file) =>
    file !== null && emitsDecoratorMetadata(file)
      ? [
          `${file} sets emitDecoratorMetadata, which tsx ignores: libraries that read the types of parameters and ` +
            'properties find none. Name the types in the decorators, or build the project and name its .js files.',
        ]
      : [],
  );
}

function emitsDecoratorMetadata(file: string): boolean {
  try {
    return parseTsconfig(file).compilerOptions?.emitDecoratorMetadata === true;
  } catch {
    // A tsconfig.json that does not resolve is reported where it is used.
    return false;
  }
}
