import type { SqlStatement } from '@runlane/postgres';

/** LangGraph's tables of checkpoints, which its savers read and write. */
export const CHECKPOINT_TABLES: readonly string[] = ['checkpoints', 'checkpoint_blobs', 'checkpoint_writes'];

/** A statement that names LangGraph's tables as `:schema.checkpoints` and so on, for one schema. */
export function inSchema(template: SqlStatement, schema: string): SqlStatement {
  return {
    ...template,
    name: `${template.name}-${schema}`,
    text: template.text.replaceAll(':schema.', `"${schema}".`),
  };
}
