/**
 * How the page looks and reads: both themes, wide and narrow, with and without motion; axe-core
 * finds no violation in any state. Writes the screenshots, to be looked at by people, when asked
 * to.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import {
  axeViolations,
  judgeSample,
  openFolds,
  openPage,
  overflowPixels,
  screenshot,
  waitForPosture,
} from './browser.ts';
import { browserTests } from './browser-tests.ts';
import { startPageService } from './page-service.ts';

const tests = browserTests();

/** States of the page, each reached from a fresh one. */
const STATES: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  form: async (page) => {
    await page.locator('#sample:enabled').waitFor();
  },
  'form-with-problem': async (page) => {
    await page.getByRole('button', { name: 'Judge the message' }).click();
    await page.getByRole('group', { name: 'Error' }).waitFor();
  },
  'verdict-pass': (page) => judgeSample(page, 'aligned.eml'),
  'verdict-fail': (page) => judgeSample(page, 'spf-fail.eml'),
  'verdict-unaligned': (page) => judgeSample(page, 'unaligned.eml'),
  'verdict-unproven': (page) => judgeSample(page, 'unsigned.eml'),
  'verdict-mailing-list': async (page) => {
    await judgeSample(page, 'mailing-list.eml');
    await page.locator('.box', { hasText: /^ARC/ }).click();
  },
  'verdict-open': async (page) => {
    await judgeSample(page, 'partial-body.eml');
    await page.locator('.box', { hasText: /^DKIM/ }).click();
    await openFolds(page);
  },
  'verdict-what-if': async (page) => {
    await judgeSample(page, 'spf-fail.eml');
    await page.getByText('What if a record were different').click();
    await page.getByRole('button', { name: 'Edit the SPF record' }).click();
    await page.getByLabel(/^SPF record at/).fill('v=spf1 ip4:198.51.100.200 -all');
    await page.getByRole('button', { name: 'Judge with this record' }).click();
    await page.locator('.comparison').waitFor();
  },
  domain: async (page) => {
    await page.goto(`${tests.service.origin}/?domain=brand.example`);
    await waitForPosture(page);
  },
  connect: async (page) => {
    await page.getByRole('link', { name: 'Connect', exact: true }).click();
    await page.getByLabel('Address that Mailverdict listens at').fill('192.0.2.5');
    await openFolds(page);
  },
  'connect-with-problem': async (page) => {
    await page.getByRole('link', { name: 'Connect', exact: true }).click();
    await page.getByLabel('Host name of your mail server').fill('mx.example.org; reboot');
    await page.getByRole('group', { name: 'Error' }).waitFor();
  },
  'domain-open': async (page) => {
    await page.goto(`${tests.service.origin}/?domain=hostile.test`);
    await waitForPosture(page);
    await openFolds(page);
    await page.getByRole('button', { name: 'Edit the DMARC record' }).click();
  },
  findings: async (page) => {
    await page.goto(`${tests.service.origin}/?domain=hostile.test`);
    await waitForPosture(page);
    const link = page.locator('.finding a[href^="/findings#"]').first();
    const href = await link.getAttribute('href');
    await link.click();
    await page.locator(`.catalogue > div:target${href?.replace('/findings', '')}`).waitFor();
  },
  problems: async (page) => {
    await page.getByLabel('Message, with its header').fill('From: alice@brand.example\r\n\r\n');
    await page.getByLabel('Client IP address').fill('not an address');
    await page.getByRole('button', { name: 'Judge the message' }).click();
    await page.getByRole('link', { name: 'What this means' }).click();
    await page.locator('.catalogue > div:target').waitFor();
  },
  'domain-what-if': async (page) => {
    await page.goto(`${tests.service.origin}/?domain=museum.example`);
    await waitForPosture(page);
    await page.locator('.suggestion').first().getByRole('button', { name: 'Try it' }).click();
    await page.locator('.changes').waitFor();
  },
};

for (const colorScheme of ['light', 'dark'] as const) {
  for (const [state, reach] of Object.entries(STATES)) {
    test(`${state} has no violation that axe-core finds, in the ${colorScheme} theme, and fits a window of 320 px`, async () => {
      const { page, misdeeds } = await openPage(tests.browser, tests.service.origin, {
        colorScheme,
        reducedMotion: 'reduce',
      });
      await page.goto(tests.service.origin);
      await reach(page);
      assert.deepEqual(await axeViolations(page), []);
      assert.equal(await overflowPixels(page), 0, 'nothing is wider than a window of 1280 px');
      await screenshot(page, `${state}-${colorScheme}`);
      await page.setViewportSize({ width: 320, height: 700 });
      assert.equal(await overflowPixels(page), 0, 'nothing is wider than a window of 320 px');
      assert.deepEqual(await axeViolations(page), []);
      await screenshot(page, `${state}-${colorScheme}-narrow`);
      assert.deepEqual(misdeeds, []);
      await page.context().close();
    });
  }
}

test('no page writes to the console, nor breaks its Content-Security-Policy', async () => {
  for (const path of ['/', '/?domain=brand.example', '/?connect=', '/?reports=', '/docs', '/findings', '/problems']) {
    const { page, misdeeds } = await openPage(tests.browser, tests.service.origin);
    const lines: string[] = [];
    page.on('console', (line) => lines.push(`${line.type()}: ${line.text()}`));
    await page.addInitScript(`addEventListener('securitypolicyviolation', (violation) =>
      console.error('policy', violation.violatedDirective, violation.blockedURI))`);
    await page.goto(`${tests.service.origin}${path}`);
    if (path === '/docs') await page.locator('.opblock-summary').first().click();
    if (path.includes('domain=')) await waitForPosture(page);
    assert.deepEqual([...misdeeds, ...lines], [], path);
    await page.context().close();
  }
});

test('the two themes differ, and follow the system', async () => {
  const colours = await Promise.all(
    (['light', 'dark'] as const).map(async (colorScheme) => {
      const { page } = await openPage(tests.browser, tests.service.origin, { colorScheme });
      await page.goto(tests.service.origin);
      return page.evaluate('getComputedStyle(document.body).backgroundColor');
    }),
  );
  assert.notEqual(colours[0], colours[1]);
});

test('nothing moves for people who asked for less motion', async () => {
  const durations = await Promise.all(
    (['reduce', 'no-preference'] as const).map(async (reducedMotion) => {
      const { page } = await openPage(tests.browser, tests.service.origin, { reducedMotion });
      await page.goto(tests.service.origin);
      await judgeSample(page, 'aligned.eml');
      return page.evaluate('getComputedStyle(document.querySelector(".box")).transitionDuration');
    }),
  );
  assert.equal(durations[0], '0s');
  assert.notEqual(durations[1], '0s');
});

test('a sample reads the same where the service does not answer for its domains: the records go along', async () => {
  const elsewhere = await startPageService('');
  try {
    const { page } = await openPage(tests.browser, elsewhere.origin);
    await page.goto(elsewhere.origin);
    await judgeSample(page, 'aligned.eml');
    assert.match((await page.locator('#verdict h2').textContent()) ?? '', /^Yes: brand\.example/);
    await page.getByText('DNS evidence').click();
    assert.ok((await page.locator('.evidence td', { hasText: 'overlay' }).count()) > 0);
    await page.getByText('The same from the command line').click();
    assert.match(
      (await page.locator('#verdict .fold pre', { hasText: 'curl' }).textContent()) ?? '',
      /^curl --json @request\.json /,
    );
  } finally {
    await elsewhere.close();
  }
});
