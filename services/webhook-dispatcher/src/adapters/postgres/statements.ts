import { loadSql } from '@runlane/postgres';
import type { SqlStatement } from '@runlane/postgres';

function statement(name: string): SqlStatement {
  return loadSql(new URL(`./sql/${name}.sql`, import.meta.url));
}

/** Every statement of the service, one file each in `sql/`. */
export const sql = {
  openAccount: statement('open-account'),
  closeAccount: statement('close-account'),
  selectPositions: statement('select-positions'),
  insertEvents: statement('insert-events'),
  insertEndpoints: statement('insert-endpoints'),
  lockEndpointsOfOrigins: statement('lock-endpoints-of-origins'),
  selectKnownDeliveries: statement('select-known-deliveries'),
  insertDeliveries: statement('insert-deliveries'),
  insertQuarantined: statement('insert-quarantined'),
  lookAtSites: statement('look-at-sites'),
  leaseEndpoints: statement('lease-endpoints'),
  renewLeases: statement('renew-leases'),
  selectDueDeliveries: statement('select-due-deliveries'),
  selectBody: statement('select-body'),
  lockOwnedEndpoints: statement('lock-owned-endpoints'),
  settleDeliveries: statement('settle-deliveries'),
  releaseEndpoints: statement('release-endpoints'),
  endDisabledDeliveries: statement('end-disabled-deliveries'),
  lineUpTargets: statement('line-up-targets'),
  lineUpSites: statement('line-up-sites'),
  selectStranded: statement('select-stranded'),
  selectReplayable: statement('select-replayable'),
  countReplayable: statement('count-replayable'),
  selectNewestDelivery: statement('select-newest-delivery'),
  lockEndpointsOfSelection: statement('lock-endpoints-of-selection'),
  replayDeliveries: statement('replay-deliveries'),
  readyFirstDeliveries: statement('ready-first-deliveries'),
  pruneDeliveries: statement('prune-deliveries'),
  pruneEvents: statement('prune-webhook-events'),
  pruneTargets: statement('prune-targets'),
  pruneQuarantine: statement('prune-quarantine'),
  auditLedger: statement('audit-ledger'),
  countDead: statement('count-dead'),
  selectEventsWithoutDelivery: statement('select-events-without-delivery'),
  listDeliveries: statement('list-deliveries'),
  selectAttempts: statement('select-attempts'),
  listTargets: statement('list-targets'),
  listQuarantine: statement('list-quarantine'),
  watchDeliveries: statement('watch-deliveries'),
} as const;
