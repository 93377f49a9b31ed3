/** What this machine has: configuration, Node, the project with its graphs. */
import {
  loadConfig,
  kafkaSecurityProblems,
  ConfigError,
  unknownRunlaneVariables,
  runlaneVariables,
} from '@runlane/service-kit';
import { checkGraphs } from '@runlane/run-consumer/check-graphs';
import type { Environment } from '../settings.ts';
import { looking, ok, problem, skipped, warning } from './check.ts';
import type { Check } from './check.ts';

const NODE_MAJOR = 24;
/** For a variable that only one of the services needs. */
const NOT_SET = /^\w+ is not set/;

export function checkNode(version: string): Check[] {
  const major = Number(version.replace(/^v/, '').split('.')[0]);
  if (major >= NODE_MAJOR) return [ok('Node', version)];
  return [problem('Node', `${version} is too old for the services, which need ${NODE_MAJOR} or newer.`)];
}

/** Every variable that the services read; what only one of them needs may be missing here. */
export function checkConfiguration(environment: Environment): Check[] {
  const unknown = unknownRunlaneVariables(environment).map((name) =>
    warning('configuration', `${name} is unknown. Correct its name, or remove it.`),
  );
  try {
    loadConfig(runlaneVariables, environment, kafkaSecurityProblems);
    return unknown.length > 0 ? unknown : [ok('configuration', 'every variable is known and can be read')];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [
      ...unknown,
      ...error.problems.map((text) => (NOT_SET.test(text) ? warning : problem)('configuration', text)),
    ];
  }
}

/** Whether the graphs load, as the services would load them. */
export async function checkProject(environment: Environment): Promise<Check[]> {
  const path = environment['LANGGRAPH_CONFIG']?.trim();
  if (!path) return [skipped('graphs', 'LANGGRAPH_CONFIG is not set.')];
  return looking('graphs', '', async () => {
    const { graphs, warnings } = await checkGraphs(path, { ...process.env, ...environment });
    return [
      ...warnings.map((text) => warning('graphs', text)),
      ...graphs.map(({ graphId, problem: text }) =>
        text === null ? ok(`graph ${graphId}`, 'loads') : problem(`graph ${graphId}`, text),
      ),
    ];
  });
}
