import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isJsonObject } from '@runlane/contracts';
import type { Json } from '@runlane/contracts';
import { RunlaneError } from '@runlane/service-kit';
import { readProjectWebhooks } from '@runlane/webhooks';
import type { ProjectWebhooks } from '@runlane/webhooks';

/**
 * Reads the `webhooks` section of a langgraph.json and nothing else.
 *
 * @param environment gives the values for the templates of its headers
 * Thrown: RunlaneError `invalid_langgraph_json`, naming the file and what to change.
 */
export function readProject(path: string, environment: NodeJS.ProcessEnv): ProjectWebhooks {
  const file = resolve(path);
  try {
    // Editors on Windows begin a file with a mark.
    const json = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, '')) as Json;
    if (!isJsonObject(json)) throw new Error('it is not a JSON object');
    return readProjectWebhooks(json['webhooks'], environment);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RunlaneError({ code: 'invalid_langgraph_json', message: `${file} cannot be used: ${why}`, cause });
  }
}
