import { describe, expect, it } from 'vitest';
import { parseRunCancel, parseRunCreate, parseRunStatusEvent } from './index.ts';
import type { Json } from './index.ts';

// Pure, nothing is doubled. Decides: the text that a producer finds in dlq.error.message.

const SECRET = 'hunter2';

describe('the problems of an invalid request', () => {
  it('say where, what is wrong and what to send', () => {
    const request = { assistant_id: 7, config: { tags: 'a', recursion_limit: 0.5 }, thread_id: '', after_seconds: -1 };
    expect(problemsIn(request)).toEqual([
      'thread_id: is empty. Expected: A text of 1 to 255 code points without control characters, or null for a stateless run.',
      'assistant_id: is a number. Expected: The UUID of an assistant, or a graph name: a text, required.',
      'config.tags: does not fit (it is a text). Expected: A list of texts.',
      'config.recursion_limit: does not fit (it is a number). Expected: A whole number from 1.',
      'after_seconds: is too small. Expected: Seconds to wait before the run joins its lane: a number from 0 to 315360000 (ten years).',
    ]);
  });

  it('suggest the field that was probably meant', () => {
    const request = {
      assistant_id: 'a',
      config: { recursionLimit: 3, callbacks: [] },
      command: { goto: 'a', go_to: 'a' },
    };
    expect(problemsIn(request)).toEqual([
      'config: has unknown fields: "recursionLimit" (did you mean recursion_limit?), "callbacks". Remove them; known are tags, recursion_limit, configurable',
      'command: has unknown fields: "go_to" (did you mean goto?). Remove them; known are resume, update, goto',
    ]);
  });

  it('name every combination that is broken', () => {
    const request = { assistant_id: 'a', input: 1, command: {}, webhook_events: ['run.failed'] };
    expect(problemsIn(request)).toEqual([
      'command: does not go with input; send one of the two',
      'command: is empty; send resume, update or goto in it, or leave it out',
      'webhook_events: needs a webhook; send the URL, or leave webhook_events out',
    ]);
  });

  it('are at most ten, and the last of them counts the remaining ones', () => {
    const fields = 'thread_id assistant_id metadata config context checkpoint_id interrupt_before interrupt_after';
    const others = 'webhook multitask_strategy run_id durability stream_mode';
    const wrong = Object.fromEntries(`${fields} ${others}`.split(' ').map((field) => [field, 1]));
    const problems = problemsIn(wrong);
    expect(problems).toHaveLength(10);
    expect(problems.at(-1)).toBe('and 4 more problems');
  });

  it('are short, however many and long the unknown fields are', () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`${i}-${'x'.repeat(200)}`, null]));
    const [problem, ...others] = problemsIn({ assistant_id: 'a', ...many });
    expect(others).toEqual([]);
    expect(problem).toContain('and 9997 more');
    expect(problem?.length).toBeLessThan(600);
  });

  it('never hold a value, which may be secret', () => {
    const values: Json[] = [SECRET, [SECRET], { a: SECRET }, [[SECRET, SECRET, SECRET]], [{ node: [SECRET] }]];
    const fields = ['thread_id', 'metadata', 'config', 'context', 'interrupt_before', 'webhook', 'multitask_strategy'];
    const more = [
      'run_id',
      'command',
      'if_not_exists',
      'on_completion',
      'after_seconds',
      'durability',
      'webhook_events',
    ];
    const parsers = [problemsIn, cancelProblemsIn, eventProblemsIn];
    const problems = [...fields, ...more, 'type', 'interrupts'].flatMap((field) =>
      values.flatMap((value) => [
        ...parsers.flatMap((parse) => parse({ [field]: value })),
        ...problemsIn({ assistant_id: 'a', config: { tags: value, configurable: SECRET, recursion_limit: SECRET } }),
        ...problemsIn({ assistant_id: 'a', command: { update: SECRET, goto: value } }),
      ]),
    );
    expect(problems.length).toBeGreaterThan(100);
    expect(problems.filter((problem) => problem.includes(SECRET))).toEqual([]);
  });

  it('are found cheaply, however many elements of a list are wrong', () => {
    const long: Json = Array.from({ length: 1_000_000 }, () => 1);
    const before = process.cpuUsage();
    const problems = problemsIn({
      assistant_id: 'a',
      config: { tags: long },
      interrupt_before: long,
      command: { goto: long, update: long },
    });
    expect(problems).toHaveLength(4);
    const { user, system } = process.cpuUsage(before);
    expect(user + system).toBeLessThan(1_000_000);
  });
});

function problemsIn(json: Json): string[] {
  const verdict = parseRunCreate(json);
  return verdict.kind === 'invalid' ? verdict.problems : [];
}

function cancelProblemsIn(json: Json): string[] {
  const verdict = parseRunCancel(json);
  return verdict.kind === 'invalid' ? verdict.problems : [];
}

function eventProblemsIn(json: Json): string[] {
  const verdict = parseRunStatusEvent(json);
  return verdict.kind === 'invalid' ? verdict.problems : [];
}
