/**
 * The view of a domain in a real browser: posture, records tried before they are published, the
 * permalink, and hostile records.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { judgeSample, openFolds, waitForPosture } from './browser.ts';
import { browserTests } from './browser-tests.ts';

const tests = browserTests();

const { onPage } = tests;

const grade = async (page: Page) =>
  (await page.locator('#posture .banner .grade').textContent())?.replace('Grade ', '');
const changes = (page: Page) => page.getByRole('region', { name: 'What these records would change' });

test('a name leads to its posture, and the address to link to holds the name alone', () =>
  onPage('/', async (page) => {
    await page.getByRole('link', { name: 'Domain' }).click();
    await page.getByLabel('Domain', { exact: true }).fill('brand.example');
    await page.getByRole('button', { name: 'Assess' }).click();
    await waitForPosture(page);
    assert.equal(page.url(), `${tests.service.origin}/?domain=brand.example`);
    assert.equal(await page.title(), 'brand.example – Mailverdict');
    assert.equal(await grade(page), 'A');
    assert.equal(
      await page.getByRole('meter', { name: 'DNS lookups' }).getAttribute('aria-valuetext'),
      '2 of 10 lookups',
    );
    assert.deepEqual(await page.locator('.walk code:first-child').allTextContents(), [
      '_dmarc.brand.example',
      'v=DMARC1; p=reject; sp=reject; np=reject; rua=mailto:dmarc@brand.example',
      '_dmarc.example',
    ]);
    assert.match(
      (await page.locator('#posture .tree').first().textContent()) ?? '',
      /_spf\.brand\.example.*a:mail\.brand\.example/,
    );
  }));

test('the permalink shows the posture at once, and back leads to the view before', () =>
  onPage('/?domain=museum.example', async (page) => {
    await waitForPosture(page);
    assert.equal(await page.locator('#posture h2.domain-name').textContent(), 'museum.example');
    await page.getByRole('link', { name: 'Message', exact: true }).click();
    await page.locator('#message-view').waitFor();
    await page.goBack();
    await waitForPosture(page);
    assert.equal(await page.locator('#message-view').isVisible(), false);
  }));

test('a suggested record is tried with one press: the difference is shown, and can be taken back', () =>
  onPage('/?domain=museum.example', async (page) => {
    await waitForPosture(page);
    const today = await grade(page);
    await page.locator('.suggestion').first().getByRole('button', { name: 'Try it' }).click();
    await changes(page).waitFor();
    assert.notEqual(await grade(page), today);
    assert.match((await changes(page).textContent()) ?? '', /Would be gone.*dmarc\.policy/);
    assert.equal(page.url(), `${tests.service.origin}/?domain=museum.example`, 'records tried are not in the address');
    await page.getByRole('button', { name: 'Take back _dmarc.museum.example TXT' }).click();
    await changes(page).waitFor({ state: 'detached' });
    assert.equal(await grade(page), today);
  }));

test('a record is edited in place and judged again, beside the other records of its name', () =>
  onPage('/?domain=hostile.test', async (page) => {
    await waitForPosture(page);
    await page.getByRole('button', { name: 'Edit the SPF record' }).click();
    const field = page.getByLabel(/^SPF record at hostile\.test/);
    assert.match(await field.inputValue(), /^v=spf1 exp=why/);
    await field.fill('v=spf1 mx -all');
    const sent = page.waitForRequest('**/v1/domains/hostile.test');
    await page.getByRole('button', { name: 'Judge with this record' }).click();
    assert.deepEqual((await sent).postDataJSON().dns, [
      { name: 'hostile.test', type: 'TXT', records: ['<svg onload=window.ran=1>', 'v=spf1 mx -all'] },
    ]);
    await changes(page).waitFor();
    assert.match((await changes(page).textContent()) ?? '', /spf\.outcome\s*permerror\s*usable/);
  }));

test('an emptied record is judged as one that is not there', () =>
  onPage('/?domain=brand.example', async (page) => {
    await waitForPosture(page);
    await page.getByRole('button', { name: 'Edit the DMARC record' }).click();
    await page.getByLabel(/^DMARC record at _dmarc\.brand\.example/).fill('');
    await page.getByRole('button', { name: 'Judge with this record' }).click();
    await changes(page).waitFor();
    assert.match((await changes(page).textContent()) ?? '', /dmarc\.state\s*valid\s*absent/);
  }));

test('hostile records are shown as text, and nothing of them runs', () =>
  onPage('/?domain=hostile.test', async (page) => {
    await waitForPosture(page);
    await openFolds(page);
    const text = (await page.locator('#posture').textContent()) ?? '';
    for (const part of [
      '<img/src=x/onerror=window.ran=1>',
      '<svg onload=window.ran=1>',
      'mailto:<b>bold</b>@hostile.test',
      '"onfocus=window.ran=1',
      'javascript:window.ran=1',
    ])
      assert.ok(text.includes(part), `${part} is shown as it is written`);
    assert.deepEqual(await page.locator('#posture .record mark').allTextContents(), [
      '<img/src=x/onerror=window.ran=1>',
      'mailto:<b>bold</b>@hostile.test',
    ]);
    assert.equal(await page.evaluate('window.ran'), undefined);
    assert.equal(await page.locator('main :is(img, svg[onload], script, iframe, b)').count(), 0);
    const targets = await page
      .locator('main a')
      .evaluateAll((links) => links.map((link) => (link as unknown as { href: string }).href));
    assert.ok(targets.length > 0);
    for (const target of targets) {
      const { origin, pathname, hash } = new URL(target);
      if (origin === new URL(page.url()).origin) assert.match(`${pathname}${hash}`, /^\/findings#[a-z0-9-]+$/);
      else assert.equal(origin, 'https://www.rfc-editor.org');
    }
  }));

test('markup in the address is a name like any other, and a wrong one is told', () =>
  onPage('/?domain=%3Cimg%20src%3Dx%20onerror%3Dwindow.ran%3D1%3E', async (page) => {
    await page.getByRole('group', { name: 'Error' }).waitFor();
    assert.equal(await page.getByLabel('Domain', { exact: true }).inputValue(), '<img src=x onerror=window.ran=1>');
    assert.equal(await page.evaluate('window.ran'), undefined);
    assert.equal(await page.locator('main img').count(), 0);
  }));

test('a verdict leads to the posture of its author domain', () =>
  onPage('/', async (page) => {
    await judgeSample(page, 'spf-fail.eml');
    await page.getByRole('button', { name: 'Assess brand.example' }).click();
    await waitForPosture(page);
    assert.equal(page.url(), `${tests.service.origin}/?domain=brand.example`);
  }));

test('the keyboard alone assesses a domain and opens a record to edit', () =>
  onPage('/?domain=', async (page) => {
    assert.equal(await page.evaluate('document.activeElement.id'), 'domain-name');
    await page.keyboard.type('shop.example');
    await page.keyboard.press('Enter');
    await waitForPosture(page);
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'shop.example');
    await page.getByRole('button', { name: 'Edit the SPF record' }).focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement.tagName'), 'TEXTAREA');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Edit the SPF record');
  }));
