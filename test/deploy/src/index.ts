export { goProgram } from './go-programs.ts';
export type { GoProgram } from './go-programs.ts';
export { Missing } from './part.ts';
export type { Part, Proof } from './part.ts';
export { prometheusProgram } from './prometheus-program.ts';
export { proveCommand } from './prove-command.ts';
export { startProgram } from './server-program.ts';
