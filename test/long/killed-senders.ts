/**
 * `node test/long/killed-senders.ts [kills] [reports] [postgres URL]`: two processes send reports of
 * one store to a mail server that greylists, refuses and dies after DATA, and one of them is killed
 * (SIGKILL) at random moments. Time runs 600 times as fast as the clock. Ends with 1 when a report
 * is lost, goes out with other octets, is refused and sent again, or goes out more often than kills
 * and deaths explain.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ReportSettings } from '../../schemas/settings/reports.ts';
import { findDestinations } from '../../src/reports/sending/destinations.ts';
import { ReportSender } from '../../src/reports/sending/send-due.ts';
import { startSending } from '../../src/reports/sending/sender.ts';
import { createSmtpDelivery } from '../../src/reports/sending/smtp-delivery.ts';
import { openStore } from '../../src/store/store.ts';
import { addReport, compose, NOW, worldLookup } from '../reports/sending/make-sender.ts';
import { type Act, startSink } from '../reports/sending/sink.ts';

const FASTER = 600;
const DOMAINS = 50;

type Task = { readonly storeUrl: string; readonly smtpUrl: string; readonly startMs: number };

const world = Object.fromEntries(
  Array.from({ length: DOMAINS }, (_, at) => [
    `_dmarc.d${at}.example`,
    [`v=DMARC1; p=none; rua=mailto:a@d${at}.example,mailto:b@d${at}.example`],
  ]),
);

const sendForEver = async ({ storeUrl, smtpUrl, startMs }: Task): Promise<void> => {
  const store = await openStore(storeUrl);
  const sender = new ReportSender({
    outgoing: store.outgoing,
    rows: store.counted.rows,
    suppressions: store.suppressions,
    leases: store.leases,
    notes: store.notes,
    compose,
    // A session must end within the lease, which lasts less than two seconds of the clock.
    deliver: createSmtpDelivery({
      url: smtpUrl,
      helo: 'mx.example',
      times: { connectMs: 1000, greetingMs: 1000, silenceMs: 1000, sessionMs: 1100, stopMs: 100 },
    }),
    find: (domain) => findDestinations(domain, { lookup: worldLookup(world), deadlineMs: 0 }),
    settings: {
      ...ReportSettings.parse({ reportSender: 'reports@mx.example' }),
      reportsPerHostMinute: 6000,
      reportMaxBounces: 100,
      reportGiveUpHours: 168,
    },
    nowSeconds: () => NOW + Math.floor(((Date.now() - startMs) * FASTER) / 1000),
    observe: () => undefined,
    onFault: (cause) => console.error(cause),
    isCleared: async () => true,
    holder: `process ${process.pid}`,
    makeRandom: (octets) => Buffer.alloc(octets, 7),
  });
  startSending({
    sender,
    wait: (milliseconds, signal) => wait(milliseconds / FASTER, undefined, { signal }),
    onOutcome: () => undefined,
    onFailure: (cause) => console.error(cause),
  });
  process.on('disconnect', () => process.exit());
  process.send?.('ready');
};

/** What the server did with the mails of one report at one address. */
type Seen = { readonly octets: Set<string>; taken: number; lost: number; refused: number };

const run = async (kills: number, reports: number, postgresUrl: string | undefined): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), 'mailverdict-kills-'));
  const storeUrl = postgresUrl ?? `sqlite:${join(folder, 'store.db')}`;
  const store = await openStore(storeUrl);
  const sink = await startSink();
  sink.acts.rcpt = () => (Math.random() < 0.1 ? { code: 451, text: '4.7.1 greylisted' } : 'take');
  const seen = new Map<string, Seen>();
  sink.acts.data = () => {
    const mail = sink.received.at(-1);
    const text = String(mail?.octets);
    const key = `${/Report-ID: <(\w+)>/.exec(text)?.[1]} ${mail?.to[0]}`;
    const of = seen.get(key) ?? { octets: new Set(), taken: 0, lost: 0, refused: 0 };
    seen.set(key, of);
    of.octets.add(text);
    const chance = Math.random();
    const act: Act = chance < 0.1 ? 'die' : chance < 0.15 ? { code: 554, text: '5.6.0 no' } : 'take';
    if (act === 'take') of.taken += 1;
    else if (act === 'die') of.lost += 1;
    else of.refused += 1;
    return act;
  };
  for (let at = 0; at < reports; at += 1)
    await addReport(store, {
      reportId: `r${at}`,
      policyDomain: `d${at % DOMAINS}.example`,
      messages: 3,
      nowSeconds: NOW,
    });
  const task: Task = { storeUrl, smtpUrl: sink.url, startMs: Date.now() };
  const start = async (): Promise<ChildProcess> => {
    const child = fork(import.meta.filename, ['--send', JSON.stringify(task)]);
    await once(child, 'message');
    return child;
  };
  const waiting = async () => (await store.outgoing.states()).waiting;
  let children: ChildProcess[] = await Promise.all([start(), start()]);
  let killed = 0;
  while (killed < kills && (await waiting()) > 0) {
    await wait(Math.random() * 700);
    const victim = children[killed % 2];
    victim?.kill('SIGKILL');
    killed += 1;
    children = await Promise.all(children.map((child) => (child === victim ? start() : child)));
  }
  while ((await waiting()) > 0) await wait(200);
  for (const child of children) child.kill('SIGKILL');
  const wrong: string[] = [];
  let repeats = 0;
  let lost = 0;
  for (let at = 0; at < reports; at += 1)
    for (const { uri, state } of await store.outgoing.deliveries(`r${at}`)) {
      const key = `r${at} ${uri.slice('mailto:'.length)}`;
      const of = seen.get(key);
      // A server that took a report and refuses the repeat after a kill has it all the same.
      const isToldRight = state === 'sent' ? (of?.taken ?? 0) > 0 : of?.taken === 0 || (of?.refused ?? 0) > 0;
      if (!isToldRight) wrong.push(`${key} is ${state}: ${JSON.stringify(of)}`);
      if ((of?.octets.size ?? 0) > 1) wrong.push(`${key} went out with other octets`);
      repeats += Math.max(0, (of?.taken ?? 0) - 1) + (of?.taken ? 0 : Math.max(0, (of?.refused ?? 0) - 1));
      lost += of?.lost ?? 0;
    }
  if (seen.size !== 2 * reports) wrong.push(`${seen.size} of ${2 * reports} mails were seen`);
  if (repeats > killed) wrong.push(`${repeats} repeats, more than kills`);
  console.log(
    `${killed} kills, ${reports} reports at 2 addresses: ${sink.received.length} mails, of them ${lost} that the server died on, ${repeats} repeats after a kill`,
  );
  for (const what of wrong) console.log(`wrong: ${what}`);
  await sink.close();
  await store.close();
  rmSync(folder, { recursive: true });
  return wrong.length;
};

const [first, second, third] = process.argv.slice(2);
if (first === '--send') await sendForEver(JSON.parse(second ?? ''));
else process.exit((await run(Number(first ?? 200), Number(second ?? 1000), third)) === 0 ? 0 : 1);
