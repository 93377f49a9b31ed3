import type { SqlStatement } from '@runlane/postgres';

/** A statement that names LangGraph's tables as `:schema.checkpoints` and so on, for one schema. */
export function inSchema(template: SqlStatement, schema: string): SqlStatement {
  return {
    ...template,
    name: `${template.name}-${schema}`,
    text: template.text.replaceAll(':schema.', `"${schema}".`),
  };
}
