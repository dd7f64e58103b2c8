/**
 * `mailverdict reports check` and `reports bounce`: whether report mail is believed, and reports
 * that came back.
 */
import { MailTarget } from '../../../schemas/reports/outgoing-report.ts';
import { isPassed } from '../../reports/sending/preflight.ts';
import { EXIT, textOption, WrongUse } from '../command.ts';
import { readInput } from '../read-input.ts';
import { writeCheck } from '../render/reports.ts';
import { readTrust } from '../verify-options.ts';
import type { Call } from './call.ts';

/** Sends a sample, judges it as it arrived, or tells what came of the last one. */
export const check = async (call: Call): Promise<number> => {
  const { reporting, words, options, terminal } = call;
  const [address] = words;
  if (options.force) {
    await reporting.check.force();
    terminal.err('reports are sent from now on, without a check\n');
    return EXIT.ok;
  }
  const received = textOption(options, 'received');
  if (received !== undefined) return judge(call, received);
  if (address === undefined) {
    const last = await reporting.check.read();
    terminal.out(last === null ? 'no check was made with these settings\n' : writeCheck(last, terminal.style));
    return isPassed(last) ? EXIT.ok : EXIT.fail;
  }
  if (!MailTarget.safeParse(address).success) throw new WrongUse(`${address} is no mail address`);
  const sample = await reporting.check.send(address);
  if (sample === null) throw new WrongUse('set REPORT_SMTP: it names the mail server that takes the reports');
  if (sample.kind === 'not-sent') {
    terminal.err(`the sample was not taken: ${sample.reply}\n`);
    return EXIT.fail;
  }
  terminal.out(
    `a sample is on its way to ${address}\nsave it as it arrived, with all of its header, and run\n  mailverdict reports check --received <file>\n`,
  );
  return EXIT.ok;
};

const judge = async ({ reporting, core, config, options, terminal }: Call, file: string): Promise<number> => {
  const message = await readInput(file, { maxBytes: config.maxMessageBytes }, terminal);
  const outcome = await reporting.check.judge(message, (octets) => core.verify(octets, {}, readTrust(options)));
  if (outcome === null) throw new WrongUse('send a sample first: reports check <your address>');
  terminal.out(writeCheck(outcome, terminal.style));
  return outcome.state === 'passed' ? EXIT.ok : EXIT.fail;
};

/** Takes a report that came back. */
export const bounce = async ({
  reporting,
  config,
  words: [recipient = '', file = ''],
  terminal,
}: Call): Promise<number> => {
  const message = await readInput(file, { maxBytes: config.maxMessageBytes }, terminal);
  const outcome = await reporting.takeBounce(recipient, message);
  switch (outcome.kind) {
    case 'not-ours':
      terminal.err(`no report was sent from ${recipient}\n`);
      return EXIT.fail;
    case 'no-failure':
      terminal.err('the message tells of no failure\n');
      return EXIT.fail;
    case 'bounced':
      terminal.out(
        `report ${outcome.reportId} came back from ${outcome.address}, status ${outcome.status ?? 'not told'}\n`,
      );
      if (outcome.isSuppressed)
        terminal.out(`${outcome.address} gets no reports for ${config.reportSuppressDays} days\n`);
      return EXIT.ok;
    default:
      return outcome satisfies never;
  }
};
