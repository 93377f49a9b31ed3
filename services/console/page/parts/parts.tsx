/** Small components of several screens. */
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { ApiError } from '../api.ts';
import { useNow } from './ticking.ts';
import { durationText, valueText } from './words.ts';

/** An age, with the time itself as its title. */
export function Age({ at }: { at: string | null }): ReactNode {
  const now = useNow();
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

/** Characters of a value that are shown at first: a browser breaks the lines of all that it shows. */
const SHOWN_AT_FIRST = 50_000;

/** A stored value; long ones scroll, and very long ones are shown as a whole on request. */
export function Value({ of: value, label }: { of: unknown; label: string }): ReactNode {
  const [isWhole, setIsWhole] = useState(false);
  const text = valueText(value);
  const isCut = !isWhole && text.length > SHOWN_AT_FIRST;
  return (
    <>
      <pre className="value" tabIndex={0} role="region" aria-label={label}>
        {isCut ? text.slice(0, SHOWN_AT_FIRST) : text}
      </pre>
      {isCut && (
        <button type="button" className="outline small secondary" onClick={() => setIsWhole(true)}>
          Show all {text.length.toLocaleString('en')} characters
        </button>
      )}
    </>
  );
}

/** An error of a reading that may be about something that is not there yet: that one is not shown. */
export function FailureUnlessMissing({ error }: { error: ApiError | null }): ReactNode {
  return error?.status === 404 ? null : <Failure error={error} />;
}

/** `keepsInput`: people have entered something on this page, so they sign in on another one. */
export function Failure({
  error,
  keepsInput = false,
}: {
  error: Pick<ApiError, 'message' | 'signInAt'> | null;
  keepsInput?: boolean;
}): ReactNode {
  if (error === null) return null;
  const back = new URLSearchParams({ to: `${location.pathname}${location.search}` });
  return (
    <p role="alert" className="failure">
      {error.message}{' '}
      {error.signInAt !== null && (
        <a href={`${error.signInAt}?${back}`} {...(keepsInput ? { target: '_blank', rel: 'noopener' } : {})}>
          {keepsInput ? 'Sign in on another page, and try again here' : 'Sign in'}
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
