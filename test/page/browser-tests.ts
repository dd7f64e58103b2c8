/** A browser and a service for the browser tests of one file, and a page that is held to its rules. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openPage, startBrowser } from './browser.ts';
import { type PageService, startPageService } from './page-service.ts';

/** What the tests of a file share. */
type BrowserTests = {
  /** There from the first test on. */
  readonly browser: Browser;
  readonly service: PageService;
  /**
   * Opens a page, runs the steps, and asserts that it did nothing that no page may do.
   * @param address path and query of the page, "" for the first one
   */
  readonly onPage: (address: string, steps: (page: Page) => Promise<void>) => Promise<void>;
};

/**
 * Starts both before the tests of the file that calls it, and ends them after.
 * @param start starts the service
 */
export const browserTests = (start: () => Promise<PageService> = startPageService): BrowserTests => {
  let browser: Browser;
  let service: PageService;
  before(async () => {
    [browser, service] = await Promise.all([startBrowser(), start()]);
  });
  after(async () => {
    await browser.close();
    await service.close();
  });
  return {
    get browser() {
      return browser;
    },
    get service() {
      return service;
    },
    onPage: async (address, steps) => {
      const { page, misdeeds } = await openPage(browser, service.origin);
      await page.goto(`${service.origin}${address}`);
      await steps(page);
      assert.deepEqual(misdeeds, []);
      await page.context().close();
    },
  };
};
