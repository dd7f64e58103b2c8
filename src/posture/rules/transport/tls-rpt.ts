/** Rules about TLS-RPT (RFC 8460). Pure. */
import { noAnswer } from '../../ask.ts';
import type { Assessed, Rule } from '../assessed.ts';
import { takesMail } from '../mail-hosts.ts';
import { newText, replaceText, reportAddress } from '../suggest.ts';

const tlsRptRecord = ({ domain }: Assessed): string => `v=TLSRPTv1; rua=${reportAddress(domain, 'tls-reports')}`;

export const TLS_RPT_RULES: readonly Rule[] = [
  {
    code: 'tls-rpt-dns-failure',
    severity: 'warning',
    section: 'RFC 8460 section 3',
    about: 'DNS did not answer for the TLS-RPT record',
    find: ({ tlsRpt, domain }) =>
      tlsRpt.state === 'dns-failure'
        ? {
            message: `${noAnswer(tlsRpt.failure)} for _smtp._tls.${domain}`,
            field: 'tlsRpt',
          }
        : null,
  },
  {
    code: 'tls-rpt-missing',
    severity: 'advice',
    section: 'RFC 8460 section 3',
    about: 'nobody reports when TLS to the mail hosts fails',
    find: (assessed) =>
      assessed.tlsRpt.state === 'absent' && takesMail(assessed)
        ? {
            message: `no TLS-RPT record asks for reports when TLS to the mail hosts of ${assessed.domain} fails`,
            field: 'tlsRpt',
            suggestion: newText(`_smtp._tls.${assessed.domain}`, tlsRptRecord(assessed), assessed.texts.tlsRpt),
          }
        : null,
  },
  {
    code: 'tls-rpt-invalid',
    severity: 'error',
    section: 'RFC 8460 section 3',
    about: 'the TLS-RPT record cannot be used',
    find: (assessed) =>
      assessed.tlsRpt.state === 'invalid'
        ? {
            message: `the TLS-RPT record cannot be used: ${assessed.tlsRpt.reason}`,
            field: 'tlsRpt.record',
            suggestion: replaceText(
              `_smtp._tls.${assessed.domain}`,
              assessed.texts.tlsRpt,
              (text) => text.startsWith('v=TLSRPTv1'),
              tlsRptRecord(assessed),
            ),
          }
        : null,
  },
  {
    code: 'tls-rpt-good',
    severity: 'good',
    section: 'RFC 8460 section 3',
    about: 'reports on failed TLS are asked for',
    find: ({ tlsRpt }) =>
      tlsRpt.state === 'valid'
        ? { message: `reports on failed TLS go to ${tlsRpt.reports.join(', ').slice(0, 200)}`, field: 'tlsRpt' }
        : null,
  },
];
