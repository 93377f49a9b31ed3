import type { ShownRun, ShownState } from '@runlane/run-consumer/ledger';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useParams } from 'react-router';
import { pathOf, useAsked } from '../api.ts';
import type { Wire } from '../api.ts';
import { Action } from '../parts/action.tsx';
import {
  Age,
  Facts,
  Failure,
  FailureUnlessMissing,
  RunLink,
  Status,
  ThreadLink,
  Time,
  Value,
} from '../parts/parts.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table.tsx';
import { waitingText } from '../parts/words.ts';
import { Checkpoints } from './checkpoints.tsx';

type WithTrace = ShownRun & { traceUrl: string | null };
type Shown = Wire<WithTrace>;

const EVENTS: readonly Column<Shown['events'][number]>[] = [
  { name: '#', cell: ({ sequence }) => sequence },
  { name: 'Type', cell: ({ type }) => type },
  { name: 'At', cell: ({ occurredAt }) => <Time at={occurredAt} /> },
  { name: 'Age', cell: ({ occurredAt }) => <Age at={occurredAt} /> },
  { name: 'Attempt', cell: ({ attempt }) => attempt },
  { name: 'Thread is', cell: ({ threadStatus }) => threadStatus && <Status of={threadStatus} /> },
  { name: 'Why', cell: ({ details }) => details.reason ?? '' },
  { name: 'Published', cell: ({ publishedAt }) => (publishedAt === null ? 'not yet' : 'yes') },
];

/** Everything that is known about a run. */
export function RunScreen(): ReactNode {
  const { id = '' } = useParams();
  const { data: run, error } = useAsked<WithTrace>(pathOf('run', { id }));
  return (
    <>
      <h1>
        Run <span className="id">{id}</span> {run && <Status of={run.status} />}
      </h1>
      <Failure error={error} />
      {run && (run.status === 'pending' || run.status === 'running') && <CancelRun run={run} />}
      {run && <Known run={run} />}
    </>
  );
}

function CancelRun({ run: { runId, threadId } }: { run: Shown }): ReactNode {
  const [action, setAction] = useState<'interrupt' | 'rollback'>('interrupt');
  return (
    <Action
      name="cancel"
      label="Cancel the run"
      body={{ threadId, runId, action }}
      question="It ends, and cannot be asked to go on where it was."
    >
      <fieldset>
        <legend>What it leaves</legend>
        <label>
          <input type="radio" checked={action === 'interrupt'} onChange={() => setAction('interrupt')} />
          The steps that it has finished
        </label>
        <label>
          <input type="radio" checked={action === 'rollback'} onChange={() => setAction('rollback')} />
          Nothing: the thread is as before the run
        </label>
      </fieldset>
    </Action>
  );
}

function Known({ run }: { run: Shown }): ReactNode {
  const last = run.events.at(-1)?.details ?? {};
  const usage = last.usage ?? [];
  return (
    <>
      <Facts
        facts={[
          ['Thread', <ThreadLink key="thread" id={run.threadId} />],
          ['Graph', run.graphId],
          ['Assistant', run.assistantId],
          ['Waits for', waitingText(run.waitsFor)],
          ['Why', run.reason],
          ['Blocked by', run.blockedBy && <RunLink id={run.blockedBy} isWhole />],
          ['Superseded by', run.supersededBy && <RunLink id={run.supersededBy} isWhole />],
          ['Strategy', run.multitaskStrategy],
          ['Attempt', String(run.attempt)],
          ['Asked for', <Time key="created" at={run.createdAt} />],
          ['Began', run.runStartedAt && <Time at={run.runStartedAt} />],
          ['Ended', run.runEndedAt && <Time at={run.runEndedAt} />],
          [
            'Trace',
            run.traceUrl === null ? (
              run.traceId
            ) : (
              <a key="trace" href={run.traceUrl} rel="noreferrer">
                {run.traceId}
              </a>
            ),
          ],
          ['Request lies at', `${run.source.topic}/${run.source.partition}/${run.source.offset}`],
        ]}
      />
      {last.error && (
        <section aria-label="Error">
          <h2>Error</h2>
          <p className="failure">
            <strong>{last.error.error}</strong>
            {last.error.message === '' ? '' : `: ${last.error.message}`}
          </p>
          {last.error.stack !== undefined && <Value of={last.error.stack} label="Stack" />}
        </section>
      )}
      <Events run={run} />
      {usage.length > 0 && (
        <section>
          <h2>Usage</h2>
          <Value of={usage} label="Usage" />
        </section>
      )}
      <section>
        <h2>Request</h2>
        <Value of={run.request} label="Request" />
      </section>
      {last.checkpoint_id != null && <Values threadId={run.threadId} checkpointId={last.checkpoint_id} />}
      <Checkpoints threadId={run.threadId} runId={run.runId} assistantId={run.assistantId} />
    </>
  );
}

function Events({ run: { events, eventCount } }: { run: Shown }): ReactNode {
  return (
    <section>
      <h2>Events</h2>
      {events.length < eventCount && (
        <p className="faint">
          {eventCount} in all. Those that were published leave the ledger after a day; the topic has them longer.
        </p>
      )}
      <Table label="Events" columns={EVENTS} rows={events} keyOf={({ eventId }) => eventId} />
    </section>
  );
}

function Values({ threadId, checkpointId }: { threadId: string; checkpointId: string }): ReactNode {
  const { data: state, error } = useAsked<ShownState>(pathOf('state', { thread: threadId, checkpoint: checkpointId }));
  if (state === undefined) return <FailureUnlessMissing error={error} />;
  return (
    <section>
      <h2>Values at its end</h2>
      {state.isLossy && <p className="faint">JSON cannot say all of them.</p>}
      <Value of={state.values} label="Values at its end" />
    </section>
  );
}
