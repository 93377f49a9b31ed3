import type { JsonObject } from '@runlane/contracts';

/** The parts of an event that may be large, in the order in which they are left out, with their marks. */
const PARTS = [
  { left: { values: null }, flag: 'values_omitted' },
  { left: { interrupts: null }, flag: 'interrupts_omitted' },
  { left: { metadata: {} }, flag: 'metadata_omitted' },
] as const;

/**
 * The event as a webhook: as it is when its bytes are few enough, else without values, interrupts and metadata, as many of
 * them as it takes, each with its mark. What is left is bounded by the limits of requests.
 *
 * @param body the bytes of `event`
 */
export function webhookBody(event: JsonObject, body: Buffer, maxBytes: number): Buffer {
  let thin = event;
  let bytes = body;
  for (const { left, flag } of PARTS) {
    if (bytes.length <= maxBytes) return bytes;
    thin = { ...thin, ...left, [flag]: true };
    bytes = Buffer.from(JSON.stringify(thin));
  }
  return bytes;
}
