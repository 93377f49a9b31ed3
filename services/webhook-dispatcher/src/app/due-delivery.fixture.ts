import type { DueDelivery } from './ports.ts';

/** A delivery as the ledger gives it, to that URL. */
export const dueTo = (url: string, changes: Partial<DueDelivery> = {}): DueDelivery => ({
  deliveryId: 1n,
  endpointId: 1n,
  eventId: 'event',
  runId: 'run',
  urlHash: 'hash',
  url,
  sequence: 1,
  isTerminal: true,
  isReplay: false,
  attempts: 0,
  dueForMs: 0,
  sends: 4,
  body: Buffer.from('{}'),
  bodyBytes: 2,
  ...changes,
});
