import type { Scope } from '@runlane/service-kit';

/** What the command line asks for. */
export type ProofOptions = {
  /** The base of the images; null: that of the Dockerfile, or a stand-in. */
  nodeImage: string | null;
};

/** What a part works with. */
export type Proof = ProofOptions & {
  /** Everything that is started is registered here, and ended after the part. */
  scope: Scope;
  /** Aborts when the time of the part is over, and when the command is stopped. */
  signal: AbortSignal;
  /** A folder of the part's own, which is removed after it. */
  folder: string;
  /** Reports something that was seen to be true, as a sentence. */
  proved: (sentence: string) => void;
  /** Reports a step that takes time. */
  tell: (text: string) => void;
};

/** One of the things that the command proves. */
export type Part = {
  name: string;
  what: string;
  /** The longest that it may take, in milliseconds; what it builds once included. */
  limitMs: number;
  /** Thrown: Missing; any other error is what does not hold. */
  prove: (proof: Proof) => Promise<void>;
};

/** Thrown for something that this machine lacks. The message says what it is, and how to get it. */
export class Missing extends Error {
  override name = 'Missing';
}

/** Thrown: Missing, for an obstacle that is one. */
export function unlessMissing(obstacle: string | null): void {
  if (obstacle !== null) throw new Missing(obstacle);
}
