/**
 * Debian's Chromium, driven over the page as the service serves it. Every page made here watches
 * what no page may do: ask another host, write an error to the console, open a dialog.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

export const CHROMIUM = '/usr/bin/chromium';
/** Name of the variable that holds the folder for screenshots; unset: none are written. */
export const SCREENSHOTS = 'PAGE_SCREENSHOTS';
/** Milliseconds for a step: longer than any machine stands still. */
const STEP_MS = 180_000;

/** Starts Chromium with a fresh profile and no background traffic. The caller closes it. */
export const startBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM,
    timeout: STEP_MS,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/** A page that remembers what it should not have done. */
export type WatchedPage = { page: Page; misdeeds: string[] };

/** Opens a page of its own context. @param origin the only host it may ask */
export const openPage = async (
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(STEP_MS);
  const misdeeds: string[] = [];
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(?:data|blob):/.test(url)) misdeeds.push(`asked ${url}`);
  });
  page.on('pageerror', (error) => misdeeds.push(`threw ${error.message}`));
  // The browser reports every answer of 400 and above there; those are asserted by the test that
  // asks for them.
  page.on('console', (line) => {
    if (line.type() === 'error' && !line.text().startsWith('Failed to load resource')) misdeeds.push(line.text());
  });
  page.on('dialog', (dialog) => {
    misdeeds.push(`opened a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, misdeeds };
};

/** Opens the form again, where a verdict has folded it away. */
export const reopenForm = async (page: Page): Promise<void> => {
  if (await page.locator('#message-bar').isVisible())
    await page.getByRole('button', { name: 'Change and judge again' }).click();
};

/** Chooses a sample and waits for its verdict. */
export const judgeSample = async (page: Page, file: string): Promise<void> => {
  await reopenForm(page);
  await page.locator('#sample:enabled').selectOption(file);
  await page.getByRole('heading', { level: 1, name: file }).waitFor();
};

/** Waits until a posture stands on the page. */
export const waitForPosture = (page: Page): Promise<void> =>
  page.locator('#posture[aria-busy=false] .banner').waitFor();

/** Opens every part that is closed. */
export const openFolds = async (page: Page): Promise<void> => {
  const closed = page.locator('.fold:not([open]) > summary:visible');
  for (let left = await closed.count(); left > 0; left -= 1) await closed.first().click();
};

/** Violations that axe-core finds, as one line each. */
export const axeViolations = async (page: Page): Promise<string[]> => {
  await page.evaluate(axe.source);
  const results = (await page.evaluate('axe.run(document)')) as axe.AxeResults;
  assert.ok(results.passes.length > 10, 'axe has looked at the page');
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
};

/** How many CSS pixels the page is wider than its window. */
export const overflowPixels = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth') as Promise<number>;

/** Writes a screenshot of the whole page, where a folder was given. */
export const screenshot = async (page: Page, name: string, fullPage = true): Promise<void> => {
  const folder = process.env[SCREENSHOTS];
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage });
};
