/**
 * Builds the page of the console into `dist`.
 *
 * usage: node services/console/build.ts
 */
import { PAGE_DIRECTORY, buildPage } from './src/page-bundle.ts';

await buildPage(PAGE_DIRECTORY);
