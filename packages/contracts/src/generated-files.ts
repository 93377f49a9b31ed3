import packageJson from '../package.json' with { type: 'json' };
import { asyncApiDocument, schemaFileName } from './asyncapi.ts';
import { jsonSchemas, SCHEMA_NAMES } from './schemas.ts';

/** Everything that `generate.ts` writes: file names inside of `generated/`, and their texts. */
export function generatedFiles(): { name: string; text: string }[] {
  const schemas = jsonSchemas();
  return [
    ...SCHEMA_NAMES.map((name) => ({ name: schemaFileName(name), text: fileText(schemas[name]) })),
    { name: 'asyncapi.json', text: fileText(asyncApiDocument(packageJson.version)) },
  ];
}

function fileText(content: object): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}
