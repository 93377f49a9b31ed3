/** `assistants list`, `show`, `apply` and `delete`. */
import { graphIdsOf, openAssistants } from '@runlane/run-consumer/assistants';
import type { Assistants, AssistantVersion, StoredAssistant } from '@runlane/run-consumer/assistants';
import { RunlaneError } from '@runlane/service-kit';
import type { Json } from '@runlane/contracts';
import { CommandError } from './command-error.ts';
import { withDatabase } from './database.ts';
import { differences } from './differences.ts';
import { countOf, jsonOf } from './input.ts';
import { timeText } from './output.ts';
import type { Output } from './output.ts';
import type { Environment } from './settings.ts';

export type AssistantListFlags = { after?: string; limit: string };
export type ApplyFlags = { dryRun?: boolean };

/** Thrown by all: ConfigError; CommandError for what was given, and when the database does not answer. */
export async function listAssistants(
  flags: AssistantListFlags,
  environment: Environment,
  output: Output,
): Promise<void> {
  const limit = countOf(flags.limit, '--limit');
  await withAssistants(environment, async (assistants, place) => {
    const found = await assistants.list(flags.after ?? null, limit);
    if (found.length === 0) return output.say(`No assistant is stored in ${place}; every graph has one of its own.`);
    output.printTable(
      ['ASSISTANT', 'NAME', 'GRAPH', 'VERSION', 'DESCRIPTION'],
      found.map((assistant) => ({
        object: assistantJson(assistant),
        cells: [
          assistant.assistantId,
          assistant.name,
          assistant.graphId,
          String(assistant.version),
          assistant.description ?? '',
        ],
      })),
    );
    if (found.length === limit) output.say(`There may be more; continue with --after ${found.at(-1)?.assistantId}`);
  });
}

export async function showAssistant(id: string, environment: Environment, output: Output): Promise<void> {
  await withAssistants(environment, async (assistants, place) => {
    const versions = await assistants.versions(id);
    const active = versions.find(({ isActive }) => isActive);
    if (active === undefined) throw new CommandError(unknownAssistant(id, place));
    const listed = versions.map(({ version, createdAt, isActive }) => ({
      version,
      created_at: createdAt,
      is_active: isActive,
    }));
    output.print(
      { ...assistantJson(active), versions: listed },
      [
        JSON.stringify(assistantJson(active), null, 2),
        'Versions',
        ...versions.map(
          ({ version, createdAt, isActive }) => `  ${version}  ${timeText(createdAt)}${isActive ? '  active' : ''}`,
        ),
      ].join('\n'),
    );
  });
}

/** All are checked before the first is changed, so that with a mistake in one of them nothing changes. */
export async function applyAssistants(
  text: string,
  flags: ApplyFlags,
  environment: Environment,
  output: Output,
): Promise<void> {
  const given = [jsonOf(text, 'the assistants')].flat() as Json[];
  await withAssistants(environment, async (assistants) => {
    const problems: string[] = [];
    for (const [index, json] of given.entries()) {
      const verdict = await assistants.apply(json, true);
      if (verdict.kind === 'invalid')
        problems.push(...verdict.problems.map((text) => `assistant ${index + 1}: ${text}`));
    }
    if (problems.length > 0) throw new CommandError(`Nothing was changed.\n${problems.join('\n')}`);
    for (const json of given) {
      const verdict = await assistants.apply(json, flags.dryRun === true);
      if (verdict.kind === 'invalid') throw new CommandError(verdict.problems.join('\n'));
      const id = String((json as { assistant_id: string }).assistant_id).toLowerCase();
      const { before, after, isChanged } = verdict;
      const lines = differences(before === null ? {} : versionJson(before), versionJson(after));
      const done = before === null ? 'created' : isChanged ? 'changed' : 'unchanged';
      const verb = flags.dryRun === true && isChanged ? `would be ${done}` : done;
      output.print(
        { assistant_id: id, verdict: verb, differences: lines },
        [`${id}  ${verb}`, ...lines.map((line) => `  ${line}`)].join('\n'),
      );
    }
  });
}

export async function deleteAssistant(id: string, environment: Environment, output: Output): Promise<void> {
  await withAssistants(environment, async (assistants, place) => {
    if (!(await assistants.delete(id))) throw new CommandError(unknownAssistant(id, place));
    output.print(
      { assistant_id: id, verdict: 'deleted' },
      `${id} is deleted; runs that were admitted keep its configuration.`,
    );
  });
}

/** With the graphs of LANGGRAPH_CONFIG, if it is set; those that processes execute are known too. */
async function withAssistants(
  environment: Environment,
  work: (assistants: Assistants, place: string) => Promise<void>,
) {
  const config = environment['LANGGRAPH_CONFIG']?.trim();
  const graphIds = config ? projectGraphs(config, environment) : [];
  await withDatabase(environment, ({ database, place }) => work(openAssistants(database, graphIds), place));
}

function projectGraphs(path: string, environment: Environment): string[] {
  try {
    return graphIdsOf(path, { ...environment });
  } catch (error) {
    if (error instanceof RunlaneError) throw new CommandError(error.message);
    throw error;
  }
}

function unknownAssistant(id: string, place: string): string {
  return (
    `No assistant ${id} in ${place} (table runlane.assistants). \`runlane assistants list\` shows the stored ones; a ` +
    "graph's own assistant has no row, and cannot be changed."
  );
}

function versionJson({
  graphId,
  name,
  description,
  metadata,
  config,
  context,
}: AssistantVersion): Record<string, Json> {
  // Through JSON, because absent fields of a config are undefined.
  return JSON.parse(JSON.stringify({ graph_id: graphId, name, description, metadata, config, context })) as Record<
    string,
    Json
  >;
}

function assistantJson(assistant: StoredAssistant): object {
  return { assistant_id: assistant.assistantId, version: assistant.version, ...versionJson(assistant) };
}
