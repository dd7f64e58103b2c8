/**
 * The log: pino, one JSON object a line. Never holds message content; what a message brings is cut
 * and written as JSON, so it cannot break a line. Addresses of people are written as the setting
 * LOG_ADDRESSES says, whoever writes the line: they are known by the name of their field.
 */
import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import type { AccessSettings } from '../../schemas/settings/access.ts';
import { keyedHash } from './keyed-hash.ts';

/** The part of a logger that the rooms use. */
export type Log = pino.Logger;

/** How addresses are written. */
type LogAddresses = Pick<AccessSettings, 'logAddresses' | 'logHashKey'>;

const SECRETS = ['req.headers.authorization', 'req.headers.cookie', 'req.headers["x-api-key"]'];
/** Fields that hold a mail address or the address of a client, in any line. */
const ADDRESS_FIELDS = ['clientIp', 'peer', 'mailFrom', 'author', 'rcptTo'];

/**
 * Makes the log.
 * @param level least severe level that is written
 * @param addresses hashes with a random key by default
 * @param destination where the lines go; standard output by default
 * @example
 * import { createLog } from 'mailverdict';
 *
 * const log = createLog('warn');
 * log.info('this is below the level, so it is not written');
 */
export const createLog = (
  level: string,
  addresses: LogAddresses = { logAddresses: 'hashed', logHashKey: '' },
  destination?: pino.DestinationStream,
): Log => {
  const write = addressWriter(addresses);
  const serialize = (value: unknown): unknown => (Array.isArray(value) ? value.map(write) : write(value));
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRETS, censor: '[redacted]' },
      // Of every line: pino applies a serializer by the name of a field, wherever the line is
      // written.
      ...(addresses.logAddresses !== 'full' && {
        serializers: Object.fromEntries(ADDRESS_FIELDS.map((field) => [field, serialize])),
      }),
    },
    destination,
  );
};

/** Letters of a hash: enough to tell the addresses of one log apart. */
const HASH_LETTERS = 16;

/**
 * A hash with a key: without one, whoever has a list of addresses could look for them in the log.
 */
const addressWriter = ({ logAddresses, logHashKey }: LogAddresses) => {
  const keyed = keyedHash(logHashKey === '' ? randomBytes(32) : Buffer.from(logHashKey, 'utf8'));
  const hashed = (text: string): string => keyed(text.toLowerCase()).slice(0, HASH_LETTERS);
  return (value: unknown): unknown => {
    if (typeof value !== 'string' || value === '' || value === '<>') return value;
    if (logAddresses !== 'hashed') return '[redacted]';
    const address = value.replace(/^<(.*)>$/s, '$1');
    const at = address.lastIndexOf('@');
    return at < 0 ? hashed(address) : `${hashed(address)}${address.slice(at)}`;
  };
};
