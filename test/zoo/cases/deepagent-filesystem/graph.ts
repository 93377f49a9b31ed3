/** A deep agent whose files are on the disk, in memory of the store and in its state, one folder each. */
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompositeBackend, createDeepAgent, FilesystemBackend, StateBackend, StoreBackend } from 'deepagents';
import { effect } from '../lib/effects.ts';
import { call, turns } from '../lib/scripted.ts';
const rootDir = mkdtempSync(join(tmpdir(), 'zoo-deep-'));
export const graph = createDeepAgent({
  model: turns(
    {
      calls: [
        call('write_file', { file_path: '/notes.md', content: 'state' }, 'w1'),
        call('write_file', { file_path: '/disk/a.md', content: 'disk' }, 'w2'),
        call('write_file', { file_path: '/memories/m.md', content: 'store' }, 'w3'),
      ],
    },
    {
      calls: [
        call('read_file', { file_path: '/disk/a.md' }, 'r1'),
        call('ls', { path: '/memories/' }, 'r2'),
        call('edit_file', { file_path: '/disk/a.md', old_string: 'disk', new_string: 'changed' }, 'r3'),
        call('grep', { pattern: 'stat' }, 'r4'),
      ],
    },
    'done',
  ),
  backend: (config: any) => {
    effect(`disk ${readdirSync(rootDir).join()}`);
    return new CompositeBackend(new StateBackend(config), {
      '/disk/': new FilesystemBackend({ rootDir, virtualMode: true }),
      '/memories/': new StoreBackend(config),
    });
  },
});
