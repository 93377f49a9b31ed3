/** The right to write for a run: valid while the run is running under exactly this token (I3). */
export type Claim = { readonly runId: string; readonly fencingToken: bigint };

/** Identifies a claim: a run may be claimed again before its lost attempt, or the writes of an earlier claim, have ended. */
export function claimKey({ runId, fencingToken }: Claim): string {
  return `${runId}/${fencingToken}`;
}

/**
 * Thrown into a graph whose run somebody else owns by now, or whose saver was closed. Nothing was written, and whatever the
 * graph still does has no effect.
 */
export class WriteRefused extends Error {
  override readonly name = 'WriteRefused';
  readonly because: 'not_owned' | 'closed';

  constructor(claim: Claim, because: 'not_owned' | 'closed') {
    super(
      because === 'not_owned'
        ? `Run ${claim.runId} is not owned under token ${claim.fencingToken} any more; the checkpoint was not written.`
        : `The saver of run ${claim.runId} is closed; the checkpoint was not written.`,
    );
    this.because = because;
  }
}
