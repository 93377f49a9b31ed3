/** Doubled: the ledger. Decides: what a batch asks it about the assistants that its requests name. */
import { assistantIdOfGraph } from '@runlane/contracts';
import { describe, expect, test } from 'vitest';
import { storedAssistant } from '../domain/factories.fixture.ts';
import { admission, cancel, request } from './received-batch.fixture.ts';

describe('stored assistants', () => {
  const ID = 'aaaaaaaa-0000-4000-8000-0000000000a5';
  const UNKNOWN = 'aaaaaaaa-0000-4000-8000-0000000000a6';

  test('are not read for a batch that names only graphs, or names that can only be graphs', async () => {
    const names = ['chat', assistantIdOfGraph('worker').toUpperCase(), 'nobody'];
    const { receive, ledger } = admission({
      readings: [
        ...names.map((name, offset) => request(offset, { assistant_id: name })),
        cancel(3, { thread_id: 't1' }),
      ],
    });
    await receive();
    expect(ledger.steps).not.toContainEqual(expect.stringMatching(/^assistants/));
  });

  test('are read once for a batch, in its transaction', async () => {
    const { receive, ledger, reports } = admission({
      readings: [ID, 'chat', UNKNOWN, ID.toUpperCase()].map((name, offset) => request(offset, { assistant_id: name })),
      assistants: [storedAssistant({ assistantId: ID })],
    });
    await receive();
    expect(ledger.steps).toEqual([
      'begin',
      'lock t1,t1,t1,t1',
      `assistants ${ID},${UNKNOWN}`,
      'served graphs',
      'write 4 runs',
      'position 3',
      'commit',
    ]);
    expect(reports).toMatchObject([{ admittedCount: 3, rejected: [{ reason: 'unknown_assistant' }] }]);
  });
});

describe('graphs of other deployments', () => {
  const ID = 'aaaaaaaa-0000-4000-8000-0000000000a5';

  test('are not read for a batch whose names are found without them', async () => {
    const { receive, ledger, reports } = admission({
      readings: ['chat', ID].map((name, offset) => request(offset, { assistant_id: name })),
      assistants: [storedAssistant({ assistantId: ID })],
    });
    await receive();
    expect(ledger.steps).not.toContain('served graphs');
    expect(reports).toMatchObject([{ admittedCount: 2, rejected: [] }]);
  });

  test('are found, and so are their stored assistants', async () => {
    const { receive, reports } = admission({
      readings: ['other', ID, 'nobody'].map((name, offset) => request(offset, { assistant_id: name })),
      assistants: [storedAssistant({ assistantId: ID, graphId: 'other' })],
      servedGraphs: ['other'],
    });
    await receive();
    expect(reports).toMatchObject([{ admittedCount: 2, rejected: [{ reason: 'unknown_assistant' }] }]);
  });
});
