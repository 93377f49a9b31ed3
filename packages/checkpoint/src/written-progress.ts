/** How far a graph has come, as far as its saver knows; for its root, not for subgraphs. */
export type WrittenProgress = {
  /** The newest checkpoint; null before the first. */
  headId: string | null;
  /** Number of checkpoints of supersteps; the checkpoint of an input does not count. */
  superstepCount: number;
  /** Whether anything in the graph or its subgraphs has asked a question. */
  hasInterrupt: boolean;
};

export class Progress implements WrittenProgress {
  headId: string | null = null;
  superstepCount = 0;
  hasInterrupt = false;

  notePut(namespace: string, checkpointId: string, source: string | undefined): void {
    if (namespace !== '') return;
    this.headId = checkpointId;
    if (source === 'loop') this.superstepCount += 1;
  }

  noteWrites(channels: readonly string[]): void {
    if (channels.includes('__interrupt__')) this.hasInterrupt = true;
  }
}
