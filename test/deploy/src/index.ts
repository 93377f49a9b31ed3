export { goProgram } from './go-programs.ts';
export type { GoProgram } from './go-programs.ts';
export { Missing } from './part.ts';
export type { Part, Proof } from './part.ts';
export { PROMETHEUS, observingProgram, prometheusProgram } from './observing-programs.ts';
export { proveCommand } from './prove-command.ts';
export { startProgram } from './server-program.ts';
