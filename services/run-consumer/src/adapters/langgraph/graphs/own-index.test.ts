/** A store of a project's own gives way to the service's; one that searches by vectors does not do so in silence. */
import { InMemoryStore } from '@langchain/langgraph';
import { expect, test } from 'vitest';
import { ownIndexWarning } from './own-index.ts';

const embeddings = { embedQuery: async () => [1], embedDocuments: async (texts: string[]) => texts.map(() => [1]) };

test('an index of vectors that runs would lose is named', () => {
  const store = new InMemoryStore({ index: { dims: 1, embeddings: embeddings as never } });
  expect(ownIndexWarning({ store })).toMatch(/index of vectors.*store\.index of langgraph\.json/);
});

test.each([undefined, new InMemoryStore(), {}, null, 'text'])('%s has no such index', (store) => {
  expect(ownIndexWarning({ store })).toBeNull();
});
