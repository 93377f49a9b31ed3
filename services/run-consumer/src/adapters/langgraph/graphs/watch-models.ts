/**
 * Purpose   Gives every chat model that a run calls one callback, which counts what the model has used.
 * How       Chat models, and nothing else that runs often, take their callbacks from `CallbackManager.configure`. It is wrapped
 *           once in each copy of LangChain that graphs use. A callback in the config of the run would reach the models too,
 * but LangChain then tracks each chain and node as well, which was measured to cost 50 % more CPU for a graph of two nodes
 *           without a model.
 * Reach     Models of a copy of LangChain that is reachable neither from the graph's file nor from its LangGraph are not seen.
 */
import { importedCopy, manifestOf, requiredBefore } from '../project/module-copies.ts';
import { currentMeter } from './usage-meter.ts';
import type { UsageMeter } from './usage-meter.ts';

const CORE = '@langchain/core';
const ENTRY = 'callbacks/manager';
const LANGGRAPH = '@langchain/langgraph';

type ModelRun = { runId?: string | undefined };
type Manager = {
  addHandler: (handler: object, inherit?: boolean) => void;
  handleChatModelStart: (...parts: unknown[]) => Promise<ModelRun[]>;
};
type ManagerClass = { new (): Manager; configure: (...parts: unknown[]) => Manager | undefined };

const wrapped = new WeakSet<object>();

/**
 * Call this when the module of a graph is loaded.
 *
 * @param graphFile the file that exports the graph
 */
export async function meterModels(graphFile: string): Promise<void> {
  const langgraph = manifestOf(LANGGRAPH, graphFile);
  const places = langgraph === null ? [graphFile] : [graphFile, langgraph];
  for (const place of places) {
    const imported = importedCopy(CORE, `./${ENTRY}`, place);
    if (imported !== null) wrapIn(await import(imported));
    wrapIn(requiredBefore(`${CORE}/${ENTRY}`, place));
  }
}

function wrapIn(copy: unknown): void {
  if (typeof copy !== 'object' || copy === null) return;
  const found: unknown = Reflect.get(copy, 'CallbackManager');
  if (!isManagerClass(found))
    throw new Error(`This version of ${CORE} has another CallbackManager: adapt watch-models.ts.`);
  if (wrapped.has(found)) return;
  wrapped.add(found);
  const { configure } = found;
  found.configure = function configureMetered(...parts: unknown[]): Manager | undefined {
    const manager: Manager | undefined = Reflect.apply(configure, found, parts);
    const meter = currentMeter();
    const asked = meter === null ? null : chatModelOf(parts[INHERITABLE_METADATA]);
    if (meter === null || asked === null) return manager;
    const own = manager ?? unnoticed(new found());
    // Not inherited: a model that this one calls gets its own.
    own.addHandler(callbackOf(meter, asked.name), false);
    return own;
  };
}

/**
 * A manager for a model without other callbacks. Its runs have no id: LangChain would name the model's messages by that id,
 * and without callbacks it names them differently.
 */
function unnoticed(manager: Manager): Manager {
  const start = manager.handleChatModelStart.bind(manager);
  manager.handleChatModelStart = async (...parts) => {
    const runs = await start(...parts);
    for (const run of runs) run.runId = undefined;
    return runs;
  };
  return manager;
}

/** Index of the parameter in which a chat model describes itself. */
const INHERITABLE_METADATA = 4;

function chatModelOf(metadata: unknown): { name: string | null } | null {
  if (typeof metadata !== 'object' || metadata === null || Reflect.get(metadata, 'ls_model_type') !== 'chat')
    return null;
  const name: unknown = Reflect.get(metadata, 'ls_model_name');
  return { name: typeof name === 'string' ? name : null };
}

/** Of the shape of LangChain's handlers: its class differs from copy to copy. */
function callbackOf(meter: UsageMeter, name: string | null): object {
  return {
    name: 'runlane_usage',
    ignoreLLM: false,
    ignoreChain: true,
    ignoreAgent: true,
    ignoreRetriever: true,
    ignoreCustomEvent: true,
    // The run may end and be settled before a background callback is called.
    awaitHandlers: true,
    handleLLMEnd: (
      result: unknown,
      _runId: unknown,
      _parent: unknown,
      _tags: unknown,
      extra?: { cached?: boolean },
    ) => {
      if (extra?.cached !== true) meter.note(result, name);
    },
  };
}

function isManagerClass(value: unknown): value is ManagerClass {
  return typeof value === 'function' && 'configure' in value && typeof value.configure === 'function';
}
