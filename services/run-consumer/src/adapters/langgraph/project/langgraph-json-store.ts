import { resolve } from 'node:path';
import { z } from 'zod';

/** The `store` key of langgraph.json, as LangGraph's command lines define it. */
export const storeSection = z.strictObject({
  index: z
    .strictObject({
      dims: z.int().min(1),
      embed: z.string().min(1),
      fields: z.array(z.string().min(1)).min(1).optional(),
    })
    .optional(),
  ttl: z
    .strictObject({
      refresh_on_read: z.boolean().optional(),
      default_ttl: z.number().positive().nullish(),
      sweep_interval_minutes: z.number().positive().nullish(),
    })
    .optional(),
});

/** Semantic search in the store: the length of a vector, what makes it, and from which fields of an item. */
export type StoreIndex = { dims: number; embed: { file: string; exportName: string }; fields: string[] };

/** Lifetimes of items in the store, in minutes. Without a default an item stays, unless it was put with a lifetime of its own. */
export type StoreTtl = { defaultMinutes: number | null; refreshOnRead: boolean; sweepEveryMinutes: number };

export type StoreSettings = { index: StoreIndex | null; ttl: StoreTtl | null };

/** The default of LangGraph's own store. */
const SWEEP_EVERY_MINUTES = 60;

/** A module's name with an export behind the last colon; what a provider string such as `openai:model` is not. */
const MODULE = /^(?<path>.*(?:[/\\]|\.[cm]?[jt]sx?).*):(?<exportName>[A-Za-z_$][\w$]*)$/;

/**
 * @param directory what paths are relative to
 * @returns the settings, or a sentence that says what is wrong
 */
export function readStoreSection(
  section: z.infer<typeof storeSection> | undefined,
  directory: string,
): StoreSettings | string {
  const { index, ttl } = section ?? {};
  const embed = index === undefined ? null : embedSource(index.embed, directory);
  if (index !== undefined && embed === null) {
    return (
      `store.index.embed is "${index.embed}". Runlane has no embedding providers of its own: export an Embeddings ` +
      `object, or a function from texts to vectors, and write "./path/to/file.ts:exportName".`
    );
  }
  return {
    index: index === undefined || embed === null ? null : { dims: index.dims, embed, fields: index.fields ?? ['$'] },
    ttl:
      ttl === undefined
        ? null
        : {
            defaultMinutes: ttl.default_ttl ?? null,
            refreshOnRead: ttl.refresh_on_read ?? true,
            sweepEveryMinutes: ttl.sweep_interval_minutes ?? SWEEP_EVERY_MINUTES,
          },
  };
}

function embedSource(embed: string, directory: string): StoreIndex['embed'] | null {
  const { path, exportName } = MODULE.exec(embed)?.groups ?? {};
  return path === undefined || exportName === undefined ? null : { file: resolve(directory, path), exportName };
}
