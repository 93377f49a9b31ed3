import type { CheckpointRow } from '@runlane/run-consumer/ledger';
import { useId, useState } from 'react';
import type { ReactNode } from 'react';
import type { Wire } from '../api.ts';
import { Action } from '../parts/action.tsx';
import { Age, RunLink } from '../parts/parts.tsx';
import { valueText } from '../parts/words.ts';

export type CheckpointsProps = {
  threadId: string;
  /** What a fork executes; null when it is not known. */
  assistantId: string | null;
  checkpoints: readonly Wire<CheckpointRow>[];
};

/** Checkpoints, the latest first. */
export function Checkpoints({ threadId, assistantId, checkpoints }: CheckpointsProps): ReactNode {
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
              {assistantId !== null && <td />}
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
                {assistantId !== null && (
                  <td>
                    <Fork threadId={threadId} assistantId={assistantId} checkpointId={checkpointId} />
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

type ForkProps = { threadId: string; assistantId: string; checkpointId: string };

function Fork({ threadId, assistantId, checkpointId }: ForkProps): ReactNode {
  const [text, setText] = useState('');
  const id = useId();
  const input = inputOf(text);
  return (
    <Action
      name="fork"
      label="Fork"
      body={{ threadId, assistantId, checkpointId, input: input.value }}
      isReady={!input.isWrong}
      question={
        <>
          A run goes on from checkpoint <span className="id">{checkpointId}</span>, and the thread with it. What came
          after stays among its checkpoints.
        </>
      }
    >
      <label htmlFor={id}>Input as JSON; empty: go on as it was</label>
      <textarea
        id={id}
        rows={3}
        value={text}
        aria-invalid={input.isWrong ? true : undefined}
        onChange={({ target }) => setText(target.value)}
      />
      {input.isWrong && <small className="failure">That is no JSON.</small>}
    </Action>
  );
}

function inputOf(text: string): { value: unknown; isWrong: boolean } {
  if (text.trim() === '') return { value: null, isWrong: false };
  try {
    return { value: JSON.parse(text), isWrong: false };
  } catch {
    return { value: null, isWrong: true };
  }
}
