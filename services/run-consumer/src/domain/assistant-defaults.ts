/**
 * What a run of an assistant executes with: LangGraph's merge, in which the run wins.
 *
 *   config.configurable, context, metadata    merged, member by member at the top
 *   config.tags, config.recursion_limit       the run's, else the assistant's
 *
 * A `context` of one side does not exclude a `configurable` of the other, as it does within one request or one
 * assistant: LangGraph.js hands both to the graph, each in its own place, so nothing is lost.
 */
import type { JsonObject, RunCreate, RunCreateConfig } from '@runlane/contracts';
import type { AssistantDefaults } from './assistant.ts';

/** The request with the assistant's config and context under its own; without defaults the request itself. */
export function requestWithDefaults(request: RunCreate, defaults: AssistantDefaults | null): RunCreate {
  if (defaults === null) return request;
  return {
    ...request,
    config: mergedConfig(defaults.config, request.config),
    context: mergedObject(defaults.context, request.context),
  };
}

/** The metadata of the run: the assistant's, and the request's over it. */
export function metadataWithDefaults(metadata: JsonObject | null, defaults: AssistantDefaults | null): JsonObject {
  return defaults === null ? (metadata ?? {}) : { ...defaults.metadata, ...metadata };
}

function mergedConfig(under: RunCreateConfig | null, over: RunCreateConfig | null): RunCreateConfig | null {
  if (under === null || over === null) return over ?? under;
  return {
    tags: over.tags ?? under.tags,
    recursion_limit: over.recursion_limit ?? under.recursion_limit,
    configurable: mergedObject(under.configurable, over.configurable),
  };
}

/** An object without members counts as absent, as in a request. */
function mergedObject(under: JsonObject | null, over: JsonObject | null): JsonObject | null {
  const merged = { ...under, ...over };
  return Object.keys(merged).length === 0 ? null : merged;
}
