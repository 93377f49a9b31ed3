import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, fetchArtefact, postgresBinaries, runTool } from '@runlane/local';
import { Missing } from '../part.ts';
import type { Proof } from '../part.ts';
import { prometheusProgram } from '../observing-programs.ts';
import { isOnPath } from './engine.ts';
import type { Engine } from './engine.ts';

/** Recipes of images that stand in for official ones, where no registry has those. */
const STAND_INS = join(import.meta.dirname, '..', '..', 'stand-ins');

/** Images by the service of compose.yaml that starts them. */
export type ServerImages = Record<(typeof SERVERS)[number], string>;

const SERVERS = ['kafka', 'postgres', 'registry', 'prometheus', 'grafana'] as const;

/**
 * Makes a stand-in for Node's image, and returns its name. What it is made of comes from Debian and npm, and is kept in the
 * user's cache.
 *
 * Thrown: Missing.
 */
export async function standInBase(proof: Proof, engine: Engine): Promise<string> {
  if (process.getuid?.() !== 0 || !isOnPath('debootstrap')) {
    throw new Missing(
      'no registry of images is asked in an engine of our own, and a stand-in needs root and debootstrap.',
    );
  }
  const script = join(STAND_INS, 'base.sh');
  const version = createHash('sha256').update(readFileSync(script)).update(process.version).digest('hex').slice(0, 12);
  const file = join(cacheDirectory(process.env), `prove-base-${version}.tar`);
  if (!existsSync(file)) {
    proof.tell('making a base of Debian once, which takes minutes');
    await mkdir(cacheDirectory(process.env), { recursive: true });
    await runTool(script, [`${file}.partial`, process.execPath], { signal: proof.signal });
    await rename(`${file}.partial`, file);
  }
  // Where the network is looked into, Node has to trust who does.
  const trusts = 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt';
  await engine.docker('import', '--change', 'CMD ["node"]', '--change', trusts, file, 'stand-in-base');
  return 'stand-in-base';
}

/**
 * Makes stand-ins for the servers of compose.yaml, out of what the tests run and, for Prometheus, out of what Go builds. Grafana's only
 * reads what is mounted for it.
 */
export async function standInServers(proof: Proof, engine: Engine): Promise<ServerImages> {
  const options = { dataDir: proof.folder, signal: proof.signal };
  const parts: Record<(typeof SERVERS)[number], { from: string; to: string } | null> = {
    kafka: { from: await fetchArtefact('kafka', options), to: 'jars' },
    postgres: { from: await postgresBinaries({}), to: 'server' },
    registry: { from: await fetchArtefact('registry', options), to: 'registry' },
    prometheus: { from: await prometheusProgram(proof), to: 'prometheus' },
    grafana: null,
  };
  await engine.build('--tag=stand-in-java', join(STAND_INS, 'java'));
  for (const name of SERVERS) {
    const context = join(proof.folder, `context-${name}`);
    await cp(join(STAND_INS, name), context, { recursive: true });
    const added = parts[name];
    if (added !== null) await cp(added.from, join(context, added.to), { recursive: true, verbatimSymlinks: true });
    await engine.build(`--tag=stand-in-${name}`, context);
    await rm(context, { recursive: true });
  }
  return Object.fromEntries(SERVERS.map((name) => [name, `stand-in-${name}`])) as ServerImages;
}
