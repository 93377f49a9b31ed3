import type { ListedRun, ShownState, ShownThread } from '@runlane/run-consumer/ledger';
import type { ReactNode } from 'react';
import { useSearchParams } from 'react-router';
import type { WaitingThread } from '../../src/app/waiting.ts';
import { pathOf, useAsked } from '../api.ts';
import type { Wire } from '../api.ts';
import { Age, Facts, Failure, FailureUnlessMissing, RunLink, Status, Time, Value } from '../parts/parts.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table.tsx';
import { sinceOf, waitingText } from '../parts/words.ts';
import { Checkpoints } from './checkpoints.tsx';
import { WaitingCard } from './waiting.tsx';

type Shown = {
  thread: ShownThread;
  waiting: WaitingThread | null;
  unfinished: ListedRun[];
  /** Id of the run that has written the head. */
  assistantId: string | null;
};

const LANE: readonly Column<Wire<ListedRun>>[] = [
  { name: 'Run', cell: ({ runId }) => <RunLink id={runId} isWhole /> },
  { name: 'Is', cell: ({ status }) => <Status of={status} /> },
  { name: 'Waits for', cell: ({ waitsFor }) => waitingText(waitsFor) },
  { name: 'Since', cell: (run) => <Age at={sinceOf(run)} /> },
];

/** A thread: its status, its lane, its values and its checkpoints. */
export function ThreadScreen(): ReactNode {
  const [search] = useSearchParams();
  const id = search.get('id') ?? '';
  const { data, error } = useAsked<Shown>(pathOf('thread', { id }));
  const state = useAsked<ShownState>(pathOf('state', { thread: id }));
  return (
    <>
      <h1>
        Thread <span className="id">{id}</span> {data && <Status of={data.thread.status} />}
      </h1>
      <Failure error={error} />
      {data && <Standing shown={data} />}
      {data?.waiting && <WaitingCard waiting={data.waiting} />}
      {data && data.unfinished.length > 0 && <Lane runs={data.unfinished} />}
      <FailureUnlessMissing error={state.error} />
      {state.data && (
        <section>
          <h2>Values</h2>
          {state.data.isLossy && <p className="faint">JSON cannot say all of them.</p>}
          <Value of={state.data.values} label="Values" />
        </section>
      )}
      {data && <Checkpoints threadId={id} runId={null} assistantId={data.assistantId} />}
    </>
  );
}

function Standing({ shown: { thread } }: { shown: Wire<Shown> }): ReactNode {
  return (
    <Facts
      facts={[
        ['Was, when it rested', thread.status === 'busy' ? <Status of={thread.restingStatus} /> : null],
        ['Partition', String(thread.partition)],
        ['Made', <Time key="made" at={thread.createdAt} />],
        ['Changed', <Time key="changed" at={thread.updatedAt} />],
        ['Configurable', thread.configurable && <code>{JSON.stringify(thread.configurable)}</code>],
      ]}
    />
  );
}

function Lane({ runs }: { runs: readonly Wire<ListedRun>[] }): ReactNode {
  return (
    <section>
      <h2>Lane</h2>
      <Table label="Lane" columns={LANE} rows={runs} keyOf={({ runId }) => runId} />
    </section>
  );
}
