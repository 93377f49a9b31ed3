/** Small components of several screens. */
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { ApiError } from '../api.ts';
import { durationText, valueText } from './words.ts';

/** Milliseconds between two updates of all ages on a page. */
const TICK_MS = 5_000;

/** An age, with the time itself as its title. */
export function Age({ at }: { at: string | null }): ReactNode {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  if (at === null) return <span className="faint">–</span>;
  return (
    <time dateTime={at} title={new Date(at).toLocaleString()}>
      {durationText(now - Date.parse(at))}
    </time>
  );
}

export function Time({ at }: { at: string | null }): ReactNode {
  if (at === null) return <span className="faint">–</span>;
  return <time dateTime={at}>{new Date(at).toLocaleString()}</time>;
}

const TONES: Record<string, string> = {
  running: 'busy',
  busy: 'busy',
  pending: 'calm',
  success: 'good',
  delivered: 'good',
  idle: 'calm',
  interrupted: 'warm',
  rollback: 'warm',
  error: 'bad',
  timeout: 'bad',
  rejected: 'bad',
  dead: 'bad',
  disabled: 'bad',
  open: 'warm',
  paused: 'warm',
  due: 'busy',
  ok: 'good',
  warning: 'warm',
  problem: 'bad',
};

export function Status({ of: status }: { of: string }): ReactNode {
  return <span className={`status ${TONES[status] ?? 'calm'}`}>{status}</span>;
}

export function RunLink({ id, isWhole = false }: { id: string | null; isWhole?: boolean }): ReactNode {
  if (id === null) return <span className="faint">–</span>;
  return (
    <Link className="id" to={`/run/${id}`} title={id}>
      {isWhole ? id : id.slice(0, 8)}
    </Link>
  );
}

export function ThreadLink({ id }: { id: string }): ReactNode {
  return (
    <Link className="id" to={`/thread?${new URLSearchParams({ id })}`}>
      {id}
    </Link>
  );
}

/** A stored value; long ones scroll. */
export function Value({ of: value, label }: { of: unknown; label: string }): ReactNode {
  return (
    <pre className="value" tabIndex={0} role="region" aria-label={label}>
      {valueText(value)}
    </pre>
  );
}

export function Failure({ error }: { error: ApiError | null }): ReactNode {
  if (error === null) return null;
  return (
    <p role="alert" className="failure">
      {error.message}{' '}
      {error.signInAt !== null && (
        <a href={`${error.signInAt}?${new URLSearchParams({ to: `${location.pathname}${location.search}` })}`}>
          Sign in
        </a>
      )}
    </p>
  );
}

/** Names with their values; null values are left out. */
export function Facts({ facts }: { facts: readonly [string, ReactNode][] }): ReactNode {
  return (
    <dl className="facts">
      {facts
        .filter(([, value]) => value !== null && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
