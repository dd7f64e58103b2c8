/** Settings of the resolver. Environment names are the keys in upper snake case: `dnsServers` is `DNS_SERVERS`. */
import { z } from 'zod';
import { list, text, wholeNumber } from './setting.ts';

export const DnsSettings = z.object({
  dnsServers: list({
    item: z
      .string()
      .regex(
        /^(\d{1,3}(\.\d{1,3}){3}(:\d{1,5})?|\[[0-9a-fA-F:.]+\](:\d{1,5})?|[0-9a-fA-F:]+)$/,
        'must be an IP literal with an optional port, as in 127.0.0.1:53 or [::1]:53',
      ),
    max: 8,
    unit: 'IP literals',
    about: "DNS servers to ask, with an optional port; empty: the system's list",
  }),
  dnsZone: text({
    default: '',
    maxLength: 4096,
    unit: 'file',
    about:
      'zone file (RFC 1035 master-file syntax) whose zone is answered locally; empty: none. A start that is not a production start takes examples/zone.txt',
  }),
  dnsQuestionTimeoutMs: wholeNumber({
    default: 5000,
    min: 100,
    max: 30000,
    unit: 'ms',
    about: 'time for one question with all its tries',
  }),
});
export type DnsSettings = z.infer<typeof DnsSettings>;
