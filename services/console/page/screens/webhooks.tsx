import type { ListedAttempt, ListedDelivery, ListedTarget } from '@runlane/webhook-dispatcher/operations';
import type { ReactNode } from 'react';
import { Link, useParams, useSearchParams } from 'react-router';
import { pathOf, useAsked } from '../api.ts';
import type { Wire } from '../api.ts';
import { Action } from '../parts/action.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import type { Column } from '../parts/paged-table.tsx';
import { Age, Facts, Failure, RunLink, Status, Time } from '../parts/parts.tsx';

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
    isNarrow: true,
  },
  { name: 'Is', cell: ({ state }) => <Status of={state} />, isNarrow: true },
  { name: 'Event', cell: ({ event_type: type }) => type },
  { name: 'Run', cell: ({ run_id: id }) => <RunLink id={id} />, isNarrow: true },
  { name: 'To', cell: ({ origin }) => origin },
  { name: 'Sent', cell: ({ sends }) => sends, isNarrow: true },
  { name: 'Age', cell: ({ created_at: at }) => <Age at={at} />, isNarrow: true },
];

/** Where webhooks go and how these places stand; then the deliveries, the latest first. */
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
      <div className="table-wrap">
        <table aria-label="Targets">
          <thead>
            <tr>
              {['Origin', 'URL', 'Is', 'Due', 'Not before', ''].map((name) =>
                name === '' ? (
                  <td key={name} />
                ) : (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody>
            {targets.map((target) => (
              <TargetRow key={target.url_hash} target={target} />
            ))}
          </tbody>
        </table>
      </div>
      {!isWhole && <p className="faint">The first {targets.length} of them.</p>}
    </>
  );
}

function TargetRow({ target }: { target: Target }): ReactNode {
  const { origin, url_hash: urlHash, breaker, origin_breaker: ofOrigin, paused_at: paused, due_count: due } = target;
  const isWell = paused === null && breaker === 'closed' && ofOrigin === 'closed';
  const place = { origin: null, urlHash };
  return (
    <tr>
      <td data-label="Origin">{origin}</td>
      <td data-label="URL" className="id">
        {urlHash.slice(0, 12)}
      </td>
      <td data-label="Is">
        {isWell ? 'well' : <Status of={paused === null ? (breaker === 'closed' ? ofOrigin : breaker) : 'paused'} />}
      </td>
      <td data-label="Due">{due}</td>
      <td data-label="Not before">{target.parked_until !== null && <Time at={target.parked_until} />}</td>
      <td>
        {paused === null && (
          <Action
            name="pause"
            label="Pause"
            body={place}
            question={`Nothing is sent to this URL of ${origin} until it is resumed; what is due stays due.`}
          />
        )}{' '}
        {!isWell && (
          <Action
            name="resume"
            label="Resume"
            body={place}
            question={`What keeps webhooks from this URL of ${origin} is lifted, and what is due is sent.`}
          />
        )}
      </td>
    </tr>
  );
}

/** One delivery, each attempt at it, and its replay. */
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

function Attempts({ attempts }: { attempts: readonly Wire<ListedAttempt>[] }): ReactNode {
  return (
    <>
      <h2>Attempts</h2>
      {attempts.length === 0 && <p className="empty">There was none yet.</p>}
      {attempts.length > 0 && (
        <div className="table-wrap">
          <table aria-label="Attempts">
            <thead>
              <tr>
                {['#', 'At', 'Was', 'HTTP', 'Took', 'Answer'].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {attempts.map(({ n, started_at: at, outcome, status, total_ms: ms, message, body_excerpt: body }) => (
                <tr key={n}>
                  <td data-label="#">{n}</td>
                  <td data-label="At">
                    <Time at={at} />
                  </td>
                  <td data-label="Was">{outcome}</td>
                  <td data-label="HTTP">{status}</td>
                  <td data-label="Took">{ms} ms</td>
                  <td data-label="Answer">{message ?? body ?? ''}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
