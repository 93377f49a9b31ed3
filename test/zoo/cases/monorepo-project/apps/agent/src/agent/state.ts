import { Annotation } from '@langchain/langgraph';
export enum Mood {
  Kind = 'kind',
}
export const State = Annotation.Root({
  name: Annotation<string>,
  rows: Annotation<object[]>,
  said: Annotation<string>,
});
