/**
 * One report mail to one address through the operator's mail server (RFC 5321), as the octets that
 * were given: no header is added, no line changed. A password goes over TLS only, unless the server
 * is on this machine; without one, TLS is used where it is offered (RFC 3207) and the certificate
 * is not asked for. Never throws: what came of it is one of three words.
 */
import SMTPConnection from 'nodemailer/lib/smtp-connection';

/** What came of it. A closed union; `reply` is one printable line for a person. */
export type DeliveryOutcome =
  | { readonly kind: 'accepted'; readonly reply: string }
  /** This recipient or this message is not taken, and will not be (5xx). */
  | { readonly kind: 'refused'; readonly reply: string }
  /**
   * Not taken this time, or not known: a connection that ended after the message was sent leaves
   * open whether it was taken.
   */
  | { readonly kind: 'later'; readonly reply: string };

/** Envelope of a mail with one recipient. */
type Envelope = { readonly from: string; readonly to: string };

/**
 * Sends one mail.
 * @param signal when it is aborted, a session under way may still end, if it ends soon
 * @returns never rejects
 */
export type Deliver = (envelope: Envelope, mail: Uint8Array, signal?: AbortSignal) => Promise<DeliveryOutcome>;

/** How long the parts of a session may take, in milliseconds. */
type SmtpTimes = {
  readonly connectMs: number;
  readonly greetingMs: number;
  /** Without an octet from the server. */
  readonly silenceMs: number;
  /** The whole session. */
  readonly sessionMs: number;
  /** After the caller stopped it: a mail whose reply is not awaited goes out twice. */
  readonly stopMs: number;
};

/** The mail server. */
type SmtpServer = {
  /** REPORT_SMTP. */
  readonly url: string;
  /** Name given with EHLO. */
  readonly helo: string;
  /** @default SMTP_TIMES */
  readonly times?: SmtpTimes;
};

/** Longest time that one mail takes, in seconds; a lease must last longer. */
export const MAX_DELIVERY_SECONDS = 720;

/**
 * The server needs time after the last octet of a message (RFC 5321 section 4.5.3.2.6): who hangs
 * up before it answers sends the message twice.
 */
const SMTP_TIMES: SmtpTimes = {
  connectMs: 30_000,
  greetingMs: 60_000,
  silenceMs: 600_000,
  sessionMs: MAX_DELIVERY_SECONDS * 1000,
  stopMs: 5000,
};

/** How long the answer to QUIT is waited for; nothing depends on it. */
const QUIT_MS = 5000;

/** Characters of a reply that are kept. */
const MAX_REPLY_CHARS = 200;
/** Octets of a reply that are read. */
const MAX_REPLY_BYTES = 65_536;
const SMTP_PORT = 25;
const SMTPS_PORT = 465;

/** Makes the function that sends. @throws TypeError for what is no URL */
export const createSmtpDelivery = ({ url, helo, times = SMTP_TIMES }: SmtpServer): Deliver => {
  const server = readServer(url);
  return (envelope, mail, signal) =>
    new Promise((resolve) => {
      const connection = new SMTPConnection({
        ...server.options,
        name: helo,
        connectionTimeout: times.connectMs,
        dnsTimeout: times.connectMs,
        greetingTimeout: times.greetingMs,
        socketTimeout: times.silenceMs,
        maxResponseSize: MAX_REPLY_BYTES,
      });
      const giveUp = (reply: string): void => {
        resolve({ kind: 'later', reply });
        connection.close();
      };
      let timer = setTimeout(() => giveUp('the mail server took too long'), times.sessionMs);
      const stop = (): void => {
        clearTimeout(timer);
        timer = setTimeout(() => giveUp('the sender was stopped'), times.stopMs);
      };
      signal?.addEventListener('abort', stop, { once: true });
      connection.on('error', (cause: SmtpError) => resolve(outcomeOf(cause)));
      connection.on('end', () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', stop);
        // What the last reply said comes first, where it ended the connection too.
        setImmediate(() => resolve({ kind: 'later', reply: 'the mail server closed the connection' }));
      });
      if (signal?.aborted) giveUp('the sender was stopped');
      else converse(connection, server, { envelope, mail }).then(resolve, (cause) => resolve(outcomeOf(cause)));
    });
};

type Mail = { readonly envelope: Envelope; readonly mail: Uint8Array };

/** Rejects with what the server or the connection did. */
const converse = async (
  connection: SMTPConnection,
  { login }: Server,
  { envelope: { from, to }, mail }: Mail,
): Promise<DeliveryOutcome> => {
  const step = (start: (done: (cause?: SmtpError | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => start((cause) => (cause ? reject(cause) : resolve())));
  try {
    await step((done) => connection.connect(done));
    if (login !== null && !connection.allowsAuth)
      return { kind: 'later', reply: 'the mail server offers no login (AUTH)' };
    if (login !== null) await step((done) => connection.login({ credentials: login }, done));
    let reply = '';
    const octets = Buffer.from(mail.buffer, mail.byteOffset, mail.byteLength);
    await step((done) =>
      connection.send({ from, to: [to], size: octets.length }, octets, (cause, sent) => {
        reply = sent?.response ?? '';
        done(cause);
      }),
    );
    return { kind: 'accepted', reply: printable(reply) };
  } finally {
    sayGoodbye(connection);
  }
};

const sayGoodbye = (connection: SMTPConnection): void => {
  if (connection.destroyed) return;
  const timer = setTimeout(() => connection.close(), QUIT_MS);
  connection.once('end', () => clearTimeout(timer));
  connection.quit();
};

type Server = {
  readonly options: ConstructorParameters<typeof SMTPConnection>[0];
  readonly login: { readonly user: string; readonly pass: string } | null;
};

const readServer = (text: string): Server => {
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const secure = url.protocol === 'smtps:';
  const login = url.username === '' ? null : { user: decoded(url.username), pass: decoded(url.password) };
  const isHere = host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
  const mustVerify = !isHere && (secure || login !== null);
  const port = url.port === '' ? (secure ? SMTPS_PORT : SMTP_PORT) : Number(url.port);
  const upgrade = !secure && login !== null && !isHere ? { requireTLS: true } : { opportunisticTLS: true };
  return { options: { host, port, secure, ...upgrade, tls: { rejectUnauthorized: mustVerify } }, login };
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that was not encoded is itself.
    return text;
  }
};

/** What nodemailer tells of a failure. */
type SmtpError = Error & {
  readonly code?: string | undefined;
  readonly command?: string | undefined;
  readonly response?: string | undefined;
  readonly responseCode?: number | undefined;
};

const outcomeOf = (cause: SmtpError): DeliveryOutcome => ({
  kind: isFinal(cause) ? 'refused' : 'later',
  reply: replyOf(cause),
});

/**
 * 5xx for the recipient or the message. The same at the greeting, EHLO, AUTH and MAIL FROM is about
 * this sender, which the operator can mend; so is X.7.0 and X.7.1 of RFC 3463 for a recipient,
 * which is what a server says that does not relay for us.
 */
const isFinal = ({ code, command, response = '', responseCode = 0 }: SmtpError): boolean => {
  if (command === 'MAIL FROM') return responseCode === 552 || (responseCode === 0 && code === 'EMESSAGE');
  const isPermanent = responseCode >= 500 && responseCode < 600 && responseCode !== 530;
  if (command === 'RCPT TO') return isPermanent && !/^\d{3}[ -]5\.7\.[01]\b/.test(response);
  return command === 'DATA' && isPermanent;
};

/** No word of the operating system or of the library reaches a person. */
const replyOf = ({ code, command, response, responseCode }: SmtpError): string => {
  if (code === 'EAUTH') return printable(`the mail server refused the login: ${response ?? 'no reply'}`);
  if (code === 'ETLS') return 'TLS with the mail server failed';
  if (responseCode !== undefined && response !== undefined) return printable(response);
  switch (code) {
    case 'ETIMEDOUT':
      return 'the mail server did not answer in time';
    case 'EDNS':
      return 'the name of the mail server could not be resolved';
    case 'EMESSAGE':
      return 'the mail server takes no message of this size';
    case 'EPROTOCOL':
      return 'the mail server does not speak SMTP';
    default:
      return command === 'CONN'
        ? 'the mail server could not be reached, or closed the connection'
        : 'the mail could not be handed to the mail server';
  }
};

const printable = (text: string): string =>
  text
    .slice(0, 4 * MAX_REPLY_CHARS)
    .replace(/[\r\n\t ]+/g, ' ')
    .replace(/[^\x20-\x7e]/g, '?')
    .trim()
    .slice(0, MAX_REPLY_CHARS);
