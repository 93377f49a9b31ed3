import packageJson from '../../package.json' with { type: 'json' };
import { schemaFileName } from './asyncapi-parts.ts';
import { webhookAsyncApiDocument } from './asyncapi-webhooks.ts';
import { asyncApiDocument } from './asyncapi.ts';
import { contractTables } from './contract-tables.ts';
import { eventCatalogue } from './event-catalogue.ts';
import { jsonSchemas, SCHEMA_NAMES } from '../schemas.ts';

/** Everything that `generate.ts` writes: file names inside of `generated/`, and their texts. */
export function generatedFiles(): { name: string; text: string }[] {
  const schemas = jsonSchemas();
  return [
    ...SCHEMA_NAMES.map((name) => ({ name: schemaFileName(name), text: fileText(schemas[name]) })),
    { name: 'asyncapi.json', text: fileText(asyncApiDocument(packageJson.version)) },
    { name: 'webhooks.asyncapi.json', text: fileText(webhookAsyncApiDocument(packageJson.version)) },
    { name: 'events.md', text: eventCatalogue() },
    { name: 'fields.md', text: contractTables() },
  ];
}

function fileText(content: object): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}
