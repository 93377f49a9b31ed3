import { kubernetesSource } from '@runlane/kubernetes';
import { expect, test } from 'vitest';
import { pinnedVersion } from './go-programs.ts';

test('the programs that are built have the version whose schemas are checked', () => {
  expect(pinnedVersion('control-plane', kubernetesSource.module)).toBe(kubernetesSource.version);
});
