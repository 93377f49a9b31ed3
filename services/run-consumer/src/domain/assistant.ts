/**
 * Assistants: a graph with defaults for its runs, under a UUID, in versions. Names and rules are LangGraph's.
 *
 *   new version = the active one, changed:   metadata       merged
 *                                            all others     replaced where something was said
 *
 * A version is never changed. A run takes the version that is active at its admission; later changes do not affect it.
 */
import { fingerprintOfJson, reservedConfigKeys } from '@runlane/contracts';
import type { AssistantCreate, AssistantFields, JsonObject, RunCreateConfig } from '@runlane/contracts';

/** What an assistant gives to its runs; fields of the run win over it. */
export type AssistantDefaults = {
  metadata: JsonObject;
  config: RunCreateConfig | null;
  context: JsonObject | null;
};

/** One version of an assistant. */
export type AssistantVersion = AssistantDefaults & { graphId: string; name: string; description: string | null };

/** A version as it is stored; `version` counts from 1. */
export type StoredAssistant = AssistantVersion & { assistantId: string; version: number };

/** Most bytes of a version as JSON: each run keeps a copy of its config, and each event one of its metadata. */
const MAX_VERSION_BYTES = 1024 * 1024;

/** The first version of a new assistant; without a name it gets the name of its graph. */
export function firstVersion(create: AssistantCreate): AssistantVersion {
  const { graph_id: graphId, name, description, metadata, config, context } = create;
  return { graphId, name: name ?? graphId, description, metadata: metadata ?? {}, config, context };
}

/** The version that follows from the active one. */
export function changedVersion(active: AssistantVersion, update: AssistantFields): AssistantVersion {
  return {
    graphId: update.graph_id ?? active.graphId,
    name: update.name ?? active.name,
    description: update.description ?? active.description,
    metadata: { ...active.metadata, ...update.metadata },
    config: update.config ?? active.config,
    context: update.context ?? active.context,
  };
}

/** Whether two versions give their runs the same; the order of keys in an object does not count. */
export function isSameVersion(a: AssistantVersion, b: AssistantVersion): boolean {
  const partsOf = ({ graphId, name, description, metadata, config, context }: AssistantVersion) =>
    fingerprintOfJson(JSON.parse(JSON.stringify([graphId, name, description, metadata, config, context])));
  return partsOf(a) === partsOf(b);
}

/** The problems of a version, as lines that say where, what is wrong and what to do; empty if there are none. */
export function problemsOfVersion(version: AssistantVersion, graphIds: readonly string[]): string[] {
  const { graphId, name, description, metadata, config, context } = version;
  const configurable = config?.configurable ?? null;
  const problems: string[] = [];
  if (!graphIds.includes(graphId)) {
    problems.push(`graph_id: langgraph.json has no graph ${graphId}. Known graphs: ${graphIds.join(', ') || 'none'}.`);
  }
  const reserved = reservedConfigKeys(configurable);
  if (reserved.length > 0) {
    problems.push(`config.configurable: sets ${reserved.join(', ')}, which Runlane sets itself. Remove it.`);
  }
  if (configurable !== null && context !== null && Object.keys(context).length > 0) {
    problems.push('context: cannot be combined with a config.configurable that is not empty; give one of the two.');
  }
  const bytes = Buffer.byteLength(JSON.stringify([name, description, metadata, config, context]));
  if (bytes > MAX_VERSION_BYTES) {
    problems.push(`assistant: has ${bytes} bytes as JSON, and at most ${MAX_VERSION_BYTES} are allowed. Shorten it.`);
  }
  return problems;
}
