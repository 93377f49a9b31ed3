/** Retrieval that grades what it finds and asks anew with other words. */
import type { Document } from '@langchain/core/documents';
import { StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { FakeVectorStore, SyntheticEmbeddings } from '@langchain/core/utils/testing';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { Scripted } from '../lib/scripted.ts';

const State = Annotation.Root({
  question: Annotation<string>,
  documents: Annotation<Document[]>({ reducer: (_, next) => next, default: () => [] }),
  tries: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }),
  generation: Annotation<string>,
});
const store = await FakeVectorStore.fromTexts(
  ['cats sleep', 'dogs bark', 'owls see'],
  [{ id: 1 }, { id: 2 }, { id: 3 }],
  new SyntheticEmbeddings({ vectorSize: 8 }),
);
const retriever = store.asRetriever({ k: 2, tags: ['animals'] });
const rewriter = ChatPromptTemplate.fromMessages([
  ['system', 'Rewrite the question.'],
  ['human', '{question}'],
])
  .pipe(new Scripted((messages) => `again: ${messages.at(-1)!.text}`))
  .pipe(new StringOutputParser());
const rag = ChatPromptTemplate.fromTemplate('Answer {question} from {context}')
  .pipe(new Scripted((messages) => `from ${messages[0]!.text.length} characters`))
  .pipe(new StringOutputParser());

export const graph = new StateGraph(State)
  .addNode('retrieve', async ({ question }) => ({ documents: await retriever.invoke(question), tries: 1 }))
  .addNode('grade', ({ documents, tries }) => ({ documents: tries > 1 ? documents : [] }))
  .addNode('rewrite', async ({ question }) => ({ question: await rewriter.invoke({ question }) }))
  .addNode('generate', async ({ question, documents }) => ({
    generation: await rag.invoke({ question, context: documents.map((document) => document.pageContent).join() }),
  }))
  .addEdge(START, 'retrieve')
  .addEdge('retrieve', 'grade')
  .addConditionalEdges('grade', ({ documents }) => (documents.length > 0 ? 'generate' : 'rewrite'), [
    'generate',
    'rewrite',
  ])
  .addEdge('rewrite', 'retrieve')
  .addEdge('generate', END)
  .compile({ name: 'Retrieval' });
