/** Requests of the page to the console, and the types of their JSON answers. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { UseMutationResult, UseQueryResult } from '@tanstack/react-query';
import type { Done } from '../src/app/actions.ts';

/** A value of the server as JSON: times and large numbers are strings. */
export type Wire<T> = T extends Date | bigint
  ? string
  : T extends readonly (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Key in keyof T]: Wire<T[Key]> }
      : T;

export type Session = {
  user: string;
  canAct: boolean;
  auth: 'none' | 'proxy' | 'oidc';
  version: string;
  token: string;
};

/** Thrown when a request was refused; `status`: of HTTP, 0 without an answer; `signInAt`: the address to sign in at first. */
export class ApiError extends Error {
  readonly status: number;
  readonly signInAt: string | null;

  constructor(status: number, message: string, signInAt: string | null = null) {
    super(message);
    this.status = status;
    this.signInAt = signInAt;
  }
}

/** Thrown: ApiError. */
export async function ask<T>(path: string, signal?: AbortSignal): Promise<Wire<T>> {
  const response = await fetch(`/api/${path}`, signal === undefined ? {} : { signal }).catch(() => {
    throw new ApiError(0, 'The console does not answer. It may be starting again; this page tries on.');
  });
  return read<T>(response);
}

/**
 * Does an action in the name of the person at the page; what is shown may change by it.
 *
 * Thrown: ApiError, which says why nothing was done.
 */
export function act(name: string, body: object): Promise<Done> {
  return post<Done>(`actions/${name}`, body);
}

/** Ends the session, then opens the address at which the provider's session ends. Thrown: ApiError. */
export async function signOut(): Promise<void> {
  const { goTo } = await post<{ goTo: string }>('sign-out', {});
  location.assign(goTo);
}

/** The token is asked for anew: another page of this browser, or a sign-in, may have replaced the one that this page began with. */
async function post<T>(path: string, body: object): Promise<Wire<T>> {
  const { token } = await ask<Session>('session');
  const response = await fetch(`/api/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-runlane-token': token },
    body: JSON.stringify(body),
  }).catch(() => {
    throw new ApiError(0, 'The console did not answer. It may have been done: look before you do it again.');
  });
  return read<T>(response);
}

/** A path with its query; empty and null parameters are left out. */
export function pathOf(path: string, query: Record<string, string | null | undefined>): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value ? [[name, value]] : []));
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

/** A reading, kept up to date for as long as it is shown. */
export function useAsked<T>(path: string): UseQueryResult<Wire<T>, ApiError> {
  return useQuery<Wire<T>, ApiError>({ queryKey: [path], queryFn: ({ signal }) => ask<T>(path, signal) });
}

export function useSession(): UseQueryResult<Session, ApiError> {
  return useQuery<Session, ApiError>({
    queryKey: ['session'],
    queryFn: ({ signal }) => ask<Session>('session', signal),
    staleTime: Infinity,
  });
}

/** An action by its name; after it, everything is read again. */
export function useAct(name: string): UseMutationResult<Done, ApiError, object> {
  const client = useQueryClient();
  return useMutation<Done, ApiError, object>({
    mutationFn: (body) => act(name, body),
    onSuccess: () => client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' }),
  });
}

async function read<T>(response: Response): Promise<Wire<T>> {
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ApiError(response.status, `The console was not reached: something answered ${response.status}.`);
  }
  if (response.ok) return json as Wire<T>;
  const said = typeof json === 'object' && json !== null ? json : {};
  const message = 'message' in said ? String(said.message) : response.statusText;
  throw new ApiError(response.status, message, 'signInAt' in said ? String(said.signInAt) : null);
}
