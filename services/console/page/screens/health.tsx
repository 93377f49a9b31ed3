import type { Check } from '@runlane/cli/operations';
import type { DeploymentStanding, ExecutorRow, LedgerBacklog } from '@runlane/run-consumer/ledger';
import type { ReactNode } from 'react';
import type { LogStanding } from '../../src/app/standing.ts';
import type { PartitionLag } from '../../src/app/partition-lag.ts';
import { useAsked, useSession } from '../api.ts';
import type { Wire } from '../api.ts';
import { Age, Facts, Failure, Status, Time } from '../parts/parts.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table.tsx';
import { durationText } from '../parts/words.ts';

type Health = { standing: DeploymentStanding; backlog: LedgerBacklog; executors: ExecutorRow[] };

/** Processes of the version before say neither. */
const UNSAID = <span className="faint">not said</span>;

const EXECUTORS: readonly Column<Wire<ExecutorRow>>[] = [
  { name: 'Host', cell: ({ host }) => host },
  { name: 'Version', cell: ({ version }) => version ?? UNSAID },
  { name: 'Graphs', cell: ({ graphIds }) => graphIds?.join(', ') ?? UNSAID, className: 'wrapped' },
  { name: 'Runs', cell: ({ runningCount }) => runningCount },
  { name: 'Started', cell: ({ startedAt }) => <Time at={startedAt} /> },
  { name: 'Age', cell: ({ startedAt }) => <Age at={startedAt} /> },
  { name: 'Lease until', cell: ({ expiresAt }) => <Time at={expiresAt} /> },
];

/** The state of the deployment: executors, lag, topics and what waits. */
export function HealthScreen(): ReactNode {
  const { data, error } = useAsked<Health>('health');
  const session = useSession();
  const depths = Object.entries(data?.backlog.lanesByDepth ?? {});
  return (
    <>
      <h1>Health</h1>
      <Failure error={error} />
      {data && (
        <>
          {!data.standing.isOriginal && (
            <p className="failure">The ledger was restored or failed over, and no process has noted it yet.</p>
          )}
          {data.executors.length === 0 && <p className="failure">No process executes runs.</p>}
          <Facts
            facts={[
              ['Events not published', String(data.backlog.unpublishedCount)],
              ['The oldest has waited', durationText(data.backlog.oldestUnpublishedSeconds * 1_000)],
              ['Console', session.data?.version ?? null],
              ...depths.map(([depth, count]): [string, string] => [
                `Lanes with ${depth} ${depth === '1' ? 'run' : 'runs'}`,
                String(count),
              ]),
            ]}
          />
          <Facts
            facts={[
              ['Graphs that some process has had in the last days', data.standing.servedGraphs.join(', ') || 'none'],
            ]}
          />
          <h2>Processes that execute</h2>
          <Table
            label="Processes that execute"
            columns={EXECUTORS}
            rows={data.executors}
            keyOf={({ executorId }) => executorId}
          />
        </>
      )}
      <Log />
      <Tables />
    </>
  );
}

const CHECKS: readonly Column<Check>[] = [
  { name: 'What', cell: ({ check }) => check },
  { name: 'Is', cell: ({ status }) => <Status of={status} /> },
  { name: 'Seen', cell: ({ detail }) => detail, className: 'wrapped' },
];

const LAGS: readonly Column<Wire<PartitionLag>>[] = [
  { name: 'Topic', cell: ({ topic }) => topic },
  { name: 'Partition', cell: ({ partition }) => partition },
  { name: 'Written to', cell: ({ end }) => end ?? 'no leader' },
  { name: 'Read to', cell: ({ next }) => next ?? 'nothing yet' },
  { name: 'Not read yet', cell: ({ lag }) => lag ?? 'not known' },
];

function Log(): ReactNode {
  const { data, error } = useAsked<LogStanding>('log-health');
  return (
    <>
      <h2>Topics</h2>
      <Failure error={error} />
      {data && <Table label="Topics" columns={CHECKS} rows={data.checks} keyOf={keyOfCheck} />}
      <h2>How far the topics have been read</h2>
      {data && (
        <Table
          label="How far the topics have been read"
          columns={LAGS}
          rows={data.lags}
          keyOf={({ topic, partition }) => `${topic}/${partition}`}
        />
      )}
    </>
  );
}

function Tables(): ReactNode {
  const { data, error } = useAsked<{ checks: Check[] }>('schema-health');
  return (
    <>
      <h2>Tables</h2>
      <Failure error={error} />
      {data && <Table label="Tables" columns={CHECKS} rows={data.checks} keyOf={keyOfCheck} />}
    </>
  );
}

const keyOfCheck = ({ check, detail }: Check): string => `${check}: ${detail}`;
