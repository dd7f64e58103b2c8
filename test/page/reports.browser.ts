/** The view of reports that are sent, in a real browser: every state, both themes, keys and none. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import type { ReportCheck } from '../../schemas/reports/report-check.ts';
import type { ReportsRouteDependencies } from '../../src/http/routes/reports-route.ts';
import { StoreFailure } from '../../src/store/engine.ts';
import { axeViolations, openFolds, openPage, overflowPixels, screenshot } from './browser.ts';
import { browserTests } from './browser-tests.ts';
import { type PageService, startPageService } from './page-service.ts';
import { CLIENT_KEY, OPERATOR_KEY, startReportsService } from './reports-service.ts';

const tests = browserTests(() => startReportsService());

const items = (page: Page) => page.locator('#report-list > li');
const listed = (page: Page) => page.locator('#report-list:not([aria-busy]) > li').first().waitFor();
/** Waits until the list has so many reports. */
const listedAre = (page: Page, count: number): Promise<void> =>
  page
    .locator(`#report-list:not([aria-busy]):has(> :nth-child(${count})):not(:has(> :nth-child(${count + 1})))`)
    .waitFor();
const stateLink = (page: Page, state: string) =>
  page
    .getByRole('navigation', { name: 'State of the reports' })
    .getByRole('link', { name: new RegExp(`^${state}\\b`) });
const title = (page: Page, text: string) => page.getByRole('heading', { level: 2, name: text }).waitFor();
const path = (page: Page): string => page.url().replace(tests.service.origin, '');
const problem = (page: Page) => page.getByRole('group', { name: 'Error' });

/** Opens the view by its link, runs the steps, and holds the page to its rules. */
const onView = (steps: (page: Page) => Promise<void>): Promise<void> =>
  tests.onPage('', async (page) => {
    await page.getByRole('link', { name: 'Reports', exact: true }).click();
    await listed(page);
    await steps(page);
  });

/** Asserts that axe-core finds no violation and that nothing is too wide, in both themes and widths. */
const look = async (page: Page, name: string): Promise<void> => {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [320, 1280]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      assert.deepEqual(await axeViolations(page), []);
      assert.equal(await overflowPixels(page), 0, `nothing is wider than a window of ${width} px`);
      await screenshot(page, `reports-${name}-${colorScheme}${width === 320 ? '-narrow' : ''}`);
    }
};

/** Runs steps on the view of another service. */
const onService = async (starting: Promise<PageService>, steps: (page: Page) => Promise<void>): Promise<void> => {
  const service = await starting;
  const { page, misdeeds } = await openPage(tests.browser, service.origin);
  try {
    await page.goto(`${service.origin}/?reports=`);
    await steps(page);
    assert.deepEqual(misdeeds, []);
  } finally {
    await page.context().close();
    await service.close();
  }
};

test('the status says that nothing is sent, what to do about it, and what is counted', () =>
  onView(async (page) => {
    await title(page, 'Reports are built and not sent');
    const status = (await page.locator('#reports-status').textContent()) ?? '';
    assert.match(status, /reportSmtp: smtp:/);
    assert.match(status, /mailverdict reports check <you@your-other-address\.example>/);
    assert.match(status, /Counted, in no report yet1,204 messages in 1 row/);
    assert.match(status, /StoreSQLite, \d/);
  }));

const ANSWERS: readonly [
  title: string,
  change: (reports: ReportsRouteDependencies) => Partial<ReportsRouteDependencies>,
][] = [
  ['Reports are sent', ({ status }) => ({ status: async () => ({ ...(await status()), isSending: true }) })],
  [
    'Reports are sent, and messages are missing in them',
    ({ status }) => ({
      status: async () => {
        const { counted, ...rest } = await status();
        return { ...rest, isSending: true, counted: { ...counted, written: 9, waiting: 1, lost: 12 } };
      },
    }),
  ],
  [
    'The store or a job failed',
    ({ status }) => ({
      status: async () => ({ ...(await status()), isSending: true, failure: 'the disk is full' }),
    }),
  ],
];

for (const [heading, change] of ANSWERS)
  test(`the status says "${heading}" where that is so`, () =>
    onService(startReportsService({ change }), async (page) => {
      await title(page, heading);
      await listed(page);
      assert.equal(await page.locator('#reports-status .steps').count(), 0);
    }));

/** What is told and asked for by the state of the check. */
const CHECKS: readonly [check: Omit<ReportCheck, 'reportId' | 'atSeconds'>, told: RegExp, blocks: readonly string[]][] =
  [
    [
      { state: 'sent', address: 'me@elsewhere.example', problems: [] },
      /A sample report went to me@elsewhere\.example/,
      ['--received'],
    ],
    [
      {
        state: 'failed',
        address: 'me@elsewhere.example',
        problems: [{ problem: 'the mail has no DKIM signature', next: 'let the mail server sign it' }],
      },
      /would not be believed.*The mail has no DKIM signature\. Let the mail server sign it\./,
      ['reports check <you', '--received'],
    ],
    [{ state: 'passed', address: 'me@elsewhere.example', problems: [] }, /No mail server is named/, ['reportSmtp']],
  ];

for (const [check, told, blocks] of CHECKS)
  test(`the status says which steps are left where the check of report mail is "${check.state}"`, () =>
    onService(
      startReportsService({
        change: ({ status }) => ({
          status: async () => ({ ...(await status()), check: { ...check, reportId: 'x', atSeconds: 1_793_491_200 } }),
        }),
      }),
      async (page) => {
        await title(page, 'Reports are built and not sent');
        assert.match((await page.locator('#reports-status').textContent()) ?? '', told);
        const shown = await page.locator('#reports-status pre').allTextContents();
        assert.equal(shown.length, blocks.length);
        for (const [at, block] of blocks.entries()) assert.ok(shown[at]?.includes(block), block);
        if (check.state === 'failed') await look(page, 'check-failed');
      },
    ));

test('a store that does not answer is told, in the place of the list too', () => {
  const fail = () => Promise.reject(new StoreFailure('unavailable', 'it does not answer'));
  return onService(
    startReportsService({
      change: ({ status, suppressions }) => ({
        status: async () => ({ ...(await status()), reports: null, storeBytes: null, isSending: true }),
        list: fail,
        suppressions: { ...suppressions, list: fail },
      }),
    }),
    async (page) => {
      await title(page, 'The store does not answer');
      await problem(page).first().waitFor();
      assert.equal(await items(page).count(), 0);
      assert.match((await problem(page).first().textContent()) ?? '', /store/);
      await look(page, 'no-store');
    },
  );
});

test('the list has every state with its reason, newest first, and goes on where one page ends', () =>
  onView(async (page) => {
    assert.equal(await items(page).count(), 50);
    const texts = await items(page).allTextContents();
    assert.match(texts[0] ?? '', /^given uphostile\.test2026-11-01100 messagesThe mail server answered 550/);
    assert.match(texts[2] ?? '', /^withheldbrand\.example2026-11-01100 messagesbrand\.example no longer asks/);
    assert.match(texts[3] ?? '', /^sentbrand\.example2026-11-011,266 messages$/);
    assert.match(texts[4] ?? '', /2026-11-01, 00:00 to 02:00 UTC.*greylisted, come back later\. Next try: 2026-11-02 /);
    assert.match(texts[5] ?? '', /^waitingbrand\.example2026-11-01303 messagesNot tried yet\. Next try: /);
    await page.getByRole('button', { name: 'More reports' }).click();
    await items(page).nth(50).waitFor();
    assert.equal(await items(page).count(), 66);
    assert.equal(await page.getByRole('button', { name: 'More reports' }).count(), 0);
    assert.equal(
      await page.evaluate('document.activeElement.textContent'),
      await items(page).nth(50).locator('a').textContent(),
    );
  }));

test('the list is narrowed by state and domain, which stand in the address', () =>
  onView(async (page) => {
    await stateLink(page, 'given up').click();
    await listedAre(page, 2);
    assert.equal(await stateLink(page, 'given up').textContent(), 'given up 2');
    assert.equal(await stateLink(page, 'given up').getAttribute('aria-current'), 'true');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'given up 2');
    await page.getByLabel('Only this domain').fill('BRAND.example');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await listedAre(page, 1);
    assert.equal(path(page), '/?reports=&domain=BRAND.example&state=given-up');
    await page.reload();
    await listedAre(page, 1);
    assert.equal(await page.getByLabel('Only this domain').inputValue(), 'BRAND.example');
    await page.getByLabel('Only this domain').fill('none.example');
    await page.keyboard.press('Enter');
    await page.getByText('No report is like that').waitFor();
    await page.getByRole('link', { name: 'show all reports' }).click();
    await listedAre(page, 50);
    await page.goBack();
    await page.getByText('No report is like that').waitFor();
  }));

test('a report tells what is in it and what came of it at each address; going back finds its place again', () =>
  onView(async (page) => {
    await stateLink(page, 'sent').click();
    await items(page).nth(0).getByRole('link', { name: 'brand.example' }).click();
    await title(page, 'brand.example, 2026-11-01');
    assert.equal(path(page), '/?reports=20261102xsent');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'brand.example, 2026-11-01');
    const report = (await page.locator('#report').textContent()) ?? '';
    assert.match(report, /^All reportsReport sent/);
    assert.match(report, /Messages1,266 messages in 12 rows/);
    assert.match(report, /Recordv=DMARC1; p=reject; rua=mailto:reports@brand\.example/);
    assert.match(report, /withheldmailto:brand@collector\.example!10mcollector\.example does not agree/);
    assert.match(report, /sentmailto:reports@brand\.exampleThe mail server took it.*1 try, since 2026-11-02 00:/);
    await page.getByRole('link', { name: 'All reports' }).click();
    await listed(page);
    await page.locator('a[href="/?reports=20261102xsent"]:focus').waitFor();
    assert.equal(path(page), '/?reports=&state=sent');
  }));

test('the XML of a report is downloaded', () =>
  tests.onPage('/?reports=20261102xsent', async (page) => {
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download the XML' }).click();
    const download = await downloading;
    assert.equal(download.suggestedFilename(), '20261102xsent.xml');
    const xml = readFileSync(await download.path(), 'utf8');
    assert.match(xml, /<report_id>20261102xsent<\/report_id>/);
    assert.equal(xml.split('<source_ip>').length - 1, 12);
  }));

test('a report that is not there is told, with a way to the others', () =>
  tests.onPage('/?reports=none', async (page) => {
    await problem(page).getByText('there is no report of that Report-ID').waitFor();
    await page.getByRole('link', { name: 'All reports' }).click();
    await listed(page);
    assert.equal(await problem(page).count(), 0);
  }));

test('an address is taken from the reports and given back, and a wrong one is told', () =>
  onView(async (page) => {
    await page.getByText('2 addresses and domains').click();
    const list = page.locator('#suppression-list > li');
    assert.match(
      (await list.nth(0).textContent()) ?? '',
      /full@mailbox\.example.*3 reports bounced.*Until 2100-01-01 00:00:00 UTC\.$/,
    );
    const target = page.getByLabel('Mail address or domain');
    await target.fill('no address');
    await page.getByRole('button', { name: 'Send no reports there' }).click();
    await problem(page).getByText('must be a mail address or a domain').waitFor();
    await target.fill('Reports@Brand.example');
    await page.getByLabel('Why it gets none').fill('the mailbox is somebody else’s');
    await page.getByLabel('For how many days; empty: for good').fill('7');
    await page.keyboard.press('Enter');
    await page.getByText('3 addresses and domains').waitFor();
    assert.equal(await problem(page).count(), 0);
    assert.match((await list.nth(2).textContent()) ?? '', /^reports@brand\.example.*somebody else’s\. Until \d{4}-/);
    assert.equal(await page.evaluate('document.activeElement.id'), 'suppress-target');
    await page.getByRole('button', { name: 'Send reports again to reports@brand.example' }).click();
    await page.getByText('2 addresses and domains').waitFor();
    assert.equal(await page.getByRole('status').textContent(), 'reports@brand.example gets reports again');
  }));

test('markup in a record, a reply, an address and a reason stays text', () =>
  tests.onPage('/?reports=20261102xhostile', async (page) => {
    await title(page, 'hostile.test, 2026-11-01');
    await openFolds(page);
    assert.ok(((await page.locator('#report').textContent()) ?? '').split('<img src=x').length > 4);
    await page.getByRole('link', { name: 'All reports' }).click();
    await listed(page);
    await openFolds(page);
    assert.match((await page.locator('#suppression-list').textContent()) ?? '', /<img src=x/);
    assert.equal(await page.evaluate('window.ran'), undefined);
    assert.equal(await page.locator('main img').count(), 0);
  }));

test('the keyboard alone narrows the list, opens a report and comes back', () =>
  onView(async (page) => {
    await stateLink(page, 'waiting').focus();
    await page.keyboard.press('Enter');
    await listedAre(page, 2);
    for (let tabs = 0; tabs < 6; tabs += 1) await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'greylisting.example');
    await page.keyboard.press('Enter');
    await title(page, 'greylisting.example, 2026-11-01, 00:00 to 02:00 UTC');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.locator('a:focus', { hasText: 'greylisting.example' }).waitFor();
  }));

test('a service without a store says which settings are missing', () =>
  onService(startPageService(), async (page) => {
    await title(page, 'This service keeps no reports: set STORE and REPORT_SENDER');
    const text = (await page.locator('#reports-problem').textContent()) ?? '';
    assert.match(text, /store: sqlite:\/var\/lib\/mailverdict\/store\.db/);
    assert.match(text, /docs\/dmarc-reports\.md/);
    assert.equal(await page.locator('#reports-overview').isVisible(), false);
    await look(page, 'no-settings');
  }));

test('a service with keys asks for one, and only that of an operator shows reports', () =>
  onService(startReportsService({ hasKeys: true }), async (page) => {
    await title(page, 'Reports are for operators: a key is needed');
    await look(page, 'needs-key');
    assert.equal(await page.evaluate('document.activeElement.type'), 'password');
    for (const [key, answer] of [
      ['wrong', 'This key is not known here.'],
      [CLIENT_KEY, 'This key is not one of an operator'],
    ] as const) {
      await page.keyboard.type(key);
      await page.keyboard.press('Enter');
      await page.locator('main').getByText(answer).waitFor();
      assert.equal(await page.locator('input[type=password]:focus').inputValue(), '');
    }
    await page.getByLabel('Access key (kept only while this page is open)').fill(OPERATOR_KEY);
    await page.keyboard.press('Enter');
    await listed(page);
    assert.equal(await page.getByLabel(/^Access key/).count(), 0);
    await page.getByRole('link', { name: 'hostile.test' }).click();
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download the XML' }).click();
    assert.match(readFileSync(await (await downloading).path(), 'utf8'), /20261102xhostile/);
    await openFolds(page);
    assert.match((await page.locator('#report .fold').textContent()) ?? '', /Bearer \$MAILVERDICT_KEY/);
    assert.doesNotMatch(await page.content(), new RegExp(OPERATOR_KEY));
  }));

test('an operator elsewhere than on the machine of a service without keys is told why there is nothing', () =>
  onService(startReportsService(), async (page) => {
    await page.context().setExtraHTTPHeaders({ 'x-forwarded-for': '192.0.2.1' });
    await page.reload();
    await title(page, 'Reports are shown on the machine of the service only');
    await look(page, 'elsewhere');
  }));

test('a store that is new says when the first reports are built', () =>
  onService(startReportsService({ isFilled: false }), async (page) => {
    await page.getByText(/^No message was counted yet/).waitFor();
    await look(page, 'new');
  }));

/** States of the view, each reached from a fresh page. */
const STATES: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  list: async (page) => {
    await page.goto(`${tests.service.origin}/?reports=&domain=brand.example`);
    await listed(page);
    await openFolds(page);
  },
  'list-hostile': async (page) => {
    await page.goto(`${tests.service.origin}/?reports=&state=given-up`);
    await listed(page);
  },
  ...Object.fromEntries(
    ['sent', 'tried'].map((name) => [
      `report-${name}`,
      async (page: Page) => {
        await page.goto(`${tests.service.origin}/?reports=20261102x${name}`);
        await page.locator('#report h2').waitFor();
        await openFolds(page);
      },
    ]),
  ),
};

for (const [state, reach] of Object.entries(STATES)) {
  test(`${state} looks right in both themes and fits a window of 320 px`, async () => {
    const { page, misdeeds } = await openPage(tests.browser, tests.service.origin, { reducedMotion: 'reduce' });
    await reach(page);
    await look(page, state);
    assert.deepEqual(misdeeds, []);
    await page.context().close();
  });
}
