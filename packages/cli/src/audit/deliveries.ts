/** The part of an audit that asks webhook-dispatcher's ledger (I14). */
import { SQLSTATE, sqlState } from '@runlane/postgres';
import { RetryableError } from '@runlane/service-kit';
import { openWebhookAudit } from '@runlane/webhook-dispatcher/operations';
import type { PartitionAccount, WebhookQuestions } from '@runlane/webhook-dispatcher/operations';
import type { Database } from '@runlane/postgres';
import type { Finding } from './findings.ts';
import type { SeenEvents } from './seen.ts';

/** Null where no dispatcher uses the database. */
export type DeliveryCounts = {
  delivered: number;
  due: number;
  parked: number;
  dead: number;
  quarantined: number;
} | null;

const CHUNK = 5_000;

/** Call this after the events were read: their webhooks are judged as far as the dispatcher has read. */
export async function auditDeliveries(
  database: Database,
  events: SeenEvents,
  { group, topic, stuckMs }: { group: string; topic: string; stuckMs: number },
): Promise<{ findings: Finding[]; counts: DeliveryCounts }> {
  const ledger = openWebhookAudit(database, { group, topic });
  const accounts = await accountsOf(ledger);
  if (accounts === null) return { findings: [], counts: null };
  const { oldestServedDueSeconds } = await ledger.watch();
  const findings = [
    ...(await unaccounted(ledger, events, accounts)),
    ...accounts.filter(({ gap }) => gap > 0).map((account) => gapFinding(account, topic)),
    ...(oldestServedDueSeconds * 1_000 > stuckMs ? [stuckFinding(oldestServedDueSeconds)] : []),
  ];
  const sum = (name: 'delivered' | 'due' | 'parked' | 'dead' | 'quarantined') =>
    accounts.reduce((total, account) => total + account[name], 0);
  const counts = {
    delivered: sum('delivered'),
    due: sum('due'),
    parked: sum('parked'),
    dead: sum('dead'),
    quarantined: sum('quarantined'),
  };
  return { findings, counts };
}

async function accountsOf(ledger: WebhookQuestions): Promise<PartitionAccount[] | null> {
  try {
    return await ledger.audit();
  } catch (error) {
    if (error instanceof RetryableError || sqlState(error) !== SQLSTATE.undefinedTable) throw error;
    return null;
  }
}

async function unaccounted(
  ledger: WebhookQuestions,
  events: SeenEvents,
  accounts: readonly PartitionAccount[],
): Promise<Finding[]> {
  const read = new Map(accounts.map((account) => [account.partition, account]));
  const judged = events.withWebhook.filter(({ partition, offset }) => {
    const account = read.get(partition);
    if (account === undefined) return false;
    return offset <= account.position && offset > account.position - BigInt(account.offsets);
  });
  const findings: Finding[] = [];
  for (let at = 0; at < judged.length; at += CHUNK) {
    for (const subject of await ledger.unaccounted(judged.slice(at, at + CHUNK))) {
      findings.push({
        finding: 'unaccounted',
        subject,
        why: 'this event has a webhook, but there is no delivery of it',
      });
    }
  }
  return findings;
}

function gapFinding({ partition, gap }: PartitionAccount, topic: string): Finding {
  const why = `webhook-dispatcher cannot account for ${gap} records`;
  return { finding: 'unaccounted', subject: `${topic}/${partition}`, why };
}

function stuckFinding(seconds: number): Finding {
  const why = `a webhook has been due for ${Math.round(seconds)} s and is not sent, although its receiver answers; does a dispatcher run?`;
  return { finding: 'stuck', subject: 'webhooks.deliveries', why };
}
