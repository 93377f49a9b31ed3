/** An action: a button that asks for confirmation and shows the result. */
import type { UseMutationResult } from '@tanstack/react-query';
import { useId, useRef } from 'react';
import type { ReactNode } from 'react';
import type { Done } from '../../src/app/actions.ts';
import { useAct, useSession } from '../api.ts';
import type { ApiError } from '../api.ts';
import { Failure, RunLink } from './parts.tsx';

export type ActionProps = {
  name: string;
  body: object;
  /** Text of the button. */
  label: string;
  /** What the action will do, and, if so, that it cannot be undone. */
  question: ReactNode;
  /** False: the further input of the dialog is not complete yet. */
  isReady?: boolean;
  /** Further input of the dialog. */
  children?: ReactNode;
};

/** Renders nothing when actions are off. */
export function Action({ name, body, label, question, isReady = true, children }: ActionProps): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const acting = useAct(name);
  const canAct = useSession().data?.canAct === true;
  if (!canAct) return null;
  const close = (): void => dialog.current?.close();
  const confirm = (): void => acting.mutate(body, { onSuccess: close });
  return (
    <>
      <button
        type="button"
        className="outline small"
        onClick={() => {
          acting.reset();
          dialog.current?.showModal();
        }}
      >
        {label}
      </button>
      <Outcome of={acting} />
      <dialog ref={dialog} aria-labelledby={title}>
        <article>
          <h2 id={title}>{label}</h2>
          <div className="ask">{question}</div>
          {children}
          <Failure error={acting.error} keepsInput />
          <footer>
            <button type="button" className="secondary" onClick={close}>
              Leave it
            </button>
            <button
              type="button"
              aria-busy={acting.isPending}
              disabled={acting.isPending || !isReady}
              onClick={confirm}
            >
              {label} now
            </button>
          </footer>
        </article>
      </dialog>
    </>
  );
}

/** The result of an action, for as long as it is shown. */
export function Outcome({ of: acting }: { of: UseMutationResult<Done, ApiError, object> }): ReactNode {
  if (acting.data === undefined) return null;
  const { message, runId } = acting.data;
  return (
    <span role="status" className="outcome">
      {message} {runId !== null && <RunLink id={runId} />}
    </span>
  );
}
