/**
 * What a milter session sent → the transport facts. Pure. A fact that was not sent stays absent,
 * and so does an identity that cannot be written exactly. Everything is bounded and without control
 * characters, so that it can be written to a header field or a log line.
 */
import { isIP } from 'node:net';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import { identityOf, shownText } from '../smtp-text.ts';

/** The macros of a session, as far as this file reads them. */
type Macros = {
  /** Value of a macro; undefined when it was not sent. */
  get(name: string): string | undefined;
};

/** The CONNECT command as it came. */
export type ConnectFacts = { readonly hostname: string; readonly family: string; readonly address: string };

/** The envelope of one message as it came: octets as Latin-1. */
export type EnvelopeFacts = {
  readonly mailFrom: string | undefined;
  readonly mailParameters: readonly string[];
  readonly recipients: readonly string[];
};

/** What a session knows when a message is complete. */
type SessionFacts = {
  readonly connect: ConnectFacts | undefined;
  readonly helo: string | undefined;
  /** HELO commands since CONNECT: STARTTLS is followed by another one. */
  readonly heloCount: number;
  /** True when the first HELO already came with TLS. */
  readonly tlsFromStart: boolean;
  readonly envelope: EnvelopeFacts;
  readonly macros: Macros;
};

const MAX_LENGTH = 1000;
const MAX_NAME_LENGTH = 255;
const MAX_RECIPIENTS = 1000;

/** Makes the facts. @param authservId goes into `receiver` */
export const toSmtpFacts = (session: SessionFacts, authservId: string): SmtpFacts => {
  const { macros, envelope } = session;
  const clientIp = clientAddress(session.connect, macros);
  const clientName = resolvedName(session.connect, macros);
  const clientNameCheck = RESOLUTIONS[macros.get('client_resolve') ?? ''];
  const helo = session.helo === undefined ? undefined : identityOf(session.helo, MAX_LENGTH);
  const mailFrom = envelope.mailFrom === undefined ? undefined : toPath(envelope.mailFrom);
  const tls = toTls(session);
  const auth = toAuth(macros);
  const protocol = toProtocol(envelope, tls !== undefined, auth !== undefined);
  const queueId = nonEmpty(shownText(macros.get('i') ?? '', MAX_NAME_LENGTH));
  const daemonName = nonEmpty(shownText(macros.get('daemon_name') ?? '', MAX_NAME_LENGTH));
  return {
    ...(clientIp !== undefined && { clientIp }),
    ...(clientName !== undefined && { clientName }),
    ...(clientNameCheck !== undefined && { clientNameCheck }),
    ...(helo !== undefined && { helo }),
    ...(mailFrom !== undefined && { mailFrom }),
    // An unknown recipient keeps its place: what is done with the message depends on each of them.
    ...(envelope.recipients.length > 0 && {
      rcptTo: envelope.recipients.slice(0, MAX_RECIPIENTS).map((recipient) => toPath(recipient) ?? ''),
    }),
    ...(protocol !== undefined && { protocol }),
    ...(tls !== undefined && { tls }),
    ...(auth !== undefined && { auth }),
    ...(queueId !== undefined && { queueId }),
    ...(daemonName !== undefined && { daemonName }),
    receiver: authservId,
  };
};

/**
 * A path without its angle brackets; "" for the null reverse-path, undefined where it cannot be
 * written exactly.
 */
const toPath = (octets: string): string | undefined =>
  identityOf(octets.startsWith('<') && octets.endsWith('>') ? octets.slice(1, -1) : octets, MAX_LENGTH);

/**
 * What a connection over no network counts as: mail of this machine (`sendmail -bs`, a local
 * socket).
 */
const LOOPBACK = '127.0.0.1';

/**
 * The address of CONNECT; over no network that of {client_addr}, where Sendmail also writes names
 * of local clients, or else the loopback.
 */
const clientAddress = (connect: ConnectFacts | undefined, macros: Macros): string | undefined => {
  if (connect?.family === '4' || connect?.family === '6') return toAddress(connect.address);
  return toAddress(macros.get('client_addr') ?? '') ?? (connect === undefined ? undefined : LOOPBACK);
};

/** Sendmail may write IPv6:2001:db8::1; a zone of a link-local address means nothing elsewhere. */
const toAddress = (written: string): string | undefined => {
  const [address = ''] = written.replace(/^IPv6:/i, '').split('%', 1);
  return isIP(address) === 0 ? undefined : address;
};

const RESOLUTIONS: Readonly<Record<string, SmtpFacts['clientNameCheck']>> = {
  OK: 'ok',
  FAIL: 'fail',
  FORGED: 'forged',
  TEMP: 'temperror',
};

/**
 * The client's name as the server resolved it; "unknown" and an address in brackets are no names.
 */
const resolvedName = (connect: ConnectFacts | undefined, macros: Macros): string | undefined => {
  const name = shownText(macros.get('client_name') ?? connect?.hostname ?? '', MAX_NAME_LENGTH);
  return name === '' || name === 'unknown' || name.startsWith('[') ? undefined : name;
};

const toTls = ({ macros, heloCount, tlsFromStart }: SessionFacts): SmtpFacts['tls'] => {
  const version = nonEmpty(shownText(macros.get('tls_version') ?? '', 32));
  if (version === undefined) return undefined;
  const cipher = nonEmpty(shownText(macros.get('cipher') ?? '', 128));
  const bits = /^\d{1,5}$/.exec(macros.get('cipher_bits') ?? '')?.[0];
  const subject = nonEmpty(shownText(macros.get('cert_subject') ?? '', MAX_LENGTH));
  // Sendmail sends {verify}; Postfix sends a subject only when the chain was trusted.
  const verify = macros.get('verify');
  const verified = verify === undefined ? subject !== undefined : verify === 'OK';
  const mode = tlsFromStart ? 'implicit' : heloCount > 1 ? 'starttls' : undefined;
  return {
    version,
    ...(cipher !== undefined && { cipher }),
    ...(bits !== undefined && { bits: Number(bits) }),
    ...(mode !== undefined && { mode }),
    ...(subject !== undefined && { clientCertificate: { subject, verified } }),
  };
};

/**
 * Present for every client that logged in, also where the name under which it did cannot be
 * written.
 */
const toAuth = (macros: Macros): SmtpFacts['auth'] => {
  const octets = macros.get('auth_authen') ?? '';
  if (octets === '') return undefined;
  const identity = identityOf(octets, MAX_LENGTH);
  const mechanism = nonEmpty(shownText(macros.get('auth_type') ?? '', 64));
  return { ...(identity !== undefined && { identity }), ...(mechanism !== undefined && { mechanism }) };
};

/**
 * Transmission type (RFC 3848). The milter protocol does not distinguish HELO from EHLO; only what
 * needs EHLO shows it.
 */
const toProtocol = (envelope: EnvelopeFacts, tls: boolean, auth: boolean): string | undefined => {
  if (!tls && !auth && envelope.mailParameters.length === 0) return undefined;
  const smtpUtf8 = envelope.mailParameters.some((parameter) => parameter.toUpperCase() === 'SMTPUTF8');
  // RFC 6531 section 4.3 names the UTF8SMTP types.
  return `${smtpUtf8 ? 'UTF8SMTP' : 'ESMTP'}${tls ? 'S' : ''}${auth ? 'A' : ''}`;
};

const nonEmpty = (text: string): string | undefined => (text === '' ? undefined : text);
