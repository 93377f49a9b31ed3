import type { CheckpointTuple } from '@langchain/langgraph-checkpoint';

/**
 * Which checkpoints a run has made itself, as far as its saver can know without asking the database. Writes onto checkpoints
 * of others outlive the run's own, so they are journalled (sql/write-checkpoints-if-owned.sql).
 *
 * LangGraph saves a checkpoint's writes before the checkpoint itself while the previous checkpoint is still being saved. So
 * after the run's first checkpoint in a namespace an unknown id is the run's own: checkpoints of others have to be read
 * first.
 */
export class OwnCheckpoints {
  readonly #runId: string;
  readonly #isOwnById = new Map<string, boolean>();
  readonly #begunNamespaces = new Set<string>();
  readonly #namedNamespaces = new Set<string>();

  constructor(runId: string) {
    this.#runId = runId;
  }

  /** Notes whose a checkpoint is that the run has read. */
  noteRead({ config, metadata }: CheckpointTuple): void {
    const { checkpoint_ns: namespace, checkpoint_id: checkpointId } = config.configurable ?? {};
    const tags: Record<string, unknown> = { ...metadata };
    this.#isOwnById.set(key(String(namespace), String(checkpointId)), tags['run_id'] === this.#runId);
  }

  /** Notes a checkpoint that the run is about to write. */
  notePut(namespace: string, checkpointId: string): void {
    this.#begunNamespaces.add(namespace);
    this.#isOwnById.set(key(namespace, checkpointId), true);
  }

  /** Whether a checkpoint that is put now is the first one in a subgraph, so that the journal has to name the namespace. */
  beginsNamespace(threadId: string, namespace: string): boolean {
    const id = key(namespace, threadId);
    if (namespace === '' || this.#namedNamespaces.has(id)) return false;
    this.#namedNamespaces.add(id);
    return true;
  }

  isForeign(namespace: string, checkpointId: string): boolean {
    return !(this.#isOwnById.get(key(namespace, checkpointId)) ?? this.#begunNamespaces.has(namespace));
  }
}

function key(namespace: string, id: string): string {
  return `${id}/${namespace}`;
}
