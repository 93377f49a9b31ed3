import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const POM = join(import.meta.dirname, '..', 'strimzi', 'pom.xml');
const KINDS = ['kafka.Kafka', 'nodepool.KafkaNodePool', 'topic.KafkaTopic', 'user.KafkaUser'];
/** After a change of this file the definitions are made anew. */
const DEFINITIONS_VERSION = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12);
const OLDEST_JAVA = 21;
/** Where Linux distributions keep the versions of Java that are not on PATH. */
const OTHER_JAVAS = '/usr/lib/jvm';

/** Why Strimzi's schemas cannot be made on this machine: one sentence, or null where they can. */
export function strimziObstacle(): string | null {
  if (existsSync(definitionsFolder())) return null;
  if (javaForStrimzi() === null) {
    return `no Java of ${OLDEST_JAVA} or newer is in JAVA_HOME, on PATH or in ${OTHER_JAVAS}; install one for the schemas of Strimzi.`;
  }
  try {
    execFileSync('mvn', ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'mvn is not on this machine; install Apache Maven to fetch the schemas of Strimzi.';
  }
}

/**
 * Files with Strimzi's CustomResourceDefinitions, which are made once and kept in the user's cache (`RUNLANE_CACHE_DIR`,
 * else `$XDG_CACHE_HOME/runlane`, else `~/.cache/runlane`).
 *
 * Thrown: what Maven or Java says; Error where `strimziObstacle` has one.
 */
export async function strimziDefinitions(): Promise<string[]> {
  const folder = definitionsFolder();
  if (!existsSync(folder)) await makeDefinitions(folder);
  return readdirSync(folder).map((file) => join(folder, file));
}

/** It appears complete or not at all; two makers at the same time cost only time. */
async function makeDefinitions(folder: string): Promise<void> {
  const java = javaForStrimzi();
  if (java === null) throw new Error(strimziObstacle() ?? 'Java has gone');
  await mkdir(join(folder, '..'), { recursive: true });
  const partial = await mkdtemp(`${folder}.partial-`);
  const [libraries, definitions] = [join(partial, 'lib'), join(partial, 'definitions')];
  try {
    await mkdir(definitions);
    const run = promisify(execFile);
    await run('mvn', ['-B', '-q', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${libraries}`]);
    const classes = KINDS.map((kind) => {
      return `io.strimzi.api.kafka.model.${kind}=${join(definitions, `${kind.split('.')[1]}.yaml`)}`;
    });
    const options = ['--yaml', '--target-kube', '1.25+', '--crd-api-version', 'v1'];
    await run(java, ['-cp', join(libraries, '*'), 'io.strimzi.crdgenerator.CrdGenerator', ...options, ...classes]);
    if (!existsSync(folder)) await rename(definitions, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

function definitionsFolder(): string {
  const { env } = process;
  const cache = env['RUNLANE_CACHE_DIR'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'runlane');
  return join(cache, `strimzi-${DEFINITIONS_VERSION}`);
}

function javaForStrimzi(): string | null {
  const home = process.env['JAVA_HOME'];
  const others = existsSync(OTHER_JAVAS) ? readdirSync(OTHER_JAVAS).map((name) => join(OTHER_JAVAS, name)) : [];
  const homes = [...(home ? [home] : []), ...others].map((folder) => join(folder, 'bin', 'java'));
  return ['java', ...homes].find((java) => majorOf(java) >= OLDEST_JAVA) ?? null;
}

/** 0 for what does not run. */
function majorOf(java: string): number {
  try {
    const answer = execFileSync(java, ['--version'], { stdio: 'pipe' }).toString();
    return Number(/\b(\d+)(\.|-|\s)/.exec(answer)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
