/**
 * Purpose   Spans of what a graph does: its supersteps, their nodes, and the models and tools that they call.
 * How       One callback in the config of the run, of the shape of LangChain's handlers. With it LangChain tracks every
 *           chain and node, so it is added only where the attempt's span is recorded.
 * Contents  None: no inputs, outputs, prompts or arguments.
 */
import { ATTRIBUTE, RUNLANE, parseTraceparent } from '@runlane/service-kit';
import type { SpanAttributes, SpanStart, TraceSpan, Tracing } from '@runlane/service-kit';
import type { ClaimedRun } from '../../../domain/run.ts';

/** LangGraph's work on the input before the first superstep. */
const START_NODE = '__start__';

type Metadata = Record<string, unknown> | undefined;
type Step = { span: TraceSpan; number: number; endedMs: number };

/** The handler for the callbacks of a run; null where its attempt is not traced. */
export function graphSpans(tracing: Tracing | null, run: Pick<ClaimedRun, 'traceparent'>): GraphSpans | null {
  const { traceparent } = run;
  if (tracing === null || traceparent === null || parseTraceparent(traceparent)?.isSampled !== true) return null;
  return new GraphSpans(tracing, traceparent);
}

export class GraphSpans {
  readonly name = 'runlane_spans';
  readonly awaitHandlers = true;
  readonly #tracing: Tracing;
  readonly #attempt: string;
  /** Spans by LangChain's id of the chain, model or tool that is executing. */
  readonly #open = new Map<string, TraceSpan>();
  /** The parent for children of something that has no span of its own, such as a chain within a node. */
  readonly #passing = new Map<string, string>();
  /** The superstep that is executing, by the id of its graph. */
  readonly #steps = new Map<string, Step>();
  /** The graph of a node that is executing. */
  readonly #graphOf = new Map<string, string>();

  constructor(tracing: Tracing, attempt: string) {
    this.#tracing = tracing;
    this.#attempt = attempt;
  }

  handleChainStart(
    _chain: unknown,
    _inputs: unknown,
    runId: string,
    parentId: string | undefined,
    _tags: unknown,
    metadata: Metadata,
    _type: unknown,
    name: unknown,
  ): void {
    const node = textOf(metadata?.['langgraph_node']);
    const step = metadata?.['langgraph_step'];
    const isNode = name === node && node !== START_NODE;
    if (node === null || !isNode || typeof step !== 'number' || parentId === undefined) {
      this.#passing.set(runId, this.#parentOf(parentId));
      return;
    }
    const parent = this.#step(parentId, step).span.traceparent;
    this.#start(runId, `node ${node}`, { parent, attributes: { [RUNLANE.node]: node, [RUNLANE.step]: step } });
    this.#graphOf.set(runId, parentId);
  }

  handleChainEnd(_outputs: unknown, runId: string): void {
    this.#end(runId);
  }

  handleChainError(error: unknown, runId: string): void {
    this.#end(runId, error);
  }

  handleChatModelStart(
    _model: unknown,
    _messages: unknown,
    runId: string,
    parentRunId: string | undefined,
    _extra: unknown,
    _tags: unknown,
    metadata: Metadata,
  ): void {
    const model = textOf(metadata?.['ls_model_name']);
    this.#start(runId, `chat${model === null ? '' : ` ${model}`}`, {
      kind: 'client',
      parent: this.#parentOf(parentRunId),
      attributes: {
        [ATTRIBUTE.genAiOperation]: 'chat',
        [ATTRIBUTE.genAiProvider]: textOf(metadata?.['ls_provider']),
        [ATTRIBUTE.requestModel]: model,
      },
    });
  }

  handleLLMEnd(output: unknown, runId: string): void {
    this.#open.get(runId)?.set(usageOf(output));
    this.#end(runId);
  }

  handleLLMError(error: unknown, runId: string): void {
    this.#end(runId, error);
  }

  handleToolStart(
    tool: unknown,
    _input: unknown,
    runId: string,
    parentRunId: string | undefined,
    _tags: unknown,
    _metadata: unknown,
    runName: unknown,
    toolCallId: unknown,
  ): void {
    const name = textOf(runName) ?? textOf(isObject(tool) ? tool['name'] : null) ?? 'tool';
    this.#start(runId, `execute_tool ${name}`, {
      parent: this.#parentOf(parentRunId),
      attributes: {
        [ATTRIBUTE.genAiOperation]: 'execute_tool',
        [ATTRIBUTE.toolName]: name,
        [ATTRIBUTE.toolCallId]: textOf(toolCallId),
      },
    });
  }

  handleToolEnd(_output: unknown, runId: string): void {
    this.#end(runId);
  }

  handleToolError(error: unknown, runId: string): void {
    this.#end(runId, error);
  }

  /** The attempt has ended, so spans that are still open end too. */
  close(): void {
    for (const { span, endedMs } of this.#steps.values()) span.end(endedMs);
    for (const span of this.#open.values()) span.end();
    this.#steps.clear();
    this.#open.clear();
  }

  #start(runId: string, name: string, start: SpanStart & { attributes: SpanAttributes }): void {
    this.#open.set(runId, this.#tracing.start(name, start));
  }

  #end(runId: string, error?: unknown): void {
    this.#passing.delete(runId);
    const step = this.#steps.get(this.#graphOf.get(runId) ?? '');
    if (step !== undefined) step.endedMs = Date.now();
    this.#graphOf.delete(runId);
    const own = this.#steps.get(runId);
    // The graph itself has ended; its last superstep ended with the last of its nodes.
    own?.span.end(own.endedMs);
    this.#steps.delete(runId);
    const span = this.#open.get(runId);
    if (error !== undefined && !isPause(error)) span?.fail(error instanceof Error ? error.name : 'error');
    span?.end();
    this.#open.delete(runId);
  }

  /** The superstep of a graph; the previous one ended with the last of its nodes. */
  #step(graphRunId: string, number: number): Step {
    const current = this.#steps.get(graphRunId);
    if (current?.number === number) return current;
    current?.span.end(current.endedMs);
    const span = this.#tracing.start(`superstep ${number}`, {
      parent: this.#parentOf(graphRunId),
      attributes: { [RUNLANE.step]: number },
    });
    const step = { span, number, endedMs: Date.now() };
    this.#steps.set(graphRunId, step);
    return step;
  }

  #parentOf(runId: string | undefined): string {
    if (runId === undefined) return this.#attempt;
    return this.#open.get(runId)?.traceparent ?? this.#passing.get(runId) ?? this.#attempt;
  }
}

/** By name: a project brings its own copy of LangGraph. A question to somebody is no failure, nor is a jump to a parent. */
function isPause(error: unknown): boolean {
  return error instanceof Error && /^(GraphInterrupt|NodeInterrupt|ParentCommand|GraphBubbleUp)$/.test(error.name);
}

function usageOf(output: unknown): SpanAttributes {
  const generations = isObject(output) ? output['generations'] : null;
  const first: unknown = Array.isArray(generations) && Array.isArray(generations[0]) ? generations[0][0] : null;
  const message = isObject(first) ? first['message'] : null;
  const usage = isObject(message) ? message['usage_metadata'] : null;
  const about = isObject(message) ? message['response_metadata'] : null;
  return {
    [ATTRIBUTE.inputTokens]: isObject(usage) ? countOf(usage['input_tokens']) : null,
    [ATTRIBUTE.outputTokens]: isObject(usage) ? countOf(usage['output_tokens']) : null,
    [ATTRIBUTE.responseModel]: isObject(about) ? textOf(about['model_name']) : null,
  };
}

function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
