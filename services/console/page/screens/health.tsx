import type { DeploymentStanding, ExecutorRow, LedgerBacklog } from '@runlane/run-consumer/ledger';
import type { ReactNode } from 'react';
import { useAsked, useSession } from '../api.ts';
import { Age, Facts, Failure, Time } from '../parts/parts.tsx';
import { durationText } from '../parts/words.ts';

type Health = { standing: DeploymentStanding; backlog: LedgerBacklog; executors: ExecutorRow[] };

/** Whether the deployment works: who executes, and what waits. */
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
              ['Graphs', data.standing.servedGraphs.join(', ') || 'none'],
              ['Console', session.data?.version ?? null],
              ...depths.map(([depth, count]): [string, string] => [`Lanes with ${depth} runs`, String(count)]),
            ]}
          />
          <h2>Processes that execute</h2>
          <div className="table-wrap">
            <table aria-label="Processes that execute">
              <thead>
                <tr>
                  {['Host', 'Runs', 'Started', 'Age', 'Lease until'].map((name) => (
                    <th key={name} scope="col">
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {data.executors.map(({ executorId, host, runningCount, startedAt, expiresAt }) => (
                  <tr key={executorId}>
                    <td data-label="Host">{host}</td>
                    <td data-label="Runs">{runningCount}</td>
                    <td data-label="Started">
                      <Time at={startedAt} />
                    </td>
                    <td data-label="Age">
                      <Age at={startedAt} />
                    </td>
                    <td data-label="Lease until">
                      <Time at={expiresAt} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </>
  );
}
