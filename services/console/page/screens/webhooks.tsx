import type { ListedAttempt, ListedDelivery, ListedTarget } from '@runlane/webhook-dispatcher/operations';
import type { ReactNode } from 'react';
import { Link, useParams, useSearchParams } from 'react-router';
import { pathOf, useAsked } from '../api.ts';
import type { Wire } from '../api.ts';
import { Action } from '../parts/action.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import { Age, Facts, Failure, RunLink, Status, Time } from '../parts/parts.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table.tsx';

type Target = Wire<ListedTarget>;
type Delivery = Wire<ListedDelivery>;
type DeliveriesPage = { deliveries: ListedDelivery[]; next: string | null };

const COLUMNS: readonly Column<Delivery>[] = [
  {
    name: 'Delivery',
    cell: ({ delivery_id: id }) => (
      <Link className="id" to={`/delivery/${id}`}>
        {id}
      </Link>
    ),
  },
  { name: 'Is', cell: ({ state }) => <Status of={state} /> },
  { name: 'Event', cell: ({ event_type: type }) => type },
  { name: 'Run', cell: ({ run_id: id }) => <RunLink id={id} /> },
  { name: 'To', cell: ({ origin }) => origin },
  { name: 'Sent', cell: ({ sends }) => sends },
  { name: 'Age', cell: ({ created_at: at }) => <Age at={at} /> },
];

/** The receivers of webhooks with their state; then the deliveries, the newest first. */
export function Webhooks(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const state = search.get('state') ?? '';
  const { data, error } = useAsked<{ targets: ListedTarget[]; isWhole: boolean }>('targets');
  return (
    <>
      <h1>Webhooks</h1>
      <Failure error={error} />
      {data && <Targets targets={data.targets} isWhole={data.isWhole} />}
      <h2>Deliveries</h2>
      <label className="inline">
        Show{' '}
        <select
          value={state}
          onChange={({ target }) => setSearch(target.value === '' ? {} : { state: target.value }, { replace: true })}
        >
          <option value="">all</option>
          <option value="due">due</option>
          <option value="delivered">delivered</option>
          <option value="dead">dead</option>
        </select>
      </label>
      <PagedTable<DeliveriesPage, Delivery>
        label="Deliveries"
        path="deliveries"
        cursor="before"
        query={{ state }}
        rowsOf={({ deliveries }) => deliveries}
        nextOf={({ next }) => next}
        keyOf={({ delivery_id: id }) => id}
        columns={COLUMNS}
        empty={state === '' ? 'No run has asked for a webhook yet.' : `No delivery is ${state}.`}
      />
    </>
  );
}

function Targets({ targets, isWhole }: { targets: readonly Target[]; isWhole: boolean }): ReactNode {
  if (targets.length === 0) return null;
  return (
    <>
      <p className="lead">Those that are not well come first. URLs are credentials: they are shown by their hash.</p>
      <Table label="Targets" columns={TARGETS} rows={targets} keyOf={({ url_hash: urlHash }) => urlHash} />
      {!isWhole && <p className="faint">The first {targets.length} of them.</p>}
    </>
  );
}

const isWell = ({ paused_at: paused, breaker, origin_breaker: ofOrigin }: Target): boolean =>
  paused === null && breaker === 'closed' && ofOrigin === 'closed';

const TARGETS: readonly Column<Target>[] = [
  { name: 'Origin', cell: ({ origin }) => origin },
  { name: 'URL', cell: ({ url_hash: urlHash }) => urlHash.slice(0, 12), className: 'id' },
  { name: 'Is', cell: (target) => (isWell(target) ? 'well' : <Status of={ailmentOf(target)} />) },
  { name: 'Due', cell: ({ due_count: due }) => (Number(due) >= 1_000 ? '1,000+' : due) },
  { name: 'Not before', cell: ({ parked_until: parked }) => parked !== null && <Time at={parked} /> },
  { name: '', cell: (target) => <TargetActions target={target} /> },
];

function ailmentOf({ paused_at: paused, breaker, origin_breaker: ofOrigin }: Target): string {
  if (paused !== null) return 'paused';
  return breaker === 'closed' ? ofOrigin : breaker;
}

function TargetActions({ target }: { target: Target }): ReactNode {
  const { origin, url_hash: urlHash, paused_at: paused } = target;
  const place = { origin: null, urlHash };
  return (
    <>
      {paused === null && (
        <Action
          name="pause"
          label="Pause"
          body={place}
          question={`Nothing is sent to this URL of ${origin} until it is resumed; what is due stays due.`}
        />
      )}{' '}
      {!isWell(target) && (
        <Action
          name="resume"
          label="Resume"
          body={place}
          question={`What keeps webhooks from this URL of ${origin} is lifted, and what is due is sent.`}
        />
      )}
    </>
  );
}

/** One delivery with its attempts and its replay. */
export function DeliveryScreen(): ReactNode {
  const { id = '' } = useParams();
  const { data, error } = useAsked<{ delivery: ListedDelivery; attempts: ListedAttempt[] }>(pathOf('delivery', { id }));
  return (
    <>
      <h1>
        Delivery <span className="id">{id}</span> {data && <Status of={data.delivery.state} />}
      </h1>
      <Failure error={error} />
      {data && data.delivery.state !== 'due' && (
        <Action
          name="replay"
          label="Replay"
          body={{ deliveryId: id }}
          question="The webhook is sent again, with the same webhook-id and body. That cannot be undone."
        />
      )}
      {data && <Facts facts={factsOf(data.delivery)} />}
      {data && <Attempts attempts={data.attempts} />}
    </>
  );
}

function factsOf(delivery: Delivery): [string, ReactNode][] {
  const { run_id: runId, dead_reason: why, detail, next_attempt_at: next, ended_at: ended } = delivery;
  return [
    ['Run', <RunLink key="run" id={runId} isWhole />],
    ['Event', `${delivery.event_type} (${delivery.sequence})`],
    ['To', `${delivery.origin}, URL ${delivery.url_hash.slice(0, 12)}`],
    ['Why', [why, detail].filter((part) => part !== null).join(': ')],
    ['Next attempt', next && <Time at={next} />],
    ['Made', <Time key="made" at={delivery.created_at} />],
    ['Ended', ended && <Time at={ended} />],
    ['Is a replay', delivery.is_replay ? 'yes' : null],
  ];
}

const ATTEMPTS: readonly Column<Wire<ListedAttempt>>[] = [
  { name: '#', cell: ({ n }) => n },
  { name: 'At', cell: ({ started_at: at }) => <Time at={at} /> },
  { name: 'Was', cell: ({ outcome }) => outcome },
  { name: 'HTTP', cell: ({ status }) => status },
  { name: 'Took', cell: ({ total_ms: ms }) => `${ms} ms` },
  { name: 'Answer', cell: ({ message, body_excerpt: body }) => message ?? body ?? '' },
];

function Attempts({ attempts }: { attempts: readonly Wire<ListedAttempt>[] }): ReactNode {
  return (
    <>
      <h2>Attempts</h2>
      {attempts.length === 0 && <p className="empty">There was none yet.</p>}
      {attempts.length > 0 && <Table label="Attempts" columns={ATTEMPTS} rows={attempts} keyOf={({ n }) => n} />}
    </>
  );
}
