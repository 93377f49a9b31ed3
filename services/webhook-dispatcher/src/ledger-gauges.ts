import { Gauge } from 'prom-client';
import { absentGauge } from '@runlane/service-kit';
import type { Registry } from '@runlane/service-kit';
import type { LedgerReading, PartitionAccount, Watch } from './app/upkeep/watch-ledger.ts';

/** The gauges of how the ledger stands. One that cannot be read is not there, rather than what it was once. */
export function createLedgerGauges(registry: Registry) {
  const registers = [registry];
  // Every process reads the same ledger: a sum over them would count it several times.
  const gauge = (name: string, help: string): Gauge =>
    absentGauge({ registry, name, help: `${help} Of the whole deployment: use max.` });
  const deliveries = new Gauge({
    name: 'runlane_webhook_deliveries',
    help: 'Deliveries in the ledger by state; dead ones by reason. Of the whole deployment: use max.',
    labelNames: ['state', 'reason'] as const,
    registers,
  });
  const oldestDue = gauge('runlane_webhook_oldest_due_seconds', 'Age of the oldest delivery whose time has come.');
  const oldestServedDue = gauge(
    'runlane_webhook_oldest_served_due_seconds',
    'The same without URLs and origins whose breaker is open or that asked for a pause: deliveries that wait only for Runlane.',
  );
  const oldestLease = gauge('runlane_webhook_oldest_lease_seconds', 'Age of the oldest lease of an endpoint.');
  const openBreakers = gauge('runlane_webhook_open_breakers', 'URLs and origins whose breaker is open.');
  const disabled = gauge('runlane_webhook_disabled_endpoints', 'URLs that are disabled.');
  const quarantined = gauge('runlane_webhook_quarantined_records', 'Records that are quarantined.');
  const gap = gauge('runlane_webhook_ledger_gap', 'Offsets that the ledger cannot account for. Must be 0.');
  const lost = gauge('runlane_webhook_absent_offsets', 'Offsets that the log had deleted before they were read.');
  const readAt = new Gauge({
    name: 'runlane_webhook_ledger_read_timestamp_seconds',
    help: 'Time of the last reading of the ledger, by kind: accounts (deliveries, gap), ages, dead (by reason).',
    labelNames: ['of'] as const,
    registers,
  });
  const ofAges = [oldestDue, oldestServedDue, oldestLease, openBreakers, disabled];
  const ofAccounts = [quarantined, gap, lost];
  let deadReasons: string[] = [];

  const setAccounts = (accounts: readonly PartitionAccount[]): void => {
    const sum = (key: 'delivered' | 'due' | 'parked' | 'quarantined' | 'gap' | 'lost'): number =>
      accounts.reduce((total, account) => total + account[key], 0);
    for (const state of COUNTED_STATES) deliveries.set({ state, reason: '' }, sum(state));
    quarantined.set(sum('quarantined'));
    gap.set(sum('gap'));
    lost.set(sum('lost'));
  };
  const setAges = (watch: Watch): void => {
    oldestDue.set(watch.oldestDueSeconds);
    oldestServedDue.set(watch.oldestServedDueSeconds);
    oldestLease.set(watch.oldestLeaseSeconds);
    openBreakers.set(watch.openBreakerCount);
    disabled.set(watch.disabledEndpointCount);
  };
  const forgetDead = (): void => {
    for (const reason of deadReasons.splice(0)) deliveries.remove({ state: 'dead', reason });
  };
  const setDead = (deadByReason: ReadonlyMap<string, number>): void => {
    forgetDead();
    for (const [reason, count] of deadByReason) deliveries.set({ state: 'dead', reason }, count);
    deadReasons = [...deadByReason.keys()];
  };
  return {
    setReading(reading: LedgerReading): void {
      if (reading.of === 'accounts') setAccounts(reading.accounts);
      else if (reading.of === 'ages') setAges(reading.watch);
      else setDead(reading.deadByReason);
      readAt.setToCurrentTime({ of: reading.of });
    },
    forgetReading(of: LedgerReading['of']): void {
      if (of === 'dead') forgetDead();
      for (const one of of === 'accounts' ? ofAccounts : of === 'ages' ? ofAges : []) one.remove();
      if (of === 'accounts') for (const state of COUNTED_STATES) deliveries.remove({ state, reason: '' });
    },
  };
}

const COUNTED_STATES = ['delivered', 'due', 'parked'] as const;
