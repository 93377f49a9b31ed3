import { clusterPart } from './cluster/part.ts';
import { containersPart } from './docker/part.ts';
import { scalingPart } from './scaling/part.ts';
import { upgradePart } from './upgrade/part.ts';
import type { Part } from './part.ts';

/** Everything that the command proves, in this order. */
export const parts: readonly Part[] = [clusterPart, scalingPart, upgradePart, containersPart];
