import { fileURLToPath } from 'node:url';
import { jsonSchemas, requestRules } from '@runlane/contracts';
import { pythonModels } from './python-models.ts';

/** What the Python client has from the contracts: types, and the rules of requests. Absolute paths and their texts. */
export function pythonFiles(): { file: string; text: string }[] {
  const folder = new URL('../src/runlane_client/_generated/', import.meta.url);
  return [
    { file: fileURLToPath(new URL('models.py', folder)), text: pythonModels(jsonSchemas()) },
    { file: fileURLToPath(new URL('rules.json', folder)), text: jsonText(requestRules()) },
    { file: fileURLToPath(new URL('event.schema.json', folder)), text: jsonText(jsonSchemas().RunStatusEvent) },
  ];
}

function jsonText(content: object): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}
