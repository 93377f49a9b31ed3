/**
 * A Chromium that comes with the dependencies, and what a test checks in it. RUNLANE_TEST_CHROMIUM names another one, for
 * machines that the one of the dependencies is not for (it is of Linux on x64).
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import carried from '@sparticuz/chromium';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Folder that pictures of the screens are put into, for people to look at. */
const PICTURES = process.env['RUNLANE_TEST_PICTURES'];

export const WIDTHS = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } } as const;

/** A machine of tests has no graphics card, and a browser as root, as in containers, has no sandbox. */
const ARGS = ['--no-sandbox', '--disable-gpu'];

export async function launchBrowser(): Promise<Browser> {
  const executablePath = process.env['RUNLANE_TEST_CHROMIUM'] ?? (await carried.executablePath());
  return chromium.launch({ executablePath, args: ARGS });
}

/** The serious faults that axe finds on the current page, a line each. */
async function faultsOf(page: Page): Promise<string[]> {
  // By the protocol, because the page lets no script in but its own.
  if (!(await page.evaluate<boolean>("typeof axe === 'object'"))) await page.evaluate(AXE);
  const found: { id: string; impact: string; nodes: string[] }[] =
    await page.evaluate(`axe.run({ resultTypes: ['violations'] }).then(({ violations }) =>
    violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html, failureSummary }) => html.slice(0, 200) + ': ' + failureSummary) })))`);
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).join(' | ')}`);
}

const SCHEMES = ['light', 'dark'] as const;
/**
 * What axe judges: colours depend on the scheme alone and everything else on the width alone, so that two of the four looks
 * have all there is to find.
 */
const JUDGED = new Set(['wide-light', 'narrow-dark']);

/** Serious faults at both widths, light and dark; with RUNLANE_TEST_PICTURES a picture of each of the four looks. */
export async function faultsAtAllLooks(page: Page, name: string): Promise<string[]> {
  const faults: string[] = [];
  for (const [width, size] of Object.entries(WIDTHS)) {
    for (const colorScheme of SCHEMES) {
      const look = `${width}-${colorScheme}`;
      if (PICTURES === undefined && !JUDGED.has(look)) continue;
      await page.setViewportSize(size);
      // Colours that change slowly would be judged while they change.
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const found = JUDGED.has(look) ? await faultsOf(page) : [];
      faults.push(...found.map((fault) => `${name}, ${look}: ${fault}`));
      if (PICTURES === undefined) continue;
      mkdirSync(PICTURES, { recursive: true });
      await page.screenshot({ path: join(PICTURES, `${name}-${look}.png`) });
    }
  }
  await page.setViewportSize(WIDTHS.wide);
  await page.emulateMedia({ colorScheme: 'light' });
  return faults;
}

/** What the browser complains of while somebody looks: errors of scripts, and what the content security policy refused. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} (${page.url()})`);
  });
  return complaints;
}
