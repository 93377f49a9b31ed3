import { isTerminalEventType, PublishError } from '@runlane/client';
import type { PublishedRun, RunEvent, RunEvents, RunPublisher } from '@runlane/client';
import type { Client } from '../client.ts';
import { CommandError } from '../command-error.ts';
import { countOf, jsonOf } from '../input.ts';
import type { Print } from '../output.ts';

export type PublishFlags = { wait?: boolean };

/** What `cancel` ends: a run, or all of a thread. */
export type CancelFlags = { thread?: string; run?: string; action?: 'interrupt' | 'rollback' };

/** Conditions of `watch`; an absent one excludes nothing. */
export type WatchFlags = {
  thread?: string;
  run?: string;
  type?: string[];
  assistant?: string;
  /** `name=value`, of which all have to hold. */
  metadata?: string[];
  from?: string;
  /** After how many events it ends. */
  limit?: string;
};

/** `publish REQUEST`: a run request as JSON, `@file`, or `-` for standard input; with `wait` its end too. */
export async function publish(text: string, flags: PublishFlags, client: Client, print: Print): Promise<void> {
  await publishRequest(jsonOf(text, 'the request'), flags, client, print);
}

/** The same for a request as an object; the client says what is wrong with it. */
export async function publishRequest(
  request: unknown,
  flags: PublishFlags,
  client: Client,
  print: Print,
): Promise<void> {
  await published(client, print, flags, (runs) => runs.create(request as Parameters<RunPublisher['create']>[0]));
}

/** `resume THREAD ASSISTANT ANSWER`: answers the question of a paused thread. */
export async function resume(
  [thread, assistant, answer]: [string, string, string],
  flags: PublishFlags,
  client: Client,
  print: Print,
): Promise<void> {
  const paused = { thread_id: thread, assistant_id: assistant };
  const json = jsonOf(answer, 'the answer');
  if (json === null) throw new CommandError('the answer is null, which interrupt() cannot return; give any other JSON');
  await published(client, print, flags, (runs) => runs.resume(paused, json));
}

/** `cancel`: one run, or all of a thread. */
export async function cancel(flags: CancelFlags, client: Client, print: Print): Promise<void> {
  await using runs = client.publisher();
  const request = { thread_id: flags.thread ?? null, run_id: flags.run ?? null, action: flags.action ?? null };
  const { topic, partition, offset } = await runs.cancel(request);
  print(
    { topic, partition, offset: String(offset) },
    `The cancel is at ${topic}/${partition}/${offset}; run.interrupted or run.rolled_back will show what it did.`,
  );
}

/** `watch`: the events as they come; with `run` until that run has ended. */
export async function watch(flags: WatchFlags, client: Client, print: Print): Promise<void> {
  const wrong = flags.metadata?.find((pair) => !pair.includes('='));
  if (wrong !== undefined) throw new CommandError(`--metadata ${wrong} is no pair; give name=value`);
  await using events = await client.events({ from: startOf(flags.from ?? (flags.run ? 'earliest' : 'latest')) });
  let left = flags.limit === undefined ? Infinity : countOf(flags.limit, '--limit');
  for await (const { event } of events) {
    if (!isShown(event, flags)) continue;
    print(event, wordsOf(event));
    left -= 1;
    if (left === 0) return;
    if (flags.run !== undefined && isTerminalEventType(event.type)) return;
  }
}

async function published(
  client: Client,
  print: Print,
  { wait = false }: PublishFlags,
  ask: (runs: RunPublisher) => Promise<PublishedRun>,
): Promise<void> {
  await using runs = client.publisher();
  const events: RunEvents | null = wait ? await client.events() : null;
  await using _closed = events;
  const run = await ask(runs).catch((error: unknown) => {
    throw error instanceof PublishError ? withRepeat(error) : error;
  });
  const { run_id, thread_id, topic, partition, offset } = run;
  print(
    { run_id, thread_id, topic, partition, offset: String(offset) },
    `Run ${run_id} of thread ${thread_id} is requested, at ${topic}/${partition}/${offset}.`,
  );
  if (events === null) return;
  const ended = await events.waitFor(run);
  print(ended, wordsOf(ended));
  if (ended.status === 'success') return;
  throw new CommandError(`the run ended with ${ended.type}${ended.error === null ? '' : `: ${ended.error.message}`}`);
}

/** Longer requests are not shown. */
const SHOWN_LENGTH = 4_000;

/** The request may have been written all the same; repeating the command would start another run. */
function withRepeat({ message, unconfirmed: [request] }: PublishError): CommandError {
  if (request === undefined) return new CommandError(message);
  const json = JSON.stringify(request);
  const again =
    json.length > SHOWN_LENGTH
      ? `Publish the same request with "run_id": "${request.run_id}" in it`
      : `runlane publish '${json.replaceAll("'", String.raw`'\''`)}'`;
  return new CommandError(`${message}\nTo repeat it as the same run: ${again}`);
}

function isShown(event: RunEvent, { thread, run, type, assistant, metadata = [] }: WatchFlags): boolean {
  return (
    (thread === undefined || event.thread_id === thread) &&
    (run === undefined || event.run_id === run.toLowerCase()) &&
    (type === undefined || type.includes(event.type)) &&
    (assistant === undefined || event.assistant_id === assistant || event.graph_id === assistant) &&
    metadata.every((pair) => hasMetadata(event, pair))
  );
}

/** Whether the event's metadata has the value: a text as it is, anything else as JSON. */
function hasMetadata({ metadata }: RunEvent, pair: string): boolean {
  const [name = '', ...rest] = pair.split('=');
  const value = metadata[name];
  return value !== undefined && rest.join('=') === (typeof value === 'string' ? value : JSON.stringify(value));
}

function wordsOf(event: RunEvent): string {
  const said = [event.reason, event.error?.message, event.next?.length ? `next: ${event.next.join(', ')}` : null];
  const questions = event.interrupts?.map(({ id, value }) => `${id}: ${JSON.stringify(value)}`) ?? [];
  const place = [event.occurred_at, event.type.padEnd('run.rolled_back'.length), event.run_id, event.thread_id];
  return [...place, ...said, ...questions].filter((text) => text !== null && text !== undefined).join('  ');
}

function startOf(text: string): Date | 'earliest' | 'latest' {
  if (text === 'earliest' || text === 'latest') return text;
  const at = new Date(text);
  if (!Number.isNaN(at.getTime())) return at;
  throw new CommandError(`--from ${text} is no time; give earliest, latest, or a time such as 2026-01-31T12:00:00Z`);
}
