/**
 * Real: the queue. Doubled: the ledger, the wait between tries. Decides: which transactions ran, and the result for
 * each caller.
 */
import { inspect } from 'node:util';
import { OverrunError, RetryableError } from '@runlane/service-kit';
import { expect, test } from 'vitest';
import type { HeadState, Outcome } from '../../domain/run.ts';
import { settlementOf } from '../../domain/settlement.ts';
import type { Ending } from '../../domain/settlement.ts';
import type { BatchResult, OwnedSettlement, SettleResult } from '../ports.ts';
import { openCalls, recordingLog, recordingSettlements, settlementOfRun } from '../recording-ports.fixture.ts';
import type { Answer } from '../recording-ports.fixture.ts';
import { SettleQueue } from './settle-runs.ts';

function queueOn(answer?: Answer) {
  const settlements = recordingSettlements(answer);
  const delays: number[] = [];
  const { logger, messages, parsed } = recordingLog();
  const unstorable: string[] = [];
  const queue = new SettleQueue({
    settlements,
    delay: (ms) => {
      delays.push(ms);
      return Promise.resolve();
    },
    random: () => 1,
    onUnstorable: ({ runId }) => unstorable.push(runId),
    logger,
  });
  const transactions = () => settlements.transactions.map((batch) => batch.map(({ runId }) => runId));
  return {
    queue,
    transactions,
    settlements: () => settlements.transactions.flat(),
    delays,
    messages,
    parsed,
    unstorable,
  };
}

const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve));

test('settlements that are ready together share one transaction, and each caller gets its own result', async () => {
  const results: SettleResult[] = ['settled', 'lost', 'successor_ready'];
  const { queue, transactions } = queueOn(() => Promise.resolve(results));

  const heard = await Promise.all(['a', 'b', 'c'].map((runId) => queue.settle(settlementOfRun(runId))));

  expect(transactions()).toEqual([['a', 'b', 'c']]);
  expect(heard).toEqual(results);
});

test('settlements that arrive while a transaction is under way share the next one', async () => {
  const { call, open } = openCalls<Parameters<Answer>, BatchResult[]>();
  const { queue, transactions } = queueOn(call);
  const first = queue.settle(settlementOfRun('a'));
  await turnOfTheLoop();
  const later = Promise.all(['b', 'c'].map((runId) => queue.settle(settlementOfRun(runId))));
  await turnOfTheLoop();
  expect(transactions()).toEqual([['a']]);

  open[0]?.resolve(['settled']);
  expect(await first).toBe('settled');
  await turnOfTheLoop();
  open[1]?.resolve(['settled', 'requeued']);

  expect(await later).toEqual(['settled', 'requeued']);
  expect(transactions()).toEqual([['a'], ['b', 'c']]);
});

test('a transaction settles at most 64 runs', async () => {
  const { queue, transactions } = queueOn();
  await Promise.all(Array.from({ length: 130 }, (_, index) => queue.settle(settlementOfRun(String(index)))));
  expect(transactions().map((batch) => batch.length)).toEqual([64, 64, 2]);
});

const ofServer = (code: string) => Object.assign(new Error(`error ${code}`), { code, severity: 'ERROR' });
const endOf = (runId: string, outcome: Outcome) => {
  const settlement = settlementOf(outcome, 1, 1_000);
  return settlementOfRun(runId, settlement);
};
const head: HeadState = { checkpointId: 'c', next: [], interrupts: [], values: 'bad' };
const hasValues = ({ settlement }: OwnedSettlement) => settlement.kind === 'end' && settlement.details.values === 'bad';

test.each<[Outcome, Partial<Ending>, object]>([
  [
    { kind: 'succeeded', head, nothingToContinue: false },
    { type: 'run.failed', reason: 'graph_error' },
    { attempt: 1, graph_id: 'chat', reason: 'graph_error', error: { error: 'UnstorableOutcome' } },
  ],
  [
    { kind: 'interrupted', head, stop: { action: 'interrupt', reason: 'superseded', supersededBy: 'r' } },
    { type: 'run.interrupted', details: { reason: 'superseded', superseded_by: 'r' } },
    { attempt: 1, graph_id: 'chat' },
  ],
])(
  'an end that is refused for what it holds is settled without that, once, and the others are: %o',
  async (bad, as, told) => {
    const { queue, transactions, settlements, parsed, unstorable } = queueOn((batch) =>
      batch.some(hasValues) ? Promise.reject(ofServer('54001')) : Promise.resolve(batch.map(() => 'settled')),
    );
    const batch = [settlementOfRun('a'), endOf('bad', bad), settlementOfRun('c')];

    expect(await Promise.all(batch.map((one) => queue.settle(one)))).toEqual(['settled', 'settled', 'settled']);
    expect(transactions()[0]).toEqual(['a', 'bad', 'c']);
    const settled = settlements().filter(({ runId, ...owned }) => runId === 'bad' && !hasValues({ runId, ...owned }));
    expect(settled.map(({ settlement }) => settlement)).toEqual([expect.objectContaining(as)]);
    expect(inspect(settled, { depth: 9 })).not.toContain('error 54001');
    const refused = parsed().filter(({ msg }) => msg === 'settlement.refused');
    expect(refused).toMatchObject([{ level: 'error', run_id: 'bad', thread_id: 'thread of bad', ...told }]);
    expect(unstorable).toEqual('reason' in told ? ['bad'] : []);
  },
);

test('a settlement that our own code cannot write in any form fails alone, and the queue goes on', async () => {
  const { queue, settlements } = queueOn((batch) =>
    batch.some(({ runId }) => runId === 'bad')
      ? Promise.reject(new TypeError('refused'))
      : Promise.resolve(batch.map(() => 'settled')),
  );
  const bad = queue.settle(endOf('bad', { kind: 'timed_out', limitSeconds: 1 }));
  const good = queue.settle(settlementOfRun('good'));
  expect(queue.unsettledCount).toBe(2);
  await expect(bad).rejects.toThrow('refused');
  expect(await good).toBe('settled');
  expect(settlements().filter(({ runId }) => runId === 'bad')).toHaveLength(3);
  expect(await queue.settle(settlementOfRun('later'))).toBe('settled');
  expect(queue.unsettledCount).toBe(0);
});

test('an error that no settlement can cause, such as a lost grant, is waited out, and changes no outcome', async () => {
  let refusals = 4;
  const { queue, settlements, messages } = queueOn((batch) =>
    refusals-- > 0 ? Promise.reject(ofServer('42501')) : Promise.resolve(batch.map(() => 'settled')),
  );
  const owned = endOf('a', { kind: 'succeeded', head, nothingToContinue: false });
  expect(await queue.settle(owned)).toBe('settled');
  expect(settlements()).toEqual(Array.from({ length: 5 }, () => owned));
  expect(messages()).toContain('settlement.stopped');
});

test('while the database is away the same batch waits, longer each time, and no caller fails', async () => {
  let failures = 8;
  const { queue, transactions, delays, messages } = queueOn((settlements) =>
    failures-- > 0
      ? Promise.reject(new RetryableError('The database is not available.'))
      : Promise.resolve(settlements.map(() => 'settled')),
  );

  const heard = await Promise.all(['a', 'b'].map((runId) => queue.settle(settlementOfRun(runId))));

  expect(heard).toEqual(['settled', 'settled']);
  expect(transactions()).toEqual(Array.from({ length: 9 }, () => ['a', 'b']));
  expect(delays).toEqual([50, 100, 200, 400, 800, 1_600, 2_000, 2_000]);
  expect(messages()).toEqual(Array.from({ length: 8 }, () => 'settlement.waits_for_database'));
});

test('when the database goes away while a failed batch is taken apart, the settlements wait and none fails', async () => {
  const answers: (() => Promise<SettleResult[]>)[] = [
    () => Promise.reject(new Error('one of them is bad')),
    () => Promise.reject(new RetryableError('The database is not available.')),
    () => Promise.resolve(['settled']),
    () => Promise.resolve(['requeued']),
  ];
  const { queue, transactions } = queueOn(() => answers.shift()?.() ?? Promise.reject(new Error('not expected')));

  const heard = await Promise.all(['a', 'b'].map((runId) => queue.settle(settlementOfRun(runId))));

  expect(heard).toEqual(['settled', 'requeued']);
  expect(transactions()).toEqual([['a', 'b'], ['a'], ['a'], ['b']]);
});

test('a missing result counts as lost, because nothing is known to be written', async () => {
  const { queue } = queueOn(() => Promise.resolve([]));
  expect(await queue.settle(settlementOfRun('a'))).toBe('lost');
});

test('outcomes are passed on unchanged', async () => {
  const seen: OwnedSettlement[] = [];
  const { queue } = queueOn((settlements) => {
    seen.push(...settlements);
    return Promise.resolve(settlements.map(() => 'settled'));
  });
  const owned = settlementOfRun('a', { kind: 'requeue', spendsAttempt: true, isolate: true });
  await queue.settle(owned);
  expect(seen).toEqual([owned]);
});

test('a settlement that exceeds a limit of the database holds up no other, and is tried again alone', async () => {
  let isHeavy = true;
  const { queue, transactions, delays } = queueOn((settlements) =>
    isHeavy && settlements.some(({ runId }) => runId === 'heavy')
      ? Promise.reject(new OverrunError('The database took too long.'))
      : Promise.resolve(settlements.map(() => 'settled')),
  );
  let hasEnded = false;
  const heavy = queue.settle(settlementOfRun('heavy')).finally(() => (hasEnded = true));
  const others = Promise.all(['a', 'b'].map((runId) => queue.settle(settlementOfRun(runId))));
  expect(await others).toEqual(['settled', 'settled']);
  expect(await queue.settle(settlementOfRun('later'))).toBe('settled');
  expect(hasEnded).toBe(false);

  isHeavy = false;
  expect(await heavy).toBe('settled');
  expect(transactions().slice(0, 2)).toEqual([['heavy', 'a', 'b'], ['heavy']]);
  expect(delays[0]).toBe(1_000);
});

test('a settlement whose thread is locked waits alone', async () => {
  const { call, open } = openCalls<Parameters<Answer>, BatchResult[]>();
  const { queue, transactions } = queueOn((settlements) =>
    settlements.length > 1 ? Promise.resolve(['settled', 'held']) : call(settlements),
  );
  const [free, held] = ['free', 'held'].map((runId) => queue.settle(settlementOfRun(runId)));
  expect(await free).toBe('settled');
  const later = queue.settle(settlementOfRun('later'));
  await turnOfTheLoop();
  expect(transactions()).toEqual([['free', 'held'], ['held'], ['later']]);
  open[1]?.resolve(['settled']);
  expect(await later).toBe('settled');
  open[0]?.resolve(['successor_ready']);
  expect(await held).toBe('successor_ready');
});

test('the next transaction begins while one takes long', async () => {
  const { call, open } = openCalls<Parameters<Answer>, BatchResult[]>();
  const { queue } = queueOn((settlements) =>
    settlements[0]?.runId === 'slow' ? call(settlements) : Promise.resolve(['settled']),
  );
  const slow = queue.settle(settlementOfRun('slow'));
  await turnOfTheLoop();
  expect(await queue.settle(settlementOfRun('quick'))).toBe('settled');
  open[0]?.resolve(['settled']);
  expect(await slow).toBe('settled');
});

test('however many threads are locked, few settlements wait for them at the same time, and others go on', async () => {
  const { call, open } = openCalls<Parameters<Answer>, BatchResult[]>();
  const { queue } = queueOn((settlements) => {
    if (settlements.length > 1) return Promise.resolve(settlements.map(() => 'held'));
    return settlements[0]?.runId === 'free' ? Promise.resolve(['settled']) : call(settlements);
  });
  const held = Promise.all(Array.from({ length: 10 }, (_, index) => queue.settle(settlementOfRun(String(index)))));
  await turnOfTheLoop();
  expect(open).toHaveLength(2);
  expect(await queue.settle(settlementOfRun('free'))).toBe('settled');

  for (let index = 0; index < 10; index += 1) {
    open[index]?.resolve(['settled']);
    await turnOfTheLoop();
  }
  expect(await held).toEqual(Array.from({ length: 10 }, () => 'settled'));
});
