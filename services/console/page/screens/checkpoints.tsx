import type { CheckpointRow } from '@runlane/run-consumer/ledger';
import type { ReactNode } from 'react';
import type { Wire } from '../api.ts';
import { Age, RunLink } from '../parts/parts.tsx';
import { valueText } from '../parts/words.ts';

export type CheckpointsProps = {
  threadId: string;
  /** What a fork executes; null when it is not known. */
  assistantId: string | null;
  checkpoints: readonly Wire<CheckpointRow>[];
};

/** Checkpoints, the latest first. */
export function Checkpoints({ checkpoints }: CheckpointsProps): ReactNode {
  return (
    <section>
      <h2>Checkpoints</h2>
      <div className="table-wrap">
        <table aria-label="Checkpoints">
          <thead>
            <tr>
              {['Checkpoint', 'Step', 'By', 'Run', 'Age', 'Questions'].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {checkpoints.map(({ checkpointId, step, source, runId, createdAt, interrupts }) => (
              <tr key={checkpointId}>
                <td data-label="Checkpoint" className="id">
                  {checkpointId}
                </td>
                <td data-label="Step">{step}</td>
                <td data-label="By">{source}</td>
                <td data-label="Run">
                  <RunLink id={runId} />
                </td>
                <td data-label="Age">
                  <Age at={createdAt} />
                </td>
                <td data-label="Questions">{interrupts.map(({ value }) => valueText(value)).join(' · ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
