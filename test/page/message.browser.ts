/**
 * The view of a message in a real browser: every way in, what is shown, and what a hostile message
 * cannot do.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { EXAMPLES } from '../../examples/cases.ts';
import { Verdict } from '../../schemas/verdict.ts';
import { judgeSample, openFolds, openPage, reopenForm } from './browser.ts';
import { browserTests } from './browser-tests.ts';
import { HOSTILE_MESSAGE, MARKUP } from './hostile.ts';
import { startPageService } from './page-service.ts';

const FOLDER = join(import.meta.dirname, '../../examples');
const ALIGNED = readFileSync(join(FOLDER, 'aligned.eml'), 'latin1');

const tests = browserTests();

/** The first page, held to its rules. */
const onPage = (steps: (page: Page) => Promise<void>): Promise<void> => tests.onPage('', steps);

const answer = (page: Page) => page.locator('.banner h2').textContent();
const box = (page: Page, name: string) =>
  page.locator('.box', { has: page.locator('.box-name', { hasText: new RegExp(`^${name}$`) }) });
const word = async (page: Page, name: string) => (await box(page, name).locator('.word').textContent()) ?? '';

const problem = (page: Page, text: string) => page.getByRole('group', { name: 'Error' }).getByText(text);

/** Drops octets as a file onto the page. */
const dropFile = async (page: Page, name: string, text: string): Promise<void> => {
  const transfer = await page.evaluateHandle(
    `(() => { const moved = new DataTransfer(); moved.items.add(new File([${JSON.stringify(text)}], ${JSON.stringify(name)})); return moved; })()`,
  );
  await page.locator('#drop').dispatchEvent('drop', { dataTransfer: transfer });
};

test('a sample is judged when it is chosen, and every sample shows the results of its table', () =>
  onPage(async (page) => {
    for (const { file, expect } of EXAMPLES) {
      await judgeSample(page, file);
      const dkim = expect.dkim.length === 0 ? ['none'] : expect.dkim;
      const shown = {
        spf: await word(page, 'SPF'),
        dkim: await Promise.all(dkim.map((_, index) => word(page, dkim.length === 1 ? 'DKIM' : `DKIM ${index + 1}`))),
        arc: await word(page, 'ARC'),
        dmarc: await word(page, 'DMARC'),
      };
      assert.deepEqual(shown, { spf: expect.spf, dkim, arc: expect.arc, dmarc: expect.dmarc }, file);
    }
  }));

/** The list under a title of the answer's details. */
const details = (page: Page, title: string) =>
  page.locator('.answer-details section', { has: page.getByRole('heading', { name: title }) });

const bannerLook = async (page: Page) => [
  /tone-(\w+)/.exec((await page.locator('.banner').getAttribute('class')) ?? '')?.[1],
  await page.locator('.banner .level').textContent(),
];

test('the tone of the answer follows its level, and a word for it stands beside', () =>
  onPage(async (page) => {
    const looks: Readonly<Record<string, readonly string[]>> = {
      'aligned.eml': ['good', 'Proven'],
      'unsigned.eml': ['warn', 'Not proven'],
      'spf-fail.eml': ['bad', 'Not proven, and the domain asks to refuse it'],
    };
    for (const [file, look] of Object.entries(looks)) {
      await judgeSample(page, file);
      assert.deepEqual(await bannerLook(page), look, file);
    }
    await page.getByRole('button', { name: 'Another message' }).click();
    await page.getByLabel('Message, with its header').fill('From: a@refused.test\n\nNobody answers for it.');
    await page.getByLabel('Client IP address').fill('192.0.2.99');
    await page.getByLabel(/^MAIL FROM/).fill('a@refused.test');
    await page.getByRole('button', { name: 'Judge the message' }).click();
    await page.locator('#verdict h2').waitFor();
    assert.deepEqual(await bannerLook(page), ['unknown', 'Not known']);
  }));

test('a domain that others vouch for is shown as such, with who vouches and the box of the evidence', async () => {
  const trusting = await startPageService(undefined, { ARC_TRUSTED_SEALERS: 'lists.example' });
  const { page, misdeeds } = await openPage(tests.browser, trusting.origin);
  try {
    await page.goto(trusting.origin);
    await judgeSample(page, 'mailing-list.eml');
    assert.deepEqual(await bannerLook(page), ['good', 'On the word of others']);
    const vouchers = details(page, 'Who vouches for it');
    assert.match((await vouchers.textContent()) ?? '', /lists\.example saw DMARC pass for brand\.example/);
    assert.match((await vouchers.textContent()) ?? '', /trusted by a setting of this service; \d{4}-\d\d-\d\d /);
    await vouchers.getByRole('button', { name: /^Show the evidence/ }).click();
    assert.equal(await box(page, 'ARC').getAttribute('aria-expanded'), 'true');
    assert.equal(await page.evaluate('document.activeElement.textContent.startsWith("ARC")'), true);
    assert.deepEqual(misdeeds, []);
  } finally {
    await page.context().close();
    await trusting.close();
  }
});

test('a proof names who checked it and when, and leads to its box', () =>
  onPage(async (page) => {
    await judgeSample(page, 'aligned.eml');
    const known = details(page, 'How it is known').locator('li');
    assert.match(
      (await known.nth(0).textContent()) ?? '',
      /DKIM signature of brand\.exampleby .+, this service, \d{4}-/,
    );
    await known.nth(0).getByRole('button').click();
    assert.equal(await box(page, 'DKIM 1').getAttribute('aria-expanded'), 'true');
    await known.nth(1).getByRole('button').click();
    assert.equal(await box(page, 'SPF').getAttribute('aria-expanded'), 'true');
    assert.equal(await details(page, 'Whose move it is').count(), 0);
  }));

test('whose move it is: the setting and the record can be copied, and what is to be filled in is marked', () =>
  onPage(async (page) => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await judgeSample(page, 'unaligned.eml');
    const moves = details(page, 'Whose move it is').locator('li');
    assert.match((await moves.nth(0).textContent()) ?? '', /^Receiver Do what brand\.example asks for/);
    assert.match((await moves.nth(1).textContent()) ?? '', /^Domain owner If mailer\.example sends for you/);
    await page.getByRole('button', { name: 'Copy the setting ENFORCE=yes' }).click();
    await page.getByText('Copied', { exact: true }).waitFor();
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), 'ENFORCE=yes');
    assert.deepEqual(await moves.nth(1).locator('mark').allTextContents(), ['<selector>', '<public key>']);
    assert.equal(await moves.nth(1).locator('pre').textContent(), 'v=DKIM1; k=rsa; p=<public key>');
    assert.match(
      (await details(page, 'Who sent it').textContent()) ?? '',
      /mailer\.example, apparently a sending service; proven by SPF and DKIM/,
    );
  }));

test('a box opens to the reason, the record with the deciding term marked, and the rule; another one closes it', () =>
  onPage(async (page) => {
    await judgeSample(page, 'spf-fail.eml');
    await box(page, 'SPF').click();
    const spf = page.getByRole('group', { name: 'SPF: fail' });
    assert.equal(await spf.locator('mark').first().textContent(), '-all');
    assert.match((await spf.textContent()) ?? '', /v=spf1 ip4:192\.0\.2\.10/);
    assert.equal(
      await spf.getByRole('link', { name: 'RFC 7208 section 2.6' }).getAttribute('href'),
      'https://www.rfc-editor.org/rfc/rfc7208#section-2.6',
    );
    await box(page, 'DMARC').click();
    assert.equal(await box(page, 'SPF').getAttribute('aria-expanded'), 'false');
    assert.equal(await spf.isVisible(), false);
    assert.equal(await page.getByRole('group', { name: 'DMARC: fail' }).locator('mark').textContent(), 'p=reject');
  }));

test('a pasted message is judged with the facts of the form, and neither the address nor the browser keeps any of it', () =>
  onPage(async (page) => {
    await page.getByLabel('Message, with its header').fill(ALIGNED);
    await page.getByLabel('Client IP address').fill('192.0.2.10');
    await page.getByLabel(/^MAIL FROM/).fill('alice@brand.example');
    await page.getByRole('button', { name: 'Judge the message' }).click();
    await page.locator('#verdict h2').waitFor();
    assert.match((await answer(page)) ?? '', /^Yes: brand\.example/);
    assert.deepEqual(
      [await word(page, 'DKIM 1'), await word(page, 'DKIM 2')],
      ['pass', 'pass'],
      'line ends are CRLF again',
    );
    assert.equal(new URL(page.url()).search + new URL(page.url()).hash, '');
    assert.equal(await page.evaluate('localStorage.length + sessionStorage.length + document.cookie.length'), 0);
    assert.equal(await page.evaluate('document.activeElement === document.querySelector("#verdict h2")'), true);
  }));

test('a dropped file is judged octet by octet, also where it is not UTF-8', () =>
  onPage(async (page) => {
    await dropFile(page, 'dropped one.eml', ALIGNED);
    await page.getByText('dropped one.eml, 1.2 kB').waitFor();
    await page.getByRole('button', { name: 'Judge the message' }).click();
    await page.getByRole('heading', { level: 1, name: 'dropped one.eml' }).waitFor();
    assert.equal(await word(page, 'DMARC'), 'pass');
    await page.getByRole('button', { name: 'Another message' }).click();
    assert.equal(await page.getByLabel('Message, with its header').inputValue(), '');

    const chosen = Buffer.from([
      ...Buffer.from('From: a@brand.example\r\nSubject: '),
      0xff,
      0xfe,
      0x0d,
      0x0a,
      0x0d,
      0x0a,
    ]);
    await page
      .locator('#message-file')
      .setInputFiles({ name: 'octets.eml', mimeType: 'message/rfc822', buffer: chosen });
    await page.getByText(`octets.eml, ${chosen.length} bytes`).waitFor();
    const sent = page.waitForRequest('**/v1/verify');
    await page.getByRole('button', { name: 'Judge the message' }).click();
    assert.deepEqual(Buffer.from((await sent).postDataJSON().message, 'base64'), chosen);
  }));

test('a From that cannot be read is shown with its faults, each with its place and a link to its rule', () =>
  onPage(async (page) => {
    const from = '<x@quiet.example> <alice@brand.example> (ceo@bank.example)';
    await page.getByLabel('Message, with its header').fill(ALIGNED.replace(/^From: .*$/m, `From: ${from}`));
    await page.getByRole('button', { name: 'Judge the message' }).click();
    await page.locator('#verdict h2').waitFor();
    const finding = (text: string) => page.locator('.finding', { hasText: text });
    const fault = finding('octet 18: an angle bracket is opened twice');
    const targets = await fault.locator('a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    assert.deepEqual(targets.toSorted(), [
      '/findings#from-angle-opened-twice',
      'https://www.rfc-editor.org/rfc/rfc5322#section-3.4',
    ]);
    assert.equal(await finding('a comment holds an at sign').count(), 1);
    assert.match((await answer(page)) ?? '', /^No: the From field cannot be read/);
    const shown = (await page.locator('.message-facts').textContent()) ?? '';
    assert.ok(shown.includes(`From, as written${from}`), shown);
  }));

test('the form folds away to one line with what the sample shows, and comes back apart from the verdict', () =>
  onPage(async (page) => {
    for (const viewport of [
      { width: 1280, height: 900 },
      { width: 390, height: 844 },
    ]) {
      await page.setViewportSize(viewport);
      await judgeSample(page, 'weak-key.eml');
      const about = EXAMPLES.find(({ file }) => file === 'weak-key.eml')?.title ?? '';
      assert.equal(await page.locator('#message-form').isVisible(), false);
      assert.equal(await page.locator('#message-bar').getByText(about).isVisible(), true);
      const sentence = await page.locator('#verdict h2').boundingBox();
      assert.ok(sentence !== null && sentence.y + sentence.height < viewport.height, 'the answer is in view');
      await reopenForm(page);
      assert.equal(await page.locator('#sample-about').textContent(), about);
      const [form, banner] = await Promise.all([
        page.locator('#message-form').boundingBox(),
        page.locator('.banner').boundingBox(),
      ]);
      assert.ok(form !== null && banner !== null && banner.y - (form.y + form.height) >= 16, 'a gap is between them');
      const list = await page.locator('#sample').boundingBox();
      const text = await page.locator('#sample-about').boundingBox();
      assert.ok(list !== null && text !== null && text.y >= list.y + list.height, 'the text stands under the list');
    }
    await page.getByLabel('Message, with its header').fill('From: a@brand.example');
    assert.equal(await page.locator('#sample-about').isVisible(), false, 'it is no sample any more');
  }));

test('one of anything is told in the singular', () =>
  onPage(async (page) => {
    await page.getByLabel('Message, with its header').fill('x');
    await page.getByRole('button', { name: 'Judge the message' }).click();
    await page.locator('#verdict h2').waitFor();
    assert.match((await page.locator('.banner').textContent()) ?? '', /1 byte, judged in/);
  }));

test('a hostile message and its DNS records are shown as text, and nothing of them runs', () =>
  onPage(async (page) => {
    await dropFile(page, '<img src=x onerror=alert(1)>.eml', HOSTILE_MESSAGE);
    await page.getByLabel('Client IP address').fill('192.0.2.99');
    await page.getByLabel('HELO name').fill('<script>window.ran=1</script>');
    await page.getByLabel(/^MAIL FROM/).fill('<b>@hostile.test');
    await page.getByRole('button', { name: 'Judge the message' }).click();
    await page.locator('#verdict h2').waitFor();
    await openFolds(page);
    for (const opened of await page.locator('.box').all()) await opened.click();
    const text = (await page.locator('main').textContent()) ?? '';
    assert.ok(text.includes(MARKUP), 'the Subject is shown as it is written');
    assert.ok(text.includes('x=<img src=x onerror=window.ran=1>'), 'so is the DMARC record');
    assert.equal(await page.evaluate('window.ran'), undefined);
    assert.equal(await page.locator('main :is(img, script, iframe, object, b, i, u)').count(), 0);
    assert.equal(await page.locator('a[href^="javascript:"]').count(), 0);
  }));

test('the keyboard alone reaches the verdict and opens a box', () =>
  onPage(async (page) => {
    await page.locator('#sample:enabled').waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.id'), 'message-text');
    await page.keyboard.insertText(ALIGNED);
    const stops: unknown[] = [];
    while (stops.at(-1) !== 'judge' && stops.length < 12) {
      await page.keyboard.press('Tab');
      stops.push(await page.evaluate('document.activeElement.id || document.activeElement.tagName'));
      assert.notEqual(
        await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'),
        'none',
        'the focus is seen',
      );
    }
    assert.deepEqual(stops, ['choose-file', 'client-ip', 'helo', 'mail-from', 'SUMMARY', 'sample', 'judge']);
    await page.keyboard.press('Enter');
    await page.locator('#verdict h2').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Show the evidence');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement.getAttribute("aria-expanded")'), 'true');
    assert.match((await page.evaluate('document.activeElement.textContent')) as string, /^DKIM 1/);
  }));

test('the live region tells the verdict', () =>
  onPage(async (page) => {
    await judgeSample(page, 'aligned.eml');
    assert.match((await page.getByRole('status').textContent()) ?? '', /^Verdict: Yes: brand\.example/);
  }));

test('the facts are filled in from the Received field of the named server, and only of that one', () =>
  onPage(async (page) => {
    const received = (by: string, ip: string) =>
      `Received: from mail.brand.example (mail.brand.example [${ip}]) by ${by} with ESMTPS id 1;\r\n Mon, 3 Feb 2025 09:00:01 +0000\r\n`;
    await dropFile(
      page,
      'delivered.eml',
      `${received('mx.mine.example', '192.0.2.10')}${received('mx.other.example', '198.51.100.1')}${ALIGNED}`,
    );
    await page.getByText('Fill in from the message’s own Received fields').click();
    await page.getByLabel('Host names of your own mail servers').fill('mx.nobody.example');
    await page.getByRole('button', { name: 'Fill in' }).click();
    await problem(page, 'No Received field of this message says that mx.nobody.example wrote it').waitFor();
    await page.getByLabel('Host names of your own mail servers').fill('mx.mine.example');
    await page.getByRole('button', { name: 'Fill in' }).click();
    await page.locator('#message-note', { hasText: 'Facts filled in from Received field 1' }).waitFor();
    assert.equal(await page.getByLabel('Client IP address').inputValue(), '192.0.2.10');
    assert.match((await page.locator('#more-facts').textContent()) ?? '', /ESMTPS/);
    const hops = page.locator('#received-path li');
    assert.equal(await hops.count(), 2);
    assert.match(
      (await hops.nth(0).textContent()) ?? '',
      /\[192\.0\.2\.10\] to mx\.mine\.example with ESMTPS \(taken\)/,
    );
    assert.match((await hops.nth(1).textContent()) ?? '', /Not believed/);
  }));

test('a wrong fact is told with its field, and the form stays as it was', () =>
  onPage(async (page) => {
    await page.getByLabel('Message, with its header').fill(ALIGNED);
    await page.getByLabel('Client IP address').fill('not an address');
    await page.getByRole('button', { name: 'Judge the message' }).click();
    await problem(page, 'smtp.clientIp').waitFor();
    assert.equal(await page.getByLabel('Client IP address').inputValue(), 'not an address');
    assert.equal(await page.getByRole('button', { name: 'Judge the message' }).isEnabled(), true);
  }));

test('where the service asks for a key, the page asks too, sends it, and forgets it', () =>
  onPage(async (page) => {
    const keys: (string | undefined)[] = [];
    await page.route('**/v1/verify', async (route) => {
      const { authorization: key, ...headers } = route.request().headers();
      keys.push(key);
      // This service knows no keys, and refuses one that it does not know.
      if (key !== undefined) return route.continue({ headers });
      const problem = { type: 'urn:mailverdict:problem:unauthorized', title: 'A key is needed', status: 401 };
      return route.fulfill({ status: 401, contentType: 'application/problem+json', body: JSON.stringify(problem) });
    });
    await page.getByLabel('Message, with its header').fill(ALIGNED);
    await page.getByRole('button', { name: 'Judge the message' }).click();
    await page.getByLabel(/^Access key/).fill('example-key');
    await page.getByRole('button', { name: 'Use it' }).click();
    await page.locator('#verdict h2').waitFor();
    assert.deepEqual(keys, [undefined, 'Bearer example-key']);
    assert.ok(
      !((await page.locator('body').textContent()) ?? '').includes('example-key'),
      'the command line names a variable instead',
    );
    assert.equal(await page.evaluate('localStorage.length + sessionStorage.length + document.cookie.length'), 0);
  }));

test('the command line that is shown gives the same verdict, and the JSON is the verdict', () =>
  onPage(async (page) => {
    await judgeSample(page, 'bounce.eml');
    await page.getByText('The same from the command line').click();
    await page.getByText('Files', { exact: true }).click();
    const line =
      (await page.locator('.fold', { hasText: 'The same from the command line' }).locator('pre').textContent()) ?? '';
    const waiting = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download the verdict (JSON)' }).click();
    const shown = Verdict.parse(JSON.parse(readFileSync(await (await waiting).path(), 'utf8')));
    const folder = mkdtempSync(join(tmpdir(), 'page-'));
    try {
      writeFileSync(join(folder, 'bounce.eml'), readFileSync(join(FOLDER, 'bounce.eml')));
      const { stdout } = await promisify(execFile)('sh', ['-c', `${line} --silent`], { cwd: folder });
      const told = Verdict.parse(JSON.parse(stdout));
      assert.deepEqual(
        [told.message.sha256, told.smtp, told.spf.result, told.dmarc.result],
        [shown.message.sha256, shown.smtp, shown.spf.result, shown.dmarc.result],
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  }));

/** Presses a download button and reads the file. */
const download = async (page: Page, name: string): Promise<{ name: string; bytes: Buffer }> => {
  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name }).click();
  const file = await waiting;
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
};

test('a message is downloaded with the field on top, its octets unchanged and its line ends kept', () =>
  onPage(async (page) => {
    for (const [text, lineEnd] of [
      [ALIGNED, '\r\n'],
      [ALIGNED.replaceAll('\r\n', '\n'), '\n'],
    ] as const) {
      await reopenForm(page);
      await dropFile(page, 'mine.eml', text);
      await page.getByText('mine.eml, ').waitFor();
      await page.getByRole('button', { name: 'Judge the message' }).click();
      await page.getByRole('heading', { level: 1, name: 'mine.eml' }).waitFor();
      await page.getByText('Files', { exact: true }).click();
      const { name, bytes } = await download(page, 'Download the message with the field on top');
      const whole = bytes.toString('latin1');
      assert.equal(name, 'mine-verdict.eml');
      assert.ok(whole.endsWith(text) && whole.length > text.length);
      const field = whole.slice(0, -text.length);
      assert.match(field, /^Authentication-Results: [^\r\n]+/);
      assert.ok(field.endsWith(lineEnd));
      assert.equal(field.includes('\r'), lineEnd === '\r\n');
    }
  }));

test('one file holds the message and its verdict, and the command line replays it without a server', () =>
  onPage(async (page) => {
    await judgeSample(page, 'mailing-list.eml');
    await page.getByText('Files', { exact: true }).click();
    const { name, bytes } = await download(page, 'Download one file to replay');
    const folder = mkdtempSync(join(tmpdir(), 'page-'));
    try {
      writeFileSync(join(folder, name), bytes);
      const main = join(FOLDER, '../src/cli/main.ts');
      const { stdout } = await promisify(execFile)(process.execPath, [main, 'replay', name], { cwd: folder });
      assert.match(stdout, /same: the verdict of/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }));

test('a record is edited and the verdicts stand side by side with what changed marked, until it is taken back', () =>
  onPage(async (page) => {
    await judgeSample(page, 'spf-fail.eml');
    await page.getByText('What if a record were different').click();
    await page.getByRole('button', { name: 'Edit the SPF record' }).click();
    await page.getByLabel(/^SPF record at brand\.example/).fill('v=spf1 ip4:198.51.100.200 -all');
    await page.getByRole('button', { name: 'Judge with this record' }).click();
    await page.locator('.comparison').waitFor();
    assert.match((await answer(page)) ?? '', /^Yes: brand\.example/);
    const row = (title: string) =>
      page.locator('.comparison tbody tr', { has: page.getByRole('rowheader', { name: title, exact: true }) });
    assert.deepEqual(await row('DMARC').locator('td').allTextContents(), ['fail', 'pass']);
    assert.equal(await row('DMARC').locator('ins mark').count(), 1);
    assert.equal(await row('ARC').locator('ins, del').count(), 0, 'what is the same is not marked');
    assert.deepEqual(await row('Level').locator('td').allTextContents(), ['contradicted', 'proven']);

    await page.getByText('What if a record were different').click();
    await page.getByRole('button', { name: 'Edit the DMARC record' }).click();
    await page.getByLabel(/^DMARC record at/).fill('');
    await page.getByRole('button', { name: 'Judge with this record' }).click();
    await page.getByText('_dmarc.brand.example TXT').waitFor();
    assert.deepEqual(await row('DMARC').locator('td').allTextContents(), ['fail', 'none']);
    await page.getByRole('button', { name: 'Take back _dmarc.brand.example TXT' }).click();
    await page.getByRole('button', { name: 'Take back brand.example TXT' }).click();
    await page.locator('.comparison').waitFor({ state: 'detached' });
    assert.match((await answer(page)) ?? '', /^No: nothing/);
  }));

test('the copy button copies the Authentication-Results field', () =>
  onPage(async (page) => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await judgeSample(page, 'aligned.eml');
    await page.getByText('Header fields', { exact: true }).click();
    await page.getByRole('button', { name: 'Copy Authentication-Results' }).click();
    await page.getByText('Copied', { exact: true }).waitFor();
    assert.match(
      (await page.evaluate('navigator.clipboard.readText()')) as string,
      /^Authentication-Results: [^\n]+\n {1,2}spf=pass/,
    );
  }));
