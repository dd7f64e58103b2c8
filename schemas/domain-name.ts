/** A domain name as a caller may write it. Syntax only (RFC 1035 section 2.3.4, RFC 5890 for U-labels); nothing is asked. */
import { z } from 'zod';

const LABEL = /^[^\s.@/\\:;,()<>[\]"'`|{}\u0000-\u001f\u007f]{1,63}$/u;

/** A domain of at least two labels, A-labels or U-labels, with an optional last dot; not an address, not an IP address. */
export const DomainName = z
  .string()
  .min(1)
  .max(254)
  .refine(
    (text) =>
      text
        .replace(/\.$/, '')
        .split('.')
        .every((label) => LABEL.test(label)),
    'must be a domain name: labels of 1 to 63 characters with dots between',
  )
  .refine((text) => !/^[\d.]+$/.test(text), 'must be a domain name, not an IP address')
  .describe('domain name, A-labels or U-labels');
export type DomainName = z.infer<typeof DomainName>;
