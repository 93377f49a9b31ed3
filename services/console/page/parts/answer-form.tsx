/** A form for the answer to a question: made from its schema, or for text or JSON when it has none. */
import Form from '@rjsf/core/lib/components/Form.js';
import type { RJSFSchema, UiSchema } from '@rjsf/utils';
import { useId, useState } from 'react';
import type { FormEvent, ReactNode } from 'react';
import { useAct, useSession } from '../api.ts';
import { Boundary } from './boundary.tsx';
import { undrawable } from './drawable-schema.ts';
import { useNotify } from './notices.tsx';
import { Value } from './parts.tsx';
import { validator } from './schema-validator.ts';

export type AnswerFormProps = {
  threadId: string;
  assistantId: string;
  questionId: string | null;
  /** Undefined: any answer is valid. */
  schema: unknown;
};

const UI: UiSchema = { 'ui:submitButtonOptions': { submitText: 'Answer' } };

export function AnswerForm({ threadId, assistantId, questionId, schema }: AnswerFormProps): ReactNode {
  const acting = useAct('answer');
  const notify = useNotify();
  if (useSession().data?.canAct !== true) return null;
  const answer = (value: unknown): void => {
    const id = `${threadId}/${questionId ?? ''}`;
    acting.mutate(
      { threadId, assistantId, questionId, answer: value },
      {
        onSuccess: ({ runId }) => notify({ id, threadId, problem: null, runId }),
        onError: (problem) => notify({ id, threadId, problem }),
      },
    );
  };
  const free = <FreeAnswer isBusy={acting.isPending} onAnswer={answer} />;
  if (!isSchema(schema)) return <div className="answer">{free}</div>;
  const problem = undrawable(schema);
  if (problem !== null) {
    return (
      <div className="answer">
        <p className="faint">There is no form for this question, because {problem}. Answer in JSON.</p>
        <Value of={schema} label="Schema of the answer" />
        {free}
      </div>
    );
  }
  return (
    <div className="answer">
      <Boundary instead={free}>
        <Form
          schema={schema}
          uiSchema={UI}
          validator={validator}
          disabled={acting.isPending}
          idPrefix={`answer-${questionId ?? threadId}`}
          showErrorList={false}
          noHtml5Validate
          onError={shownAtTheirFields}
          onSubmit={({ formData }) => answer(formData)}
        />
      </Boundary>
    </div>
  );
}

/** Without this handler the form writes its errors to the browser's console. */
function shownAtTheirFields(): void {}

function FreeAnswer({ isBusy, onAnswer }: { isBusy: boolean; onAnswer: (value: unknown) => void }): ReactNode {
  const [text, setText] = useState('');
  const [isJson, setIsJson] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const id = useId();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const read = readAnswer(text, isJson);
    setProblem(read.problem);
    if (read.problem === null) onAnswer(read.value);
  };
  return (
    <form onSubmit={submit}>
      <label htmlFor={id}>Answer</label>
      <textarea
        id={id}
        rows={2}
        value={text}
        aria-invalid={problem === null ? undefined : true}
        aria-describedby={problem === null ? undefined : `${id}-problem`}
        onChange={({ target }) => setText(target.value)}
      />
      {problem !== null && (
        <small id={`${id}-problem`} className="failure">
          {problem}
        </small>
      )}
      <div className="row">
        <label>
          <input type="checkbox" checked={isJson} onChange={({ target }) => setIsJson(target.checked)} />
          It is JSON
        </label>
        <button type="submit" disabled={isBusy} aria-busy={isBusy}>
          Answer
        </button>
      </div>
    </form>
  );
}

/** The input, as the graph gets it. */
function readAnswer(text: string, isJson: boolean): { problem: string } | { problem: null; value: unknown } {
  if (!isJson) return text === '' ? { problem: 'Write an answer.' } : { problem: null, value: text };
  try {
    const value: unknown = JSON.parse(text);
    return value === null ? { problem: 'An answer is any JSON but null.' } : { problem: null, value };
  } catch (error) {
    return { problem: `That is no JSON: ${String(error)}` };
  }
}

function isSchema(schema: unknown): schema is RJSFSchema {
  return typeof schema === 'object' && schema !== null && !Array.isArray(schema);
}
