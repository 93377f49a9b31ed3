/**
 * Runs one of the project's programs with the project's own Node and pnpm, installing them and the workspace first.
 *
 *   node infra/scripts/with-toolchain.mjs <file.ts> [arguments…]
 *   node infra/scripts/with-toolchain.mjs --bin <name in node_modules/.bin> [arguments…]
 *
 * It is the only file that must run on the Node a machine happens to have (20 or newer), so it is plain JavaScript
 * without dependencies. Node and pnpm come from the npm registry into `.runlane/toolchain`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_VERSION = '24.21.0';
const parent = process.ppid;
const root = fileURLToPath(new URL('../../', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const pnpmVersion = manifest.packageManager.split('@')[1];
const toolchain = join(root, '.runlane', 'toolchain');
const toolchainBin = join(toolchain, 'node_modules', '.bin');
const environment = {
  ...process.env,
  // Half of the time that a command takes to begin is Node compiling the same modules again.
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, '.runlane', 'compiled'),
  PATH: [toolchainBin, join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
};

/** Says what is happening on stderr, so that the program's own stdout stays clean. */
const say = (text) => process.stderr.write(`[setup] ${text}\n`);

const run = (what, command, args, options) => {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], env: environment, ...options });
  if (result.error !== undefined || result.status !== 0) {
    say(`${what} failed (${result.error?.message ?? `exit code ${result.status ?? result.signal}`}).`);
    say('The lines above say why. The npm registry must be reachable; delete .runlane/toolchain to start over.');
    process.exit(1);
  }
};

/** Installs once per content of `inputs`; a marker file remembers what was installed. */
const once = (marker, inputs, install) => {
  const wanted = createHash('sha256').update(inputs.join('\0')).digest('hex');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  install();
  writeFileSync(marker, wanted);
};

/** Two commands started at once in one checkout must not install into the same folder. */
const withInstallLock = (action) => {
  mkdirSync(join(root, '.runlane'), { recursive: true });
  const lock = join(root, '.runlane', 'install.lock');
  const deadline = Date.now() + 10 * 60_000;
  for (let waiting = false; ; waiting = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!isHeld(lock)) {
        rmSync(lock, { force: true });
        continue;
      }
      if (!waiting) say('another command is installing; waiting for it');
      if (Date.now() > deadline) {
        say(`gave up waiting for ${lock}; delete it if no other command is running`);
        process.exit(1);
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
    }
  }
  const release = () => rmSync(lock, { force: true });
  process.on('exit', release);
  action();
  process.off('exit', release);
  release();
};

const isHeld = (lock) => {
  try {
    const holder = Number(readFileSync(lock, 'utf8'));
    // A lock file is created before its owner's id is written into it.
    if (holder === 0) return Date.now() - statSync(lock).mtimeMs < 5_000;
    process.kill(holder, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

withInstallLock(() => {
  once(join(toolchain, 'installed'), [NODE_VERSION, pnpmVersion], () => {
    say(`installing Node ${NODE_VERSION} and pnpm ${pnpmVersion} from npm (once)`);
    mkdirSync(toolchain, { recursive: true });
    writeFileSync(join(toolchain, 'package.json'), '{"private":true}\n');
    run(
      'Installing the toolchain',
      'npm',
      [
        'install',
        '--no-save',
        '--no-package-lock',
        '--loglevel=error',
        '--foreground-scripts',
        `node@${NODE_VERSION}`,
        `pnpm@${pnpmVersion}`,
      ],
      { cwd: toolchain, env: process.env },
    );
  });
  const lockfile = readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8');
  const workspace = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
  once(join(root, 'node_modules', '.runlane-installed'), [lockfile, workspace], () => {
    say('installing the workspace with pnpm');
    run('Installing the workspace', 'pnpm', ['install', '--frozen-lockfile', '--reporter=append-only'], {
      // It is the pinned version already, and would otherwise want to install itself again.
      env: { ...environment, pnpm_config_pm_on_fail: 'ignore' },
    });
  });
});

const [first, ...rest] = process.argv.slice(2);
if (first === undefined) {
  say('usage: with-toolchain.mjs <file.ts> [arguments…]');
  process.exit(2);
}
const [program, args] =
  first === '--bin' ? [rest[0], rest.slice(1)] : [join(toolchainBin, 'node'), [join(root, first), ...rest]];
// The channel tells a program that listens for 'disconnect' when this process is gone.
const stdio = first === '--bin' ? 'inherit' : ['inherit', 'inherit', 'inherit', 'ipc'];
const child = spawn(program, args, { stdio, env: environment });
// Ctrl-C may reach the program twice, from the terminal and from here: programs treat a repeat as the same request.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
if (process.env.npm_lifecycle_event !== undefined) stopWithNpm(child);
child.on('error', (error) => {
  say(`cannot run ${program}: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));

/** npm passes signals to its shell, which need not pass them on; and a killed npm passes nothing. */
function stopWithNpm(program) {
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    program.kill('SIGTERM');
  }, 500);
  watch.unref();
}
