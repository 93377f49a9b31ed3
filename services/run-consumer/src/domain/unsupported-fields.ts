import type { RunCreate } from '@runlane/contracts';

/**
 * The fields of a request that nothing enforces yet. Accepted means enforced (design 2.2), so a request that uses one
 * is rejected with reason `not_supported`, never run as if the field were not there.
 */
export function unsupportedFields(request: RunCreate): string[] {
  const used: string[] = [];
  const refuse = (field: string, isUsed: boolean) => {
    if (isUsed) used.push(field);
  };
  refuse('webhook', request.webhook !== null);
  refuse('webhook_events', request.webhook_events !== null);
  return used;
}
