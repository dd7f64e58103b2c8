/**
 * The log: pino, one JSON object a line. Never holds message content; what a message brings is cut and written as JSON, so it cannot break a line. Addresses of
 * people are written as the setting LOG_ADDRESSES says, whoever writes the line: they are known by the name of their field.
 */
import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { pino } from 'pino';
import type { AccessSettings } from '../schemas/access-settings.ts';

/** The part of a logger that the rooms use. */
export type Log = pino.Logger;

/** How addresses are written. */
export type LogAddresses = Pick<AccessSettings, 'logAddresses' | 'logHashKey'>;

const SECRETS = ['req.headers.authorization', 'req.headers.cookie', 'req.headers["x-api-key"]'];
/** Fields that hold a mail address or the address of a client, in any line. */
const ADDRESS_FIELDS = ['clientIp', 'peer', 'mailFrom', 'author', 'rcptTo', 'rcptTo[*]'];

/**
 * Makes the log.
 * @param level least severe level that is written
 * @param addresses hashes with a random key by default
 * @param destination where the lines go; standard output by default
 */
export const createLog = (
  level: string,
  addresses: LogAddresses = { logAddresses: 'hashed', logHashKey: '' },
  destination?: pino.DestinationStream,
): Log => {
  const write = addressWriter(addresses);
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: addresses.logAddresses === 'full' ? SECRETS : [...SECRETS, ...ADDRESS_FIELDS],
        censor: (value, path) => (path[0] === 'req' ? '[redacted]' : write(value)),
      },
    },
    destination,
  );
};

/** Letters of a hash: enough to tell the addresses of one log apart. */
const HASH_LETTERS = 16;

/** A hash with a key: without one, whoever has a list of addresses could look for them in the log. */
const addressWriter = ({ logAddresses, logHashKey }: LogAddresses) => {
  // Made once: each line hashes up to three addresses.
  const key = createSecretKey(logHashKey === '' ? randomBytes(32) : Buffer.from(logHashKey, 'utf8'));
  const hash = (text: string): string =>
    createHmac('sha256', key).update(text.toLowerCase()).digest('hex').slice(0, HASH_LETTERS);
  return (value: unknown): unknown => {
    if (typeof value !== 'string' || value === '' || value === '<>') return value;
    if (logAddresses !== 'hashed') return '[redacted]';
    const address = value.replace(/^<(.*)>$/s, '$1');
    const at = address.lastIndexOf('@');
    return at < 0 ? hash(address) : `${hash(address)}${address.slice(at)}`;
  };
};
