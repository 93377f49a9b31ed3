/** The store of the service replaces a store of the project, and not in silence if that one searches by vectors. */
import { InMemoryStore } from '@langchain/langgraph';
import { expect, test } from 'vitest';
import { ownIndexWarning } from './own-index.ts';

const embeddings = { embedQuery: async () => [1], embedDocuments: async (texts: string[]) => texts.map(() => [1]) };

test('an index of vectors that runs would lose is reported', () => {
  const store = new InMemoryStore({ index: { dims: 1, embeddings: embeddings as never } });
  expect(ownIndexWarning({ store })).toMatch(/index of vectors.*store\.index of langgraph\.json/);
});

test.each([undefined, new InMemoryStore(), {}, null, 'text'])('%s has no such index', (store) => {
  expect(ownIndexWarning({ store })).toBeNull();
});
