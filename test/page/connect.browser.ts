/** The view that tells how to connect a mail server, in a real browser. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { openFolds } from './browser.ts';
import { browserTests } from './browser-tests.ts';

const tests = browserTests();

/** Opens the view by its link, runs the steps, and holds the page to its rules. */
const onView = (steps: (page: Page) => Promise<void>): Promise<void> =>
  tests.onPage('', async (page) => {
    await page.getByRole('link', { name: 'Connect', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'How does a mail server ask Mailverdict?' }).waitFor();
    await steps(page);
  });

const way = (page: Page, title: string) =>
  page.locator('#ways .fold', { has: page.getByRole('heading', { name: title, exact: true }) });

test('every way is offered, and the names that are typed in stand in its blocks and not in the address', () =>
  onView(async (page) => {
    assert.equal(await page.locator('#ways .fold').count(), 6);
    await page.getByLabel('Host name of your mail server').fill('mail.mine.test');
    await page.getByLabel('Address that Mailverdict listens at').fill('198.51.100.9');
    const blocks = (await way(page, 'Milter, for Postfix').locator('pre').allTextContents()).join('\n');
    assert.match(blocks, /authservId: mail\.mine\.test/);
    assert.match(blocks, /smtpd_milters = inet:198\.51\.100\.9:8891/);
    assert.deepEqual(await way(page, 'Milter, for Postfix').locator('mark').allTextContents(), [
      '<address of the mail server>',
    ]);
    assert.equal(new URL(page.url()).search, '?connect=');
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'How does a mail server ask Mailverdict?' }).waitFor();
  }));

test('a name that no file could hold is told and not used', () =>
  onView(async (page) => {
    await page.getByLabel('Host name of your mail server').fill("mx'; reboot");
    await page
      .getByRole('group', { name: 'Error' })
      .getByText(/^Host name of your mail server: not a host name/)
      .waitFor();
    assert.doesNotMatch((await page.locator('#ways').textContent()) ?? '', /reboot/);
    await page.getByLabel('Host name of your mail server').fill('mx.mine.test');
    assert.equal(await page.getByRole('group', { name: 'Error' }).count(), 0);
  }));

test('a way that is open stays open while a name is typed, and a block can be copied', () =>
  onView(async (page) => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await way(page, 'Plugin, for Haraka').locator('summary').click();
    await page.getByLabel('Where it answers HTTP').fill('https://verdict.mine.test/');
    const plugin = way(page, 'Plugin, for Haraka');
    await plugin.getByRole('button', { name: 'Copy /etc/haraka/config/mailverdict.ini' }).click();
    await page.getByText('Copied', { exact: true }).waitFor();
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), 'url = https://verdict.mine.test');
  }));

test('the request of the raw hook names this service by default, and its command asks it', () =>
  onView(async (page) => {
    await openFolds(page);
    const block = await way(page, 'Raw hook, for Exim and programs of your own')
      .getByRole('group', { name: 'the request' })
      .textContent();
    assert.ok(block?.includes(`${tests.service.origin}/v1/hooks/raw?`), block ?? '');
    const folder = mkdtempSync(join(tmpdir(), 'connect-'));
    try {
      copyFileSync(join(import.meta.dirname, '../../examples/aligned.eml'), join(folder, 'message.eml'));
      const { stdout } = await promisify(execFile)('sh', ['-c', block ?? ''], { cwd: folder });
      assert.equal(JSON.parse(stdout).action, 'accept');
    } finally {
      rmSync(folder, { recursive: true });
    }
  }));
