export { workloadsOf } from './manifest.ts';
export type { Manifest, Workload } from './manifest.ts';
export { KUBERNETES, parseManifests, render, renderComponent, renderObstacle } from './render.ts';
export type { DefinitionSource } from './schema-sources.ts';
export { fetchSource, kedaSource, kubernetesSource, operatorSources, schemaObstacle } from './schema-sources.ts';
export { strimziDefinitions, strimziObstacle } from './strimzi-definitions.ts';
