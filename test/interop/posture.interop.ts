/**
 * The domain view against real servers: Unbound, which validates and asks NSD, a signed zone with
 * TLSA, a policy host that speaks HTTPS and a mail host that speaks STARTTLS, both with
 * certificates of an authority that is given as a parameter. Every daemon is this test's own, on
 * the loopback.
 */
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttps, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { after, before, test } from 'node:test';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Posture } from '../../schemas/posture/posture.ts';
import { DnsSettings } from '../../schemas/settings/dns.ts';
import { PostureSettings } from '../../schemas/settings/domain.ts';
import { budgetLimits } from '../../src/dns/budget/limits.ts';
import { createResolver, type Resolver } from '../../src/dns/resolver.ts';
import { createAssessor } from '../../src/posture/assess.ts';
import type { AssessOptions } from '../../src/posture/assessment.ts';
import { createHttpsFetch } from '../../src/posture/reach/https-fetch.ts';
import { createSmtpProbe } from '../../src/posture/reach/smtp-probe.ts';
import { MX_HOST, POLICY_HOST, TEST_AUTHORITY } from '../posture/certificates.ts';
import { codesOf } from '../posture/world.ts';
import { type DnsDaemons, startDnsDaemons } from './dns-daemons.ts';

const spki = createHash('sha256')
  .update(new X509Certificate(MX_HOST.cert).publicKey.export({ type: 'spki', format: 'der' }))
  .digest('hex');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .publicKey.export({ type: 'spki', format: 'der' })
  .toString('base64');
const quoted = (text: string): string => (text.match(/.{1,255}/g) ?? []).map((string) => `"${string}"`).join(' ');

const head = (apex: string): string => `$ORIGIN ${apex}.
$TTL 300
@ SOA ns1 host 1 3600 600 1209600 300
@ NS ns1
@ NS ns2
ns1 A 127.0.0.1
ns2 A 127.0.0.1
`;
/**
 * The names of the certificates lie below two zones: mx.example and policy.example, which the
 * signed zone points to.
 */
const SIGNED = `${head('signed.example')}
@ TXT "v=spf1 mx include:_spf -all"
@ TXT ${quoted('v=spf1-lookalike')}
_spf TXT "v=spf1 ip4:192.0.2.0/24 -all"
@ MX 10 mx.example.
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@signed.example"
google._domainkey TXT ${quoted(`v=DKIM1; k=rsa; p=${rsa}`)}
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@signed.example"
`.replace('include:_spf ', 'include:_spf.signed.example ');
const MX_ZONE = `${head('mx.example')}
@ A 127.0.0.1
_25._tcp TLSA 3 1 1 ${spki}
`;
const UNSIGNED = `${head('policy.example')}
@ TXT "v=spf1 a -all"
@ A 127.0.0.1
@ MX 10 mail
mail A 127.0.0.1
_25._tcp.mail TLSA 3 1 1 ${spki}
_mta-sts TXT "v=STSv1; id=20261201"
mta-sts A 127.0.0.1
default._bimi TXT "v=BIMI1; l=https://policy.example/logo.svg"
`;
const IDN = `${head('xn--bcher-kva.example')}
@ TXT "v=spf1 -all"
@ MX 0 .
_dmarc TXT "v=DMARC1; p=reject"
`;
const DOWN = `${head('down.example')}
@ TXT "v=spf1 -all"
`;

let daemons: DnsDaemons;
let resolver: Resolver;
let policyServer: HttpsServer;
let mailServer: Server;
before(async () => {
  daemons = await startDnsDaemons([
    { apex: 'signed.example', text: SIGNED, isSigned: true },
    { apex: 'mx.example', text: MX_ZONE, isSigned: true },
    { apex: 'policy.example', text: UNSIGNED },
    { apex: 'xn--bcher-kva.example', text: IDN, isSigned: true },
    { apex: 'down.example', text: DOWN },
  ]);
  resolver = createResolver(DnsSettings.parse({ dnsServers: [daemons.literal] }));
  policyServer = createHttps(POLICY_HOST, (request, response) => {
    if (request.url === '/logo.svg')
      response
        .setHeader('content-type', 'image/svg+xml')
        .end('<svg version="1.2" baseProfile="tiny-ps" xmlns="http://www.w3.org/2000/svg"><title>Policy</title></svg>');
    else if (request.url === '/.well-known/mta-sts.txt' && request.headers.host === 'mta-sts.policy.example')
      response
        .setHeader('content-type', 'text/plain')
        .end('version: STSv1\r\nmode: enforce\r\nmx: *.policy.example\r\nmax_age: 1209600\r\n');
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  mailServer = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('220 mx.example ready\r\n');
    socket.on('data', function onData(chunk: Buffer) {
      const line = chunk.toString('latin1');
      if (line.startsWith('EHLO')) socket.write('250-mx.example\r\n250 STARTTLS\r\n');
      if (!line.startsWith('STARTTLS')) return;
      socket.off('data', onData);
      socket.write('220 go\r\n');
      new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(MX_HOST) }).on(
        'error',
        () => undefined,
      );
    });
  }).listen(0, '127.0.0.1');
  await Promise.all([once(policyServer, 'listening'), once(mailServer, 'listening')]);
});
after(async () => {
  policyServer.closeAllConnections();
  policyServer.close();
  mailServer.close();
  resolver.close();
  await daemons.close();
});

const assess = async (domain: string, options: AssessOptions = {}): Promise<Posture> => {
  const isAllowed = (address: string): boolean => address === '127.0.0.1';
  const common = { isAllowed, authorities: [TEST_AUTHORITY], nowMs: Date.now };
  const outcome = await createAssessor({
    lookup: resolver.lookup,
    settings: PostureSettings.parse({ domainProbe: true }),
    answerLimits: budgetLimits(DnsSettings.parse({})),
    fetch: createHttpsFetch({ ...common, port: (policyServer.address() as AddressInfo).port }),
    probe: createSmtpProbe({ ...common, helo: 'probe.example', port: (mailServer.address() as AddressInfo).port }),
    clock: { nowMs: Date.now, monotonicMs: () => performance.now() },
  })(domain, options);
  if (outcome.kind !== 'posture') throw new Error(JSON.stringify(outcome));
  return outcome.posture;
};

test('assess sees DNSSEC, and DANE that matches the certificate of the mail host', async () => {
  const posture = await assess('signed.example', { probe: 'smtp' });
  const [host] = posture.mail.hosts;
  assert.equal(posture.dnssec.state, 'validated');
  assert.equal(posture.mail.authenticated, true);
  assert.equal(host?.tlsa.state, 'usable', JSON.stringify(host));
  assert.deepEqual([host?.probe?.state, host?.probe?.trusted, host?.probe?.daneMatch], ['starttls', true, true]);
  const codes = codesOf(posture);
  for (const code of ['dnssec-good', 'spf-good', 'dmarc-good', 'dkim-good', 'tls-rpt-good'])
    assert.ok(codes.includes(code), code);
  assert.ok(!codes.includes('mx-dns-failure') && !codes.includes('dnssec-not-validated'));
  assert.deepEqual(
    posture.dkim.selectors.map(({ selector, bits }) => [selector, bits]),
    [['google', 2048]],
  );
});

test('assess takes TLSA without DNSSEC for nothing', async () => {
  const posture = await assess('policy.example');
  assert.equal(posture.dnssec.state, 'not-validated');
  assert.equal(posture.mail.hosts[0]?.tlsa.state, 'insecure');
});

test('assess fetches over HTTPS from the policy host and its logo, by the certificates of the authority given', async () => {
  const posture = await assess('policy.example');
  assert.deepEqual(
    [posture.mtaSts.policy.state, posture.mtaSts.policy.mode],
    ['valid', 'enforce'],
    posture.mtaSts.policy.reason,
  );
  assert.deepEqual(posture.mtaSts.policy.certificate?.issuer, 'Test Authority');
  assert.ok(codesOf(posture).includes('mta-sts-good'));
  assert.deepEqual(posture.bimi.logo.faults, []);
  assert.equal(posture.bimi.logo.state, 'valid');
});

test('assess asks for the A-labels of a domain with umlauts, which sends no mail and is in order', async () => {
  const posture = await assess('bücher.example');
  assert.deepEqual([posture.domain.ascii, posture.domain.unicode], ['xn--bcher-kva.example', 'bücher.example']);
  assert.equal(posture.sendsMail, false);
  assert.ok(codesOf(posture).includes('no-mail-good'));
  assert.equal(posture.grade.letter, 'A');
});

test('assess tells that DNS fails while the authoritative server is down, and finds nothing missing', async () => {
  await daemons.stop('nsd');
  try {
    const posture = await assess('down.example');
    assert.equal(posture.spf.state, 'dns-failure');
    assert.equal(posture.mail.state, 'dns-failure');
    assert.equal(posture.grade.letter, null);
    assert.deepEqual(
      posture.findings.filter(({ severity }) => severity === 'error'),
      [],
    );
  } finally {
    await daemons.start('nsd');
  }
});
