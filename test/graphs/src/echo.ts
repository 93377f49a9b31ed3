/** Ends with its input, whatever that is: a graph of the functional API has no schema that could refuse it. */
import { entrypoint } from '@langchain/langgraph';

export const graph = entrypoint('echo', async (input: unknown) => ({ received: input }));
