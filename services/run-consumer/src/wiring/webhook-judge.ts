import { createWebhookPolicy, readProjectUrlRules } from '@runlane/webhooks';
import type { RunConsumerConfig } from '../config.ts';
import type { WebhookJudge } from '../domain/webhook-target.ts';

/**
 * Judges webhooks by everything that needs no DNS, as the dispatcher does before it sends.
 *
 * @param section `webhooks` of langgraph.json
 * Thrown: WebhookConfigError when the section or a variable cannot be read.
 */
export function createWebhookJudge(config: RunConsumerConfig, section: unknown): WebhookJudge {
  const policy = createWebhookPolicy({
    allow: config.RUNLANE_WEBHOOK_ALLOW,
    deny: config.RUNLANE_WEBHOOK_DENY,
    project: readProjectUrlRules(section),
  });
  return (url) => {
    const verdict = policy.judgeUrl(url);
    return verdict.kind === 'ok' ? null : verdict.message;
  };
}
