import { pathToFileURL } from 'node:url';
import { RunlaneError } from '@runlane/service-kit';
import type { StoreIndex } from '../project/langgraph-json-store.ts';

/** LangChain's Embeddings, as far as the store uses them. Structural, because a project brings its own copy. */
export type Embeddings = {
  embedDocuments(texts: string[]): Promise<number[][]>;
  embedQuery(text: string): Promise<number[]>;
};

/**
 * Loads what `store.index.embed` names: an Embeddings object, or a function from texts to their vectors. Its vectors are
 * checked, because the store silently leaves a vector of another length out of the index.
 *
 * Thrown: RunlaneError `embed_not_loadable`.
 */
export async function loadEmbeddings({ embed, dims }: StoreIndex): Promise<Embeddings> {
  const { file, exportName } = embed;
  let module: Record<string, unknown>;
  try {
    module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw notLoadable(`${file} does not load: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  const exported = asEmbeddings(await module[exportName]);
  if (exported === null) {
    throw notLoadable(
      `export ${exportName} of ${file} is neither an Embeddings object nor a function from texts to vectors. It exports ` +
        `${Object.keys(module).join(', ') || 'nothing'}.`,
    );
  }
  const check = (vectors: unknown, count: number): number[][] => {
    const fit = (vector: unknown): vector is number[] => Array.isArray(vector) && vector.length === dims;
    if (Array.isArray(vectors) && vectors.length === count && vectors.every(fit)) return vectors;
    throw new Error(
      `${exportName} of ${file} gave ${describe(vectors)} for ${count} texts, and store.index wants ${count} vectors of ` +
        `${dims} numbers (dims).`,
    );
  };
  return {
    embedDocuments: async (texts) => check(await exported.embedDocuments(texts), texts.length),
    embedQuery: async (text) => check([await exported.embedQuery(text)], 1)[0] ?? [],
  };
}

type EmbeddingsFunction = (texts: string[]) => Promise<number[][]>;

function asEmbeddings(exported: unknown): Embeddings | null {
  if (typeof exported === 'function') {
    const embed = exported as EmbeddingsFunction;
    return {
      embedDocuments: async (texts) => embed(texts),
      embedQuery: async (text) => (await embed([text]))[0] ?? [],
    };
  }
  if (typeof exported !== 'object' || exported === null) return null;
  const has = (method: string) => typeof Reflect.get(exported, method) === 'function';
  return has('embedDocuments') && has('embedQuery') ? (exported as Embeddings) : null;
}

function describe(vectors: unknown): string {
  if (!Array.isArray(vectors)) return `a ${typeof vectors}`;
  const lengths = [
    ...new Set(vectors.map((vector) => (Array.isArray(vector) ? String(vector.length) : typeof vector))),
  ];
  return `${vectors.length} vectors of length ${lengths.join(', ') || 'none'}`;
}

function notLoadable(why: string, cause?: unknown): RunlaneError {
  return new RunlaneError({
    code: 'embed_not_loadable',
    message: `store.index.embed of langgraph.json: ${why}`,
    cause,
  });
}
