/** A package of a monorepo as templates lay it out: CommonJS, imports without extensions, a generated client, a package that is ESM. */
export { graph } from './apps/agent/src/agent/graph';
