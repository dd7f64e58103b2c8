/** Reports on their way: each address gets its report once, or somebody can read why not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSmtpDelivery } from '../../../src/reports/sending/smtp-delivery.ts';
import { StoreFailure } from '../../../src/store/engine.ts';
import { HOUR, NOW, OWN, withScene } from './make-sender.ts';

const A = 'mailto:a@brand.example';
const B = 'mailto:b@brand.example';
const asksFor = (...uris: string[]): readonly string[] => [`v=DMARC1; p=none; rua=${uris.join(',')}`];
const OUTSIDE = 'mailto:r@reports.test';
const CONSENT = 'brand.example._report._dmarc.reports.test';

test('sendDue sends a report to each address once, and then never again', () =>
  withScene({}, async ({ world, addReport, sender, sink, report, states, events }) => {
    world['_dmarc.brand.example'] = asksFor(A, B);
    await addReport('r1');
    assert.deepEqual(await sender.sendDue(), { kind: 'done', reports: 1, hasMore: false });
    assert.deepEqual(
      sink.received.map(({ to }) => to),
      [['a@brand.example'], ['b@brand.example']],
    );
    assert.match(String(sink.received[0]?.octets), /Report-ID: <r1>\r\n\r\n3\r\n$/);
    assert.equal((await report('r1')).state, 'sent');
    assert.match((await report('r1')).reason, /^taken by the mail server: 250/);
    assert.deepEqual(await states('r1'), { [A]: 'sent', [B]: 'sent' });
    assert.deepEqual(events, [`r1 ${A} sent`, `r1 ${B} sent`]);
    assert.deepEqual(await sender.sendDue(), { kind: 'done', reports: 0, hasMore: false });
    assert.equal(sink.received.length, 2);
  }));

test('sendDue sends from an address of its own for each report and address', () =>
  withScene({}, async ({ world, addReport, sender, sink }) => {
    world['_dmarc.brand.example'] = asksFor(A, B);
    await addReport(`r1@${OWN}`);
    await sender.sendDue();
    const froms = sink.received.map(({ from }) => from);
    assert.equal(new Set(froms).size, 2);
    for (const from of froms) assert.match(from, /^reports\+r1-[a-z2-7]{12}@mx\.example$/);
  }));

test('an address that has the report gets no other while one that does not answer is tried again', () =>
  withScene({}, async ({ world, addReport, sendThrough, sender, sink, report, states }) => {
    world['_dmarc.brand.example'] = asksFor(A, B);
    await addReport('r1');
    sink.acts.rcpt = (address) => (address.startsWith('b@') ? { code: 451, text: '4.7.1 greylisted' } : 'take');
    await sender.sendDue();
    const waiting = await report('r1');
    assert.deepEqual([waiting.state, waiting.tries, waiting.nextTrySeconds], ['waiting', 1, NOW + 300]);
    assert.match(waiting.reason, /greylisted/);
    assert.deepEqual(await states('r1'), { [A]: 'sent', [B]: 'waiting' });
    sink.acts.rcpt = 'take';
    await sendThrough(5);
    assert.deepEqual(
      sink.received.map(({ to }) => to[0]),
      ['a@brand.example', 'b@brand.example'],
    );
    assert.equal((await report('r1')).state, 'sent');
  }));

test('a report that nobody takes is tried ever more seldom, and given up after REPORT_GIVE_UP_HOURS', () =>
  withScene({ reportGiveUpHours: 48 }, async ({ world, addReport, sendThrough, sink, clock, report, store }) => {
    world['_dmarc.brand.example'] = asksFor(A);
    sink.acts.rcpt = { code: 450, text: '4.2.0 busy' };
    await addReport('r1');
    await sendThrough(100);
    const given = await report('r1');
    assert.equal(given.state, 'given-up');
    assert.match(given.reason, /^not taken within 48 hours \(REPORT_GIVE_UP_HOURS\); last: 450 4\.2\.0 busy/);
    assert.equal(given.tries, sink.sessions());
    assert.ok(clock.now - NOW > 40 * HOUR && clock.now - NOW <= 48 * HOUR, `${(clock.now - NOW) / HOUR} hours`);
    const [delivery] = await store.outgoing.deliveries('r1');
    assert.equal(delivery?.tries, given.tries);
  }));

test('a sender that was down for a week takes no try from a report', () =>
  withScene({}, async ({ world, addReport, sender, sink, clock, report }) => {
    world['_dmarc.brand.example'] = asksFor(A);
    await addReport('r1');
    clock.now += 7 * 24 * HOUR;
    sink.acts.rcpt = { code: 450, text: '4.2.0 busy' };
    await sender.sendDue();
    assert.equal((await report('r1')).state, 'waiting');
  }));

test('an address that refuses for good is not asked again, and counts as a bounce', () =>
  withScene({ reportMaxBounces: 2 }, async ({ world, addReport, sender, sink, report, store, clock }) => {
    world['_dmarc.brand.example'] = asksFor(A);
    sink.acts.rcpt = { code: 550, text: '5.1.1 no such user' };
    for (const id of ['r1', 'r2', 'r3']) await addReport(id);
    await sender.sendDue();
    assert.equal((await report('r1')).state, 'given-up');
    assert.equal((await report('r1')).reason, 'refused: 550 5.1.1 no such user');
    assert.equal((await report('r3')).state, 'withheld');
    assert.match((await report('r3')).reason, /^a@brand\.example gets no reports: 2 reports came back, the last one/);
    assert.equal(sink.sessions(), 2);
    const suppression = await store.suppressions.find('a@brand.example', clock.now);
    assert.equal(suppression?.untilSeconds, clock.now + 30 * 24 * HOUR);
  }));

test('a server that dies after the message leaves it open, and the same mail goes again', () =>
  withScene({}, async ({ world, addReport, sendThrough, sender, sink, report }) => {
    world['_dmarc.brand.example'] = asksFor(A);
    await addReport('r1');
    sink.acts.data = 'die';
    await sender.sendDue();
    assert.equal((await report('r1')).state, 'waiting');
    sink.acts.data = 'take';
    await sendThrough(3);
    assert.equal(sink.received.length, 2);
    assert.deepEqual(sink.received[0], sink.received[1]);
    assert.equal((await report('r1')).state, 'sent');
  }));

test('consent that is withdrawn between two tries ends the report at that address', () =>
  withScene({}, async ({ world, addReport, sendThrough, sender, sink, report }) => {
    world['_dmarc.brand.example'] = asksFor(OUTSIDE);
    world[CONSENT] = ['v=DMARC1'];
    await addReport('r1');
    sink.acts.rcpt = { code: 451, text: '4.7.1 later' };
    await sender.sendDue();
    delete world[CONSENT];
    sink.acts.rcpt = 'take';
    await sendThrough(3);
    assert.equal((await report('r1')).state, 'withheld');
    assert.match((await report('r1')).reason, /^reports\.test does not agree to take reports on brand\.example/);
    assert.deepEqual(sink.received, []);
  }));

test('a domain that no longer asks gets no report, with the reason', () =>
  withScene({}, async ({ world, addReport, sender, sink, report }) => {
    await addReport('r1');
    world['_dmarc.other.example'] = ['v=DMARC1; p=none'];
    await addReport('r2', 'other.example');
    await sender.sendDue();
    assert.equal((await report('r1')).reason, 'brand.example asks for no reports any more: no record');
    assert.match((await report('r2')).reason, /names no mail address for reports/);
    assert.deepEqual([(await report('r1')).state, (await report('r2')).state], ['withheld', 'withheld']);
    assert.deepEqual(sink.received, []);
  }));

test('an address that has the report does not get it again because the record writes it in another way', () =>
  withScene({}, async ({ world, addReport, sendThrough, sender, sink, report }) => {
    world['_dmarc.brand.example'] = asksFor(A, B);
    await addReport('r1');
    sink.acts.rcpt = (address) => (address.startsWith('b@') ? { code: 451, text: '4.7.1 later' } : 'take');
    await sender.sendDue();
    world['_dmarc.brand.example'] = asksFor('MAILTO:A@Brand.Example?subject=x', B);
    sink.acts.rcpt = 'take';
    await sendThrough(3);
    assert.equal((await report('r1')).state, 'sent');
    assert.equal(sink.received.length, 2);
  }));

test('an address that left the record is withheld, and one that came in gets the report', () =>
  withScene({}, async ({ world, addReport, sendThrough, sender, sink, states }) => {
    world['_dmarc.brand.example'] = asksFor(A);
    await addReport('r1');
    sink.acts.rcpt = { code: 451, text: '4.7.1 later' };
    await sender.sendDue();
    world['_dmarc.brand.example'] = asksFor(B);
    sink.acts.rcpt = 'take';
    await sendThrough(3);
    assert.deepEqual(await states('r1'), { [A]: 'withheld', [B]: 'sent' });
  }));

for (const [name, servfail] of [
  ['the record', '_dmarc.brand.example'],
  ['the agreement', CONSENT],
] as const)
  test(`DNS that fails at ${name} makes a report wait, and after the time for tries it is given up`, () =>
    withScene({ reportGiveUpHours: 1 }, async ({ world, addReport, sendThrough, sender, sink, report }) => {
      world['_dmarc.brand.example'] = asksFor(OUTSIDE);
      world[CONSENT] = ['v=DMARC1'];
      const working = world[servfail] ?? [];
      world[servfail] = 'servfail';
      await addReport('r1');
      await addReport('r2');
      await sender.sendDue();
      assert.equal((await report('r1')).state, 'waiting');
      assert.match((await report('r1')).reason, /a DNS failure \(servfail\) left open whether/);
      await sendThrough(20);
      assert.equal((await report('r1')).state, 'given-up');
      assert.match((await report('r1')).reason, /REPORT_GIVE_UP_HOURS\); last: a DNS failure/);
      assert.deepEqual(sink.received, []);
      world[servfail] = working;
      await addReport('r3');
      await sender.sendDue();
      assert.equal((await report('r3')).state, 'sent');
    }));

test('a report goes to the address that the receiver named instead, and to none of another host', () =>
  withScene({}, async ({ world, addReport, sender, sink, report, states }) => {
    world['_dmarc.brand.example'] = asksFor(OUTSIDE);
    world[CONSENT] = ['v=DMARC1; rua=mailto:new@reports.test'];
    await addReport('r1');
    await sender.sendDue();
    assert.deepEqual(await states('r1'), { 'mailto:new@reports.test': 'sent' });
    world[CONSENT] = ['v=DMARC1; rua=mailto:victim@other.test'];
    await addReport('r2');
    await sender.sendDue();
    assert.match((await report('r2')).reason, /an address of another host/);
    assert.deepEqual(
      sink.received.map(({ to }) => to[0]),
      ['new@reports.test'],
    );
  }));

test('a mail over the size that the record has for an address is withheld from it alone', () =>
  withScene({}, async ({ world, addReport, sender, report, states }) => {
    world['_dmarc.brand.example'] = asksFor(`${A}!20`, `${B}!10m`);
    await addReport('r1');
    await sender.sendDue();
    assert.deepEqual(await states('r1'), { [A]: 'withheld', [B]: 'sent' });
    assert.equal((await report('r1')).state, 'sent');
  }));

test('reports on too few messages, excluded domains, and addresses that are ours are withheld', () =>
  withScene(
    { reportMinMessages: 2, reportExclude: ['Quiet.example', 'noisy.example'] },
    async ({ world, addReport, sender, sink, report, store, clock }) => {
      world['_dmarc.brand.example'] = asksFor(A);
      world['_dmarc.quiet.example'] = asksFor('mailto:a@quiet.example');
      world['_dmarc.loop.example'] = asksFor(`mailto:reports@${OWN}`);
      world[`loop.example._report._dmarc.${OWN}`] = ['v=DMARC1'];
      world['_dmarc.far.example'] = asksFor('mailto:a@noisy.example');
      world['far.example._report._dmarc.noisy.example'] = ['v=DMARC1'];
      world['_dmarc.shut.example'] = asksFor('mailto:A@Shut.example');
      await store.suppressions.add({ target: 'shut.example', reason: 'they asked', untilSeconds: clock.now + 1 });
      await addReport('few', 'brand.example', 1);
      await addReport('quiet', 'quiet.example');
      await addReport('loop', 'loop.example');
      await addReport('far', 'far.example');
      await addReport('shut', 'shut.example');
      await sender.sendDue();
      for (const [id, reason] of [
        ['few', /on 1 messages, fewer than REPORT_MIN_MESSAGES \(2\)/],
        ['quiet', /REPORT_EXCLUDE names quiet\.example/],
        ['loop', /at the domain that sends the reports/],
        ['far', /REPORT_EXCLUDE names noisy\.example/],
        ['shut', /^shut\.example gets no reports: they asked/],
      ] as const) {
        assert.equal((await report(id)).state, 'withheld', id);
        assert.match((await report(id)).reason, reason);
      }
      assert.deepEqual(sink.received, []);
      clock.now += 2;
      await addReport('open', 'shut.example');
      await sender.sendDue();
      assert.equal((await report('open')).state, 'sent');
    },
  ));

test('no more than REPORTS_PER_HOST_MINUTE reports go to a domain in any minute, and all go', () =>
  withScene({ reportsPerHostMinute: 3 }, async ({ world, addReport, sendThrough, sink, clock, store }) => {
    const times: number[] = [];
    for (let at = 0; at < 10; at += 1) {
      world[`_dmarc.d${at}.example`] = asksFor(OUTSIDE);
      world[`d${at}.example._report._dmarc.reports.test`] = ['v=DMARC1'];
      await addReport(`r${at}`, `d${at}.example`);
    }
    world['_dmarc.brand.example'] = asksFor(A, B);
    await addReport('other');
    sink.acts.rcpt = (address) => {
      if (address === 'r@reports.test') times.push(clock.now);
      return 'take';
    };
    await sendThrough(50);
    assert.equal(times.length, 10);
    for (const [index, time] of times.entries())
      if (index >= 3) assert.ok(time - (times[index - 3] ?? 0) >= 60, times.join());
    assert.ok(clock.now - NOW <= 5 * 60);
    const reports = await store.outgoing.list({ limit: 100 });
    assert.ok(reports.every(({ state, tries }) => state === 'sent' && tries === 1));
  }));

test('a clock that jumps ahead and back holds nothing up', () =>
  withScene({ reportsPerHostMinute: 1 }, async ({ world, addReport, sender, sink, clock }) => {
    world['_dmarc.brand.example'] = asksFor(A);
    clock.now += 24 * HOUR;
    await addReport('r1');
    await sender.sendDue();
    clock.now -= 24 * HOUR;
    await addReport('r2');
    await sender.sendDue();
    assert.equal(sink.received.length, 2);
  }));

test('of two processes over one store one sends, and the other after it let go or was gone for long', () =>
  withScene({}, async ({ world, addReport, sender, makeSender, sink, clock }) => {
    world['_dmarc.brand.example'] = asksFor(A);
    const other = makeSender();
    await addReport('r1');
    await sender.sendDue();
    assert.deepEqual(await other.sendDue(), { kind: 'not-ours' });
    await sender.release();
    await addReport('r2');
    assert.equal((await other.sendDue()).kind, 'done');
    assert.deepEqual(await sender.sendDue(), { kind: 'not-ours' });
    clock.now += HOUR;
    await addReport('r3');
    assert.equal((await sender.sendDue()).kind, 'done');
    assert.equal(sink.received.length, 3);
  }));

test('sendDue called twice at once sends each report once', () =>
  withScene({}, async ({ world, addReport, sender, sink }) => {
    world['_dmarc.brand.example'] = asksFor(A);
    await addReport('r1');
    await addReport('r2');
    await Promise.all([sender.sendDue(), sender.sendDue()]);
    assert.equal(sink.received.length, 2);
  }));

test('a process that slept while another one took over stops before the next mail', () =>
  withScene({}, async ({ world, addReport, makeSender, sink, clock, states, store, sender }) => {
    world['_dmarc.brand.example'] = asksFor(A, B);
    await addReport('r1');
    const deliver = createSmtpDelivery({ url: sink.url, helo: OWN });
    const sleeper = makeSender({
      deliver: async (...mail) => {
        const outcome = await deliver(...mail);
        clock.now += HOUR;
        await store.leases.take({ job: 'send-reports', holder: 'other', nowSeconds: clock.now, seconds: 60 });
        return outcome;
      },
    });
    assert.deepEqual(await sleeper.sendDue(), { kind: 'stopped' });
    assert.deepEqual(await states('r1'), { [A]: 'sent' });
    assert.deepEqual(await sleeper.sendDue(), { kind: 'not-ours' });
    clock.now += HOUR;
    await sender.sendDue();
    assert.deepEqual(await states('r1'), { [A]: 'sent', [B]: 'sent' });
    assert.equal(sink.received.length, 2);
  }));

test('a store that fails after a mail was taken: the process does not send it again', () =>
  withScene({}, async ({ world, addReport, makeSender, sink, store, report }) => {
    world['_dmarc.brand.example'] = asksFor(A);
    await addReport('r1');
    let isDown = true;
    const sender = makeSender({
      outgoing: {
        ...store.outgoing,
        saveDelivery: async (...delivery) => {
          if (isDown) throw new StoreFailure('unavailable', 'down');
          await store.outgoing.saveDelivery(...delivery);
        },
      },
    });
    await assert.rejects(sender.sendDue(), StoreFailure);
    await assert.rejects(sender.sendDue(), StoreFailure);
    assert.equal(sink.received.length, 1);
    isDown = false;
    await sender.sendDue();
    assert.equal(sink.received.length, 1);
    assert.equal((await report('r1')).state, 'sent');
  }));

test('a process killed between acceptance and commit: the next one sends the same octets once more', () =>
  withScene({}, async ({ world, addReport, makeSender, sink, store, report, clock }) => {
    world['_dmarc.brand.example'] = asksFor(A);
    await addReport('r1');
    const killed = makeSender({
      outgoing: {
        ...store.outgoing,
        saveDelivery: async () => {
          throw new StoreFailure('unavailable', 'killed');
        },
      },
    });
    await assert.rejects(killed.sendDue(), StoreFailure);
    clock.now += HOUR;
    await makeSender().sendDue();
    assert.equal(sink.received.length, 2);
    assert.deepEqual(sink.received[0], sink.received[1]);
    assert.equal((await report('r1')).state, 'sent');
  }));

test('a store that fails at any call of a run loses no report and doubles none', () =>
  withScene({}, async ({ world, addReport, makeSender, sink, store, report, clock }) => {
    world['_dmarc.brand.example'] = asksFor(A, B);
    let wasReached = true;
    let runs = 0;
    while (wasReached) {
      // Each run fails one call later than the one before, until none fails.
      runs += 1;
      await addReport(`r${runs}`);
      let calls = 0;
      const counted = <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) => {
        return async (...args: Args): Promise<Result> => {
          calls += 1;
          if (calls === runs) throw new StoreFailure('unavailable', 'down');
          return call(...args);
        };
      };
      const { outgoing, suppressions, leases, notes } = store;
      const sender = makeSender({
        outgoing: {
          due: counted(outgoing.due),
          deliveries: counted(outgoing.deliveries),
          saveDelivery: counted(outgoing.saveDelivery),
          saveTry: counted(outgoing.saveTry),
        },
        suppressions: { ...suppressions, find: counted(suppressions.find) },
        leases: { ...leases, take: counted(leases.take) },
        notes: { keep: counted(notes.keep) },
      });
      wasReached = await sender.sendDue().then(
        () => false,
        (cause) => cause instanceof StoreFailure,
      );
      if (wasReached) await sender.sendDue();
      assert.equal((await report(`r${runs}`)).state, 'sent');
      clock.now += HOUR;
    }
    assert.ok(runs > 10);
    assert.equal(sink.received.length, 2 * runs);
    assert.equal(new Set(sink.received.map(({ octets }) => String(octets))).size, 2 * runs);
  }));

test('a report that cannot be put together waits, and the ones behind it are sent', () =>
  withScene({}, async ({ world, addReport, makeSender, report, faults }) => {
    world['_dmarc.brand.example'] = asksFor(A);
    await addReport('r1');
    await addReport('r2');
    const sender = makeSender({
      compose: async ({ reportId }) => {
        if (reportId === 'r1') throw new Error('ours');
        return Buffer.from('Subject: r2\r\n\r\n');
      },
    });
    await sender.sendDue();
    assert.deepEqual([(await report('r1')).state, (await report('r2')).state], ['waiting', 'sent']);
    assert.equal(faults.length, 1);
  }));

test('whoever stops the sender while a mail is on its way takes no try', () =>
  withScene({}, async ({ world, addReport, sender, sink, report }) => {
    world['_dmarc.brand.example'] = asksFor(A);
    await addReport('r1');
    const stopping = new AbortController();
    sink.acts.rcpt = () => {
      stopping.abort();
      return 'hang';
    };
    assert.deepEqual(await sender.sendDue(stopping.signal), { kind: 'stopped' });
    assert.deepEqual([(await report('r1')).state, (await report('r1')).tries], ['waiting', 0]);
    assert.deepEqual(await sender.sendDue(stopping.signal), { kind: 'stopped' });
  }));

test('sendDue takes a batch of fifty, and tells that more may be due', () =>
  withScene({ reportsPerHostMinute: 6000 }, async ({ world, addReport, makeSender }) => {
    world['_dmarc.brand.example'] = asksFor(A);
    for (let at = 0; at < 51; at += 1) await addReport(`r${at}`);
    const sender = makeSender({ deliver: async () => ({ kind: 'accepted', reply: '250' }) });
    assert.deepEqual(await sender.sendDue(), { kind: 'done', reports: 50, hasMore: true });
    assert.deepEqual(await sender.sendDue(), { kind: 'done', reports: 1, hasMore: false });
  }));

test('nothing is sent before the check of the report mail was passed', () =>
  withScene({}, async ({ world, addReport, makeSender, sink }) => {
    world['_dmarc.brand.example'] = asksFor(A);
    await addReport('r1');
    assert.deepEqual(await makeSender({ isCleared: async () => false }).sendDue(), { kind: 'not-cleared' });
    assert.deepEqual(sink.received, []);
  }));
