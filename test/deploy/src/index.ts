export { goProgram } from './go-programs.ts';
export type { GoProgram } from './go-programs.ts';
export { Missing } from './part.ts';
export type { Part, Proof } from './part.ts';
export { proveParts } from './prove-parts.ts';
export { startProgram } from './server-program.ts';
