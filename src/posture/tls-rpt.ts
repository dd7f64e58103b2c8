/** TLS reporting of a domain: where reports on failed TLS go. RFC 8460 section 3. */
import type { TlsRptPosture } from '../../schemas/posture/mail.ts';
import { parseTlsRpt, selectTlsRpt } from '../records/tls-rpt.ts';
import { type Ask, askTexts } from './ask.ts';

/** Looks at TLS-RPT. @returns never rejects */
export const assessTlsRpt = async (domain: string, ask: Ask): Promise<TlsRptPosture> => {
  const found = await askTexts(ask, `_smtp._tls.${domain}`);
  const nothing = { record: null, reports: [], faults: [] };
  if (found.kind === 'dns-failure') return { state: 'dns-failure', failure: found.failure, ...nothing };
  const selection = selectTlsRpt(found.kind === 'found' ? found.values : []);
  if (selection.kind === 'none') return { state: 'absent', ...nothing };
  if (selection.kind === 'several') {
    const reason = `${selection.texts.length} TLS-RPT records count as none`;
    return { ...nothing, state: 'invalid', record: selection.texts[0] ?? null, reason };
  }
  const parsed = parseTlsRpt(selection.text);
  if (parsed.kind === 'fault')
    return {
      state: 'invalid',
      record: parsed.text,
      reports: [],
      reason: parsed.fault.reason,
      faults: [{ ...parsed.fault }],
    };
  return {
    state: 'valid',
    record: parsed.text,
    reports: parsed.rua.map(({ uri }) => uri),
    faults: parsed.faults.map((fault) => ({ ...fault })),
  };
};
