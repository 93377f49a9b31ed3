/** The order of operations, and how each ends. Doubled: the writer, which fails on request. */
import { expect, test } from 'vitest';
import type { CheckpointBatch, Operation } from './checkpoint-batch.ts';
import { GroupCommit, defaultLimits } from './group-commit.ts';
import type { GroupCommitOptions } from './group-commit.ts';
import type { Claim } from './claim.ts';

const away = () => Object.assign(new Error('gone'), { code: 'ECONNRESET' });
const said = (code: string) => Object.assign(new Error(`the server said ${code}`), { code, severity: 'ERROR' });

const claimOf = (runId: string): Claim => ({ runId, fencingToken: 1n });

/** A checkpoint of the run, named so that a batch tells what it carries. */
function put(claim: Claim, checkpointId: string, bytes = 1): Operation {
  const checkpoint = { threadId: claim.runId, namespace: '', checkpointId, parentId: null, metadata: '{}' };
  return {
    kind: 'put',
    claim,
    checkpoint: { ...checkpoint, checkpoint: 'x'.repeat(bytes) },
    blobs: [],
    beginsNamespace: false,
  };
}

/** Commits through a writer that fails while `failure` says so; `landed` are the checkpoints in the order of writing. */
function commitsOf(failure: (batch: CheckpointBatch, count: number) => Error | null, options: GroupCommitOptions = {}) {
  const landed: string[] = [];
  const tries: string[][] = [];
  const commits = new GroupCommit(
    async (batch) => {
      const ids = batch.checkpoints.map(({ checkpointId }) => checkpointId);
      tries.push(ids);
      const error = failure(batch, tries.length);
      if (error !== null) throw error;
      landed.push(...ids);
      return batch.claims;
    },
    { delay: () => Promise.resolve(), ...options },
  );
  return { commits, landed, tries };
}

const statuses = async (operations: Promise<void>[]) =>
  (await Promise.allSettled(operations)).map(({ status }) => status);

test('during an outage operations are kept, and written again in their order', async () => {
  const { commits, landed, tries } = commitsOf((_batch, count) => (count <= 5 ? away() : null));
  const [a, b] = [claimOf('a'), claimOf('b')];
  const first = [commits.submit(put(a, 'a1')), commits.submit(put(b, 'b1')), commits.submit(put(a, 'a2'))];
  expect(await statuses([...first, commits.submit(put(b, 'b2'))])).toEqual(Array(4).fill('fulfilled'));
  expect(landed).toEqual(['a1', 'b1', 'a2', 'b2']);
  expect(tries.slice(0, 6)).toEqual(Array(6).fill(['a1', 'b1', 'a2', 'b2']));
});

test('when a claim is released during an outage, its operations fail immediately, and the others are still written', async () => {
  let isAway = true;
  const held = Promise.withResolvers<void>();
  const { commits, landed } = commitsOf(() => (isAway ? away() : null), {
    onHeld: () => held.resolve(),
    delay: () => new Promise((resolve) => setTimeout(resolve, 5)),
  });
  const [lost, kept] = [claimOf('lost'), claimOf('kept')];
  const [first, other] = [commits.submit(put(lost, 'l1')), commits.submit(put(kept, 'k1'))];
  first.catch(() => undefined); // awaited below
  await held.promise;
  const behind = commits.submit(put(lost, 'l2'));
  behind.catch(() => undefined); // awaited below
  commits.letGo(lost);
  await expect(first).rejects.toThrow('gone');
  await expect(behind).rejects.toThrow('gone');
  await expect(commits.submit(put(lost, 'l3'))).rejects.toThrow('gone');
  isAway = false;
  await other;
  expect(landed).toEqual(['k1']);
});

test('without an outage the operations of a released claim are still written', async () => {
  const { commits, landed } = commitsOf(() => null);
  const claim = claimOf('a');
  const writing = commits.submit(put(claim, 'a1'));
  commits.letGo(claim);
  await writing;
  await commits.submit(put(claim, 'a2'));
  expect(landed).toEqual(['a1', 'a2']);
});

test('a refused value fails its own claim, with everything that the claim writes later', async () => {
  const { commits, landed } = commitsOf((batch) =>
    batch.checkpoints.some(({ checkpointId }) => checkpointId === 'bad') ? said('22P05') : null,
  );
  const [bad, good] = [claimOf('bad'), claimOf('good')];
  const writes = [
    commits.submit(put(bad, 'bad')),
    commits.submit(put(good, 'g1')),
    commits.submit(put(bad, 'later')),
    commits.submit(put(good, 'g2')),
  ];
  expect(await statuses(writes)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
  expect(landed).toEqual(['g1', 'g2']);
});

test.each(['57014', '55P03', '53400', '53200', '58030'])(
  'an operation that always overruns its limits (%s) is tried alone a few times, and does not hold up the others for ever',
  async (code) => {
    const { commits, landed, tries } = commitsOf((batch) =>
      batch.checkpoints.some(({ checkpointId }) => checkpointId === 'heavy') ? said(code) : null,
    );
    const writes = [commits.submit(put(claimOf('a'), 'heavy')), commits.submit(put(claimOf('b'), 'b1'))];
    expect(await statuses(writes)).toEqual(['rejected', 'fulfilled']);
    expect(landed).toEqual(['b1']);
    expect(tries.filter((ids) => ids.length === 1 && ids[0] === 'heavy')).toHaveLength(3);
  },
);

test.each(['53100', '53300', '57P01', '57P03', '25006'])(
  '%s counts as an outage, however long it lasts',
  async (code) => {
    const { commits, landed } = commitsOf((_batch, count) => (count <= 20 ? said(code) : null));
    await commits.submit(put(claimOf('a'), 'a1'));
    expect(landed).toEqual(['a1']);
  },
);

test('is over its budget only while an outage keeps more operations than the budget', async () => {
  let isAway = true;
  const held = Promise.withResolvers<void>();
  const { commits } = commitsOf(() => (isAway ? away() : null), {
    limits: { ...defaultLimits, maxHeldBytes: 1_000 },
    onHeld: () => held.resolve(),
    delay: () => new Promise((resolve) => setTimeout(resolve, 5)),
  });
  const claim = claimOf('a');
  const writes = [commits.submit(put(claim, 'a1', 600))];
  await held.promise;
  expect(commits.isOverBudget).toBe(false);
  writes.push(commits.submit(put(claim, 'a2', 600)));
  expect(commits.isOverBudget).toBe(true);
  isAway = false;
  await Promise.all(writes);
  expect(commits.isOverBudget).toBe(false);
  const large = commits.submit(put(claim, 'a3', 2_000));
  expect(commits.isOverBudget).toBe(false);
  await large;
});
