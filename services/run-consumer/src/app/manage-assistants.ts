/**
 * Purpose   Creates assistants, changes them and activates earlier versions. A running consumer sees the change with its
 *           next batch; runs that were admitted before keep what they have.
 * Failures  RetryableError while the database is away. It is then unknown whether the change was made: look, or repeat a
 *           `create` that names its id.
 */
import { isUuid, parseAssistantCreate, parseAssistantUpdate } from '@runlane/contracts';
import type { Json } from '@runlane/contracts';
import { changedVersion, firstVersion, isSameVersion, problemsOfVersion } from '../domain/assistant.ts';
import type { AssistantVersion, StoredAssistant } from '../domain/assistant.ts';
import { assistantDirectory, resolveAssistant } from '../domain/assistant-directory.ts';

/** `problems`: what was wrong, where, and what to send; nothing was stored. */
export type InvalidAssistant = { kind: 'invalid'; problems: string[] };

export type CreateVerdict =
  | { kind: 'created'; assistant: StoredAssistant }
  /** An assistant with this id exists, and it stays as it is. */
  | { kind: 'exists'; message: string }
  | InvalidAssistant;

export type ChangeVerdict =
  /** The version that is active now. */
  { kind: 'changed'; assistant: StoredAssistant } | { kind: 'unknown'; message: string } | InvalidAssistant;

export type ApplyVerdict =
  /** `before` is null for a new assistant; without a difference nothing is stored. */
  { kind: 'applied'; before: StoredAssistant | null; after: AssistantVersion; isChanged: boolean } | InvalidAssistant;

/** A version as lists show it. */
export type ListedVersion = StoredAssistant & { createdAt: Date; isActive: boolean };

export interface Assistants {
  /** The assistants behind `after`, by id. The graphs' own assistants are not stored, so they are not among them. */
  list(after: string | null, limit: number): Promise<StoredAssistant[]>;
  /** All versions, the latest first; an empty list without such an assistant. */
  versions(assistantId: string): Promise<ListedVersion[]>;
  /**
   * Gives an assistant exactly the fields of the request: creates it, or adds a version that replaces the active one. Unlike
   * `update`, it removes fields that the request leaves out. The id has to be given.
   *
   * @param isDryRun true: reports what would be done, and stores nothing
   */
  apply(json: Json, isDryRun: boolean): Promise<ApplyVerdict>;
  /** False without such an assistant. Runs that were admitted stay as they are; later ones are rejected. */
  delete(assistantId: string): Promise<boolean>;
  /** Reads LangGraph's `assistants.create`: `graph_id`, and optionally `assistant_id` and the fields of a version. */
  create(json: Json): Promise<CreateVerdict>;
  /** Reads LangGraph's `assistants.update`: makes a version from the active one and the fields of the request, and activates it. */
  update(assistantId: string, json: Json): Promise<ChangeVerdict>;
  /** Activates an existing version, as LangGraph's `assistants.set_latest` does. */
  activate(assistantId: string, version: number): Promise<ChangeVerdict>;
}

export interface AssistantStore {
  /** Stores a first version; null when the id is taken. */
  create(assistantId: string, version: AssistantVersion): Promise<StoredAssistant | null>;
  /**
   * Adds and activates the version that `next` makes of the active one, while nobody else changes the assistant; null adds
   * nothing. Resolves with the version that is then active; null without such an assistant.
   */
  addVersion(
    assistantId: string,
    next: (active: StoredAssistant) => AssistantVersion | null,
  ): Promise<StoredAssistant | null>;
  version(assistantId: string, version: number): Promise<StoredAssistant | null>;
  list(after: string | null, limit: number): Promise<StoredAssistant[]>;
  versions(assistantId: string): Promise<ListedVersion[]>;
  delete(assistantId: string): Promise<boolean>;
  activate(assistantId: string, version: number): Promise<void>;
  /** The graphs that the processes of all deployments have executed in the last days. */
  servedGraphs(): Promise<string[]>;
}

export type AssistantsDependencies = {
  store: AssistantStore;
  /** The graphs of `langgraph.json`; those that other deployments execute are known too. */
  graphIds: readonly string[];
  /** Makes a UUID. */
  newId: () => string;
};

/** The largest number that the database can hold. */
const MAX_VERSION = 2_147_483_647;

export function manageAssistants({ store, graphIds: own, newId }: AssistantsDependencies): Assistants {
  const knownGraphs = async () => [...new Set([...own, ...(await store.servedGraphs())])];
  return {
    list: (after, limit) => store.list(after, limit),
    versions: async (assistantId) => (isUuid(assistantId) ? store.versions(assistantId) : []),
    delete: async (assistantId) => isUuid(assistantId) && store.delete(assistantId),
    async apply(json, isDryRun) {
      const parsed = parseAssistantCreate(json);
      if (parsed.kind === 'invalid') return parsed;
      const { assistant_id: assistantId } = parsed.value;
      if (assistantId === null) {
        return { kind: 'invalid', problems: ['assistant_id: is missing. Give it a UUID, which identifies it.'] };
      }
      const graphIds = await knownGraphs();
      const after = firstVersion(parsed.value);
      const problems = [...problemsOfVersion(after, graphIds), ...problemsOfId(assistantId, graphIds)];
      if (problems.length > 0) return { kind: 'invalid', problems };
      const active = (await store.versions(assistantId)).find(({ isActive }) => isActive) ?? null;
      if (isDryRun) return applied(active, after);
      if (active === null) {
        if ((await store.create(assistantId, after)) !== null) return applied(null, after);
      }
      // The compared version is the one that is replaced: nobody else changes it in between.
      let before: StoredAssistant | null = null;
      await store.addVersion(assistantId, (current) => {
        before = current;
        return isSameVersion(current, after) ? null : after;
      });
      return applied(before, after);
    },
    async create(json) {
      const parsed = parseAssistantCreate(json);
      if (parsed.kind === 'invalid') return parsed;
      const { assistant_id: givenId } = parsed.value;
      const version = firstVersion(parsed.value);
      const graphIds = await knownGraphs();
      const problems = [...problemsOfVersion(version, graphIds), ...problemsOfId(givenId, graphIds)];
      if (problems.length > 0) return { kind: 'invalid', problems };
      const assistantId = givenId ?? newId();
      const assistant = await store.create(assistantId, version);
      if (assistant !== null) return { kind: 'created', assistant };
      return { kind: 'exists', message: `Assistant ${assistantId} exists already. Update it, or choose another id.` };
    },
    async update(assistantId, json) {
      const parsed = parseAssistantUpdate(json);
      if (parsed.kind === 'invalid') return parsed;
      if (!isUuid(assistantId)) return unknown(assistantId);
      const graphIds = await knownGraphs();
      let problems: string[] = [];
      const assistant = await store.addVersion(assistantId, (active) => {
        const version = changedVersion(active, parsed.value);
        problems = problemsOfVersion(version, graphIds);
        return problems.length === 0 ? version : null;
      });
      if (assistant === null) return unknown(assistantId);
      return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'changed', assistant };
    },
    async activate(assistantId, version) {
      const canBe = isUuid(assistantId) && Number.isInteger(version) && version >= 1 && version <= MAX_VERSION;
      const assistant = canBe ? await store.version(assistantId, version) : null;
      if (assistant === null) {
        return { kind: 'unknown', message: `No assistant ${assistantId} with a version ${version}.` };
      }
      const problems = problemsOfVersion(assistant, await knownGraphs());
      if (problems.length > 0) return { kind: 'invalid', problems };
      await store.activate(assistantId, version);
      return { kind: 'changed', assistant };
    },
  };
}

function applied(before: StoredAssistant | null, after: AssistantVersion): ApplyVerdict {
  return { kind: 'applied', before, after, isChanged: before === null || !isSameVersion(before, after) };
}

function unknown(assistantId: string): ChangeVerdict {
  return {
    kind: 'unknown',
    message: `No assistant ${assistantId}. Create it first; the assistant of a graph itself cannot be changed.`,
  };
}

/** Nobody would find a stored assistant under the id of a graph's own one. */
function problemsOfId(assistantId: string | null, graphIds: readonly string[]): string[] {
  if (assistantId === null) return [];
  const resolution = resolveAssistant(assistantId, assistantDirectory(graphIds));
  if (resolution.kind === 'unknown') return [];
  const { graphId } = resolution.assistant;
  return [`assistant_id: is the id of the assistant of graph ${graphId} itself. Choose another one, or leave it out.`];
}
