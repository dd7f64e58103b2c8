/**
 * Settings of who may use the service: keys, limits on requests, proxies, TLS, and what the log
 * tells of people. Environment names are the keys in upper snake case: `apiKeys` is `API_KEYS`.
 * Reads no file.
 */
import { z } from 'zod';
import { choice, list, secret, text, toggle, wholeNumber } from './setting.ts';

/** An address, a network, or a word for a group of networks. */
const ProxyNetwork = z.union(
  [z.enum(['loopback', 'linklocal', 'uniquelocal']), z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()],
  {
    error: 'must be an address, a network such as 192.0.2.0/24, or loopback, linklocal or uniquelocal',
  },
);

/** A host without a port. */
const Host = z
  .union([z.string().regex(/^[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63}){0,126}$/), z.ipv6()], {
    error: 'must be a host name or an address, without a port',
  })
  .transform((name) => name.toLowerCase());

export const AccessSettings = z.object({
  apiKeys: text({
    default: '',
    maxLength: 4096,
    unit: 'file',
    about:
      'file of API keys, written by `mailverdict keys create`; set, every request needs one, and /metrics and /v1/dns/cache one of the role operator; empty: no keys',
  }),
  allowAnonymous: toggle({
    default: false,
    about: 'answer requests without a key although there are keys, or although HOST is not the loopback',
  }),
  metricsAnonymous: toggle({
    default: false,
    about: "answer GET /metrics to whoever reaches HOST, also without a key or with one that is not an operator's",
  }),
  allowedHosts: list({
    item: Host,
    max: 100,
    unit: 'hosts',
    about:
      'names and addresses, beside those of the loopback, that clients ask for in Host; any other is refused with 421. Empty: while HOST is the loopback none, else any',
  }),
  trustProxy: list({
    item: ProxyNetwork,
    max: 100,
    unit: 'networks',
    about: 'proxies whose X-Forwarded-For tells the address of the client',
  }),
  tlsCertificate: text({
    default: '',
    maxLength: 4096,
    unit: 'PEM file',
    about: 'certificate with its chain; set, the service speaks HTTPS only (TLS 1.2 and later)',
  }),
  tlsKey: text({ default: '', maxLength: 4096, unit: 'PEM file', about: 'private key of TLS_CERTIFICATE' }),
  rateLimitPerKey: wholeNumber({
    default: 6000,
    min: 0,
    max: 10_000_000,
    unit: 'requests',
    about: 'requests of one key in RATE_LIMIT_SECONDS; 0: no limit',
  }),
  rateLimitPerAddress: wholeNumber({
    default: 600,
    min: 0,
    max: 10_000_000,
    unit: 'requests',
    about: 'requests without a key of one address in RATE_LIMIT_SECONDS; 0: no limit',
  }),
  rateLimitSeconds: wholeNumber({
    default: 60,
    min: 1,
    max: 3600,
    unit: 's',
    about: 'time in which requests are counted',
  }),
  logAddresses: choice({
    words: ['full', 'hashed', 'none'],
    default: 'hashed',
    about:
      'mail addresses and client addresses in the log: as they are, as a hash that tells equal ones (the domain of a mail address stays readable), or not at all',
  }),
  logHashKey: secret({
    maxLength: 256,
    about:
      'key of the hashes of LOG_ADDRESSES; empty: a random one for each start, so that hashes compare within one run',
  }),
});
export type AccessSettings = z.infer<typeof AccessSettings>;

/** True for the names and addresses that only this machine can reach. */
export const isLoopbackHost = (host: string): boolean =>
  /^(?:localhost|127(?:\.\d{1,3}){3}|(?:::ffff:)?127(?:\.\d{1,3}){3}|::1)$/i.test(host);

/**
 * Settings that are each right and that contradict one another.
 * @returns each with the setting that is to be changed
 */
export const accessMistakes = (
  settings: Pick<AccessSettings, 'apiKeys' | 'allowAnonymous' | 'tlsCertificate' | 'tlsKey'> & { host: string },
): { key: 'host' | 'tlsCertificate' | 'tlsKey'; message: string }[] => [
  ...(isLoopbackHost(settings.host) || settings.apiKeys !== '' || settings.allowAnonymous
    ? []
    : [
        {
          key: 'host' as const,
          message: `${settings.host} can be reached from other machines and there are no keys; set API_KEYS, or ALLOW_ANONYMOUS=yes to answer everybody`,
        },
      ]),
  ...(settings.tlsCertificate !== '' && settings.tlsKey === ''
    ? [{ key: 'tlsKey' as const, message: 'is needed with TLS_CERTIFICATE' }]
    : []),
  ...(settings.tlsCertificate === '' && settings.tlsKey !== ''
    ? [{ key: 'tlsCertificate' as const, message: 'is needed with TLS_KEY' }]
    : []),
];
