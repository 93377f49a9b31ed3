/**
 * What `assistant_id` of a request means, in this order:
 *   the name of a graph            the graph's system assistant
 *   the UUIDv5 of such a name      the same
 *   another UUID                   the assistant that is stored under it, if its graph is known
 */
import { assistantIdOfGraph, isUuid } from '@runlane/contracts';
import type { AssistantDefaults, StoredAssistant } from './assistant.ts';

/** Whom a run is for. */
export type Assistant = {
  assistantId: string;
  graphId: string;
  /** Null for a graph's own assistant. */
  defaults: AssistantDefaults | null;
};

/** The assistants that requests may name. */
export type AssistantDirectory = {
  /** The graphs of `langgraph.json`, and those of other deployments after they were looked up. */
  graphIds: readonly string[];
  /** By names of graphs and by ids in lower case. */
  byName: ReadonlyMap<string, Assistant>;
};

/** `message`: why, and which graphs exist. */
export type Resolution = { kind: 'found'; assistant: Assistant } | { kind: 'unknown'; message: string };

/** The directory of the system assistants: a graph answers to its name and to the UUIDv5 derived from it. */
export function assistantDirectory(graphIds: readonly string[]): AssistantDirectory {
  const assistants = graphIds.map((graphId) => ({ assistantId: assistantIdOfGraph(graphId), graphId, defaults: null }));
  // Names come last: a graph whose name is another graph's UUID is still found by its name, as on LangGraph's servers.
  const byName = new Map<string, Assistant>([
    ...assistants.map((assistant) => [assistant.assistantId, assistant] as const),
    ...assistants.map((assistant) => [assistant.graphId, assistant] as const),
  ]);
  return { graphIds, byName };
}

/** The ids among the names that can only be those of stored assistants, each once. */
export function storedIdsAmong(names: readonly string[], { byName }: AssistantDirectory): string[] {
  const ids = names.filter((name) => isUuid(name) && !byName.has(name)).map((name) => name.toLowerCase());
  return [...new Set(ids)].filter((id) => !byName.has(id));
}

/** The directory together with the graphs of other deployments. */
export function withGraphs(directory: AssistantDirectory, graphIds: readonly string[]): AssistantDirectory {
  const others = graphIds.filter((graphId) => !directory.graphIds.includes(graphId));
  return others.length === 0 ? directory : assistantDirectory([...directory.graphIds, ...others]);
}

/** The directory together with stored assistants; none of them replaces an entry. */
export function withStored(directory: AssistantDirectory, stored: readonly StoredAssistant[]): AssistantDirectory {
  if (stored.length === 0) return directory;
  const assistants = stored.map(({ assistantId, graphId, ...defaults }) => ({ assistantId, graphId, defaults }));
  const added = assistants.map((assistant) => [assistant.assistantId, assistant] as const);
  return { ...directory, byName: new Map([...added, ...directory.byName]) };
}

/** Looks up what a request names. */
export function resolveAssistant(name: string, { graphIds, byName }: AssistantDirectory): Resolution {
  // Case is ignored in a UUID and matters in the name of a graph.
  const assistant = byName.get(name) ?? (isUuid(name) ? byName.get(name.toLowerCase()) : undefined);
  const known = `Known graphs: ${graphIds.join(', ') || 'none'}.`;
  if (assistant === undefined) return { kind: 'unknown', message: `No assistant ${name}. ${known}` };
  if (graphIds.includes(assistant.graphId)) return { kind: 'found', assistant };
  return {
    kind: 'unknown',
    message: `Assistant ${name} has graph ${assistant.graphId}, which no langgraph.json names. ${known}`,
  };
}
