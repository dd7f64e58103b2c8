import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { writeReport } from '../../../src/reports/outgoing/xml.ts';
import { anyRow, anyText, HEADER, ROW, reportOf, streamed } from './make-report.ts';
import { cannotCheck } from './report-schema.ts';

const RFC_9990 = `<?xml version="1.0" encoding="UTF-8"?>
<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">
<version>1.0</version>
<report_metadata>
<org_name>Receiver &amp; Söhne</org_name>
<email>reports@mx.rcpt.example</email>
<extra_contact_info>https://rcpt.example/dmarc</extra_contact_info>
<report_id>20261128x0123456789abcdef01234567</report_id>
<date_range>
<begin>1795824000</begin>
<end>1795910399</end>
</date_range>
<generator>mailverdict 0.1.0</generator>
</report_metadata>
<policy_published>
<domain>sender.example</domain>
<discovery_method>treewalk</discovery_method>
<p>reject</p>
<sp>quarantine</sp>
<np>quarantine</np>
<fo>1:d</fo>
<adkim>s</adkim>
<aspf>r</aspf>
<testing>n</testing>
</policy_published>
<record>
<row>
<source_ip>192.0.2.10</source_ip>
<count>3</count>
<policy_evaluated>
<disposition>none</disposition>
<dkim>fail</dkim>
<spf>fail</spf>
<reason>
<type>mailing_list</type>
<comment>the trusted sealer lists.example saw DMARC pass</comment>
</reason>
</policy_evaluated>
</row>
<identifiers>
<header_from>news.sender.example</header_from>
<envelope_from>lists.example</envelope_from>
</identifiers>
<auth_results>
<dkim>
<domain>lists.example</domain>
<selector>s1</selector>
<result>pass</result>
</dkim>
<dkim>
<domain>sender.example</domain>
<selector>s2</selector>
<result>fail</result>
<human_result>the body was changed: its hash is not bh=</human_result>
</dkim>
<spf>
<domain>lists.example</domain>
<scope>mfrom</scope>
<result>softfail</result>
</spf>
</auth_results>
</record>
</feedback>
`;

for (const format of ['rfc9990', 'rfc7489'] as const) {
  test(`the schema of ${format} can be checked on this machine`, { skip: cannotCheck(format) }, () => undefined);

  test(`writeReport follows the schema of ${format}, whatever the rows and the texts of the operator are`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRow, { minLength: 1, maxLength: 40 }),
        fc.record({ orgName: anyText, contact: anyText, generator: anyText, policyDomain: anyText, reportId: anyText }),
        async (rows, texts) => {
          await reportOf(rows, { ...texts, format });
        },
      ),
      // Each run is a run of xmllint; the many rows make up for it.
      { numRuns: 20 },
    );
  });

  test(`writeReport follows the schema of ${format} for every record`, async () => {
    const records = [
      'v=DMARC1; p=none; rua=mailto:a@b.example',
      'v=DMARC1; rua=mailto:a@b.example',
      'v=DMARC1; p=nonsense; rua=mailto:a@b.example',
      'v=DMARC1; p=reject; sp=; rua=mailto:a@b.example',
      'v=DMARC1; sp=reject; p=quarantine; np=none; t=y; aspf=s; pct=20; ri=60; fo=0:1; rua=mailto:a@b.example, <x>&',
    ];
    for (const record of records) await reportOf([{ row: ROW, count: 1 }], { record, format });
  });
}

test('writeReport writes RFC 9990', async () => {
  assert.equal(await reportOf([{ row: ROW, count: 3 }]), RFC_9990);
});

test('writeReport writes the same octets for the same rows', async () => {
  const rows = fc.sample(anyRow, { numRuns: 50, seed: 1 });
  assert.equal(await reportOf(rows), await reportOf(structuredClone(rows)));
});

/** The texts of all elements of a name. */
const textsOf = (report: string, name: string): string[] =>
  [...report.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) => text);

test('writeReport writes RFC 7489 in its own words', async () => {
  const types = ['local_policy', 'mailing_list', 'other', 'policy_test_mode', 'trusted_forwarder'] as const;
  const report = await reportOf(
    [
      { row: { ...ROW, disposition: 'pass', reasons: types.map((type) => ({ type, comment: 'why' })) }, count: 1 },
      { row: { ...ROW, envelopeFrom: '', spfResult: { domain: 'mail.lists.example', result: 'pass' } }, count: 2 },
      { row: { ...ROW, envelopeFrom: null, spfResult: null }, count: 3 },
    ],
    { format: 'rfc7489', record: 'v=DMARC1; p=reject; t=y; pct=20; rua=mailto:a@b.example' },
  );
  assert.match(report, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<feedback>\n/);
  assert.deepEqual(textsOf(report, 'type').slice(0, 5), [
    'local_policy',
    'mailing_list',
    'other',
    'other',
    'trusted_forwarder',
  ]);
  assert.deepEqual(textsOf(report, 'disposition'), ['none', 'none', 'none']);
  assert.deepEqual(textsOf(report, 'scope'), ['mfrom', 'helo', 'mfrom']);
  assert.deepEqual(textsOf(report, 'envelope_from'), ['lists.example', '', '']);
  assert.deepEqual(textsOf(report, 'pct'), ['20']);
  for (const unknown of ['generator', 'testing', 'np', 'discovery_method'])
    assert.deepEqual(textsOf(report, unknown), []);
});

test('writeReport tells the owner what is wrong with the record', async () => {
  const record = 'v=DMARC1; p=none; fo=x; rua=mailto:a@b.example,nonsense';
  const [error = ''] = textsOf(await reportOf([{ row: ROW, count: 1 }], { record }), 'error');
  assert.match(error, /^in the DMARC record: "fo" is "x".*"nonsense" in "rua"/);
  assert.deepEqual(textsOf(await reportOf([{ row: ROW, count: 1 }]), 'error'), []);
});

test('writeReport replaces what XML cannot hold and escapes what it would read', async () => {
  const comment = 'a\u0000b\ud800c\u{1f4e8}d]]>&lt;<x a="1">\r\n\ufffe';
  const report = await reportOf([{ row: { ...ROW, reasons: [{ type: 'other', comment }] }, count: 1 }]);
  assert.deepEqual(textsOf(report, 'comment'), ['a\ufffdb\ufffdc\u{1f4e8}d]]&gt;&amp;lt;&lt;x a="1"&gt;&#13;\n\ufffd']);
});

test('writeReport leaves out what is not known, and keeps the empty envelope_from of the null reverse-path', async () => {
  const report = await reportOf([
    { row: { ...ROW, envelopeFrom: '', spfResult: null }, count: 1 },
    { row: { ...ROW, envelopeFrom: null, envelopeTo: 'rcpt.example', dkimResults: [] }, count: 1 },
  ]);
  assert.deepEqual(textsOf(report, 'envelope_from'), ['']);
  assert.deepEqual(textsOf(report, 'envelope_to'), ['rcpt.example']);
  assert.equal(textsOf(report, 'scope').length, 1);
});

test('writeReport writes no report without rows and none about a text that is no record', async () => {
  await assert.rejects(reportOf([]), RangeError);
  await assert.rejects(reportOf([{ row: ROW, count: 1 }], { record: 'v=spf1 -all' }), RangeError);
});

test('writeReport hands on what it wrote while rows still come', async () => {
  let taken = 0;
  const endless = function* () {
    for (;;) {
      taken += 1;
      yield { row: ROW, count: 1 };
    }
  };
  for await (const chunk of writeReport(HEADER, streamed(endless()))) {
    assert.ok(chunk.length < 100_000);
    break;
  }
  assert.ok(taken < 200);
});
