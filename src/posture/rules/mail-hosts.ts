/** What the rules about mail hosts share. Pure. */
import type { MailHost } from '../../../schemas/posture/mail.ts';
import type { Assessed, Hit, Rule } from './assessed.ts';

/** Days before its end in which a certificate is reported as expiring. */
export const SOON_DAYS = 14;

/** True where the records say that the domain takes mail. */
export const takesMail = ({ mail }: Assessed): boolean =>
  mail.state === 'mx' || mail.state === 'implicit' || mail.state === 'invalid';

/** True where senders that follow DANE can use the TLSA records of a host. */
export const hasUsableTlsa = ({ tlsa }: MailHost): boolean => tlsa.state === 'usable';

/** One hit for each host that `isOne` picks. */
export const eachHost =
  (
    isOne: (host: MailHost) => boolean,
    hitOf: (host: MailHost, index: number, assessed: Assessed) => Omit<Hit, 'field'>,
  ): Rule['find'] =>
  (assessed) =>
    assessed.mail.hosts.flatMap((host, index) =>
      isOne(host) ? [{ ...hitOf(host, index, assessed), field: `mail.hosts[${index}]` }] : [],
    );
