/** Logs more than is kept, in a process whose standard output takes nothing. */
import { createLogger } from '../logger.ts';

const logger = createLogger({ service: 'fixture', level: 'info' });
for (let line = 0; line < 2_000; line += 1) logger.info({ line, text: 'x'.repeat(1_000) }, 'fixture.line');
process.exit(3);
