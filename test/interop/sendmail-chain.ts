/**
 * A real Sendmail in a network name space of its own, so that clients with public addresses can
 * speak to it: each message is sent to it, and what it queued is sent to it again from the
 * loopback, as a content filter does. The Received fields are those of Debian's own m4 files. Needs
 * root, iproute2 and a reachable package archive.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PATIENCE_MS } from './mail-lab.ts';
import { makeSendmailCf } from './sendmail-from-m4.ts';
import { headerOf } from './sendmail-lab.ts';

/** A message and who sends it. */
export type Sent = { readonly client: { readonly ip: string; readonly helo: string }; readonly message: string };

const PORT = 2525;
const HOSTS = '127.0.0.1 localhost\n192.0.2.10 mail.sender.example\n';

/** Speaks SMTP from a chosen address: the address, the HELO name and the file of the message. */
const CLIENT = `import smtplib, sys, time
address, helo, path = sys.argv[1:4]
while True:
    try:
        smtp = smtplib.SMTP('127.0.0.1', ${PORT}, local_hostname=helo, source_address=(address, 0), timeout=300)
        break
    except ConnectionRefusedError:
        time.sleep(0.1)
smtp.sendmail('alice@sender.example', ['bob@rcpt.example'], open(path, 'rb').read())
smtp.quit()
`;

/** @returns the messages as they were queued: after the first time, and after the second */
export const sendmailChain = async (
  folder: string,
  sent: readonly Sent[],
): Promise<{ once: readonly string[]; twice: readonly string[] }> => {
  await mkdir(folder, { recursive: true });
  const { file, queue, binary, environment } = await makeSendmailCf(folder, PORT, '');
  const client = join(folder, 'client.py');
  await writeFile(client, CLIENT);
  await writeFile(join(folder, 'hosts'), HOSTS);
  const send = async ({ client: { ip, helo }, message }: Sent): Promise<string> => {
    for (const name of await readdir(queue)) await rm(join(queue, name));
    const path = join(folder, 'message.eml');
    await writeFile(path, message, 'latin1');
    const script = [
      'hostname mx.example.org',
      `mount --bind ${folder}/hosts /etc/hosts`,
      'ip link set lo up',
      // A loopback address is there already.
      ...(ip.startsWith('127.') ? [] : [`ip address add ${ip}/32 dev lo`]),
      // Started without its terminal, and ended with the name space's first process.
      `{ ${binary} -C ${file} -bD & daemon=$!; }`,
      `python3 ${client} ${ip} ${helo} ${path}; status=$?; kill $daemon; exit $status`,
    ].join(' && ');
    execFileSync('unshare', ['-n', '-u', '-m', 'sh', '-c', script], { env: environment, timeout: PATIENCE_MS });
    const [name = '', ...more] = (await readdir(queue)).filter((entry) => entry.startsWith('qf'));
    if (name === '' || more.length > 0) throw new Error(`${more.length + 1} messages are queued, or none`);
    const header = headerOf(await readFile(join(queue, name), 'latin1')).filter(
      (line) => !/^Return-Path: .*\$g/i.test(line),
    );
    const body = await readFile(join(queue, name.replace(/^qf/, 'df')), 'latin1');
    return `${[...header, '', body].join('\n').replaceAll('\r', '').replaceAll('\n', '\r\n')}`;
  };
  const once: string[] = [];
  const twice: string[] = [];
  for (const one of sent) {
    const first = await send(one);
    const second = await send({ client: { ip: '127.0.0.1', helo: 'localhost' }, message: first });
    // Sendmail writes Return-Path when it delivers; here it only queues.
    once.push(`Return-Path: <alice@sender.example>\r\n${first}`);
    twice.push(`Return-Path: <alice@sender.example>\r\n${second}`);
  }
  return { once, twice };
};
