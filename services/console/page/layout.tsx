import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { NavLink, Outlet, useLocation, useNavigate } from 'react-router';
import { signOut, useSession } from './api.ts';
import type { ApiError } from './api.ts';
import { useLiveUpdates } from './live.ts';
import type { Liveness } from './live.ts';
import { Notices } from './parts/notices.tsx';
import { Boundary } from './parts/boundary.tsx';
import { Failure } from './parts/parts.tsx';

/** The screens, most important first. The number of a screen is its key. */
const SCREENS: readonly [path: string, name: string][] = [
  ['/', 'Waiting for you'],
  ['/lanes', 'Lanes'],
  ['/runs', 'Runs'],
  ['/threads', 'Threads'],
  ['/dead-letters', 'Dead letters'],
  ['/webhooks', 'Webhooks'],
  ['/health', 'Health'],
];

const LIVENESS: Record<Liveness, string> = {
  connecting: 'connecting …',
  live: 'live',
  off: 'not live; trying again',
};

export function Layout(): ReactNode {
  const liveness = useLiveUpdates();
  const session = useSession();
  const { pathname, search } = useLocation();
  const place = `${pathname}${search}`;
  useKeys();
  useTitle();
  return (
    <>
      <a className="skip" href="#main">
        To the content
      </a>
      <header className="top">
        <nav aria-label="Screens">
          <strong className="brand">Runlane</strong>
          <ul>
            {SCREENS.map(([path, name], index) => (
              <li key={path}>
                <NavLink to={path} end={path === '/'} title={`Key ${index + 1}`}>
                  {name}
                </NavLink>
              </li>
            ))}
          </ul>
        </nav>
        <p className="session">
          <span role="status" className={`liveness ${liveness}`}>
            {LIVENESS[liveness]}
          </span>
          {session.data && (
            <span>
              {session.data.auth === 'none' ? '' : `${session.data.user} · `}
              {session.data.canAct ? 'may act' : 'read-only'}
            </span>
          )}
          {session.data?.auth === 'oidc' && <SignOut />}
        </p>
      </header>
      <main id="main" tabIndex={-1}>
        <Failure error={session.error} />
        <Notices />
        <Boundary place={place} instead={null}>
          <Outlet />
        </Boundary>
      </main>
    </>
  );
}

function SignOut(): ReactNode {
  const leaving = useMutation<void, ApiError>({ mutationFn: () => signOut() });
  return (
    <>
      <button type="button" className="outline small" disabled={leaving.isPending} onClick={() => leaving.mutate()}>
        Sign out
      </button>
      <Failure error={leaving.error} />
    </>
  );
}

/** Keys: a number opens its screen, a slash focuses the search. They do nothing in an input field. */
function useKeys(): void {
  const navigate = useNavigate();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isWriting =
        event.target instanceof HTMLElement && event.target.closest('input, textarea, select, dialog') !== null;
      if (isWriting || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('input[type="search"]');
        if (search === null) return;
        event.preventDefault();
        search.focus();
        return;
      }
      const screen = SCREENS[Number(event.key) - 1];
      if (screen !== undefined) void navigate(screen[0]);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [navigate]);
}

function useTitle(): void {
  const { pathname } = useLocation();
  useEffect(() => {
    const name = SCREENS.find(([path]) => path === pathname)?.[1] ?? pathname.slice(1);
    document.title = `${name} – Runlane`;
  }, [pathname]);
}
