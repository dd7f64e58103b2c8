/**
 * Whose request it is: the peer, or the client that a trusted proxy names, one address however it
 * is written.
 */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { clientNetwork, createClientAddress } from '../../src/http/client-address.ts';

const requestOf = (remoteAddress: string | undefined, forwardedFor?: string): IncomingMessage =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwardedFor } }) as unknown as IncomingMessage;

test('createClientAddress reads what a trusted proxy says, and nothing that others say', async (t) => {
  const cases: [
    what: string,
    proxies: string[],
    peer: string | undefined,
    forwardedFor: string | undefined,
    is: string,
  ][] = [
    ['no proxy', [], '192.0.2.1', '203.0.113.1', '192.0.2.1'],
    ['another proxy', ['192.0.2.9'], '192.0.2.1', '203.0.113.1', '192.0.2.1'],
    ['a trusted proxy', ['192.0.2.1'], '192.0.2.1', '203.0.113.1', '203.0.113.1'],
    ['a trusted proxy over an IPv6 socket', ['192.0.2.1'], '::ffff:192.0.2.1', '203.0.113.1', '203.0.113.1'],
    ['a trusted proxy that says nothing', ['192.0.2.1'], '192.0.2.1', undefined, '192.0.2.1'],
    ['a port', ['loopback'], '127.0.0.1', '198.51.100.20:1001', '198.51.100.20'],
    ['IPv6', ['loopback'], '::1', '2001:db8::1', '2001:db8::1'],
    ['IPv6 in brackets', ['loopback'], '::1', '[2001:db8::1]', '2001:db8::1'],
    ['IPv6 with a port', ['loopback'], '::1', '[2001:db8::1]:443', '2001:db8::1'],
    ['what the client said itself', ['loopback'], '127.0.0.1', '203.0.113.9, 198.51.100.20', '198.51.100.20'],
    ['two proxies', ['loopback', '10.0.0.0/8'], '127.0.0.1', '198.51.100.20, 10.1.1.1:3000', '198.51.100.20'],
    ['a proxy as client', ['uniquelocal'], '10.0.0.1', '10.0.0.2', '10.0.0.2'],
    ['empty entries', ['loopback'], '127.0.0.1', ' , 198.51.100.20, ,', '198.51.100.20'],
    ['a name', ['loopback'], '127.0.0.1', 'localhost', '127.0.0.1'],
    ['a name behind an address', ['loopback', '10.0.0.1'], '127.0.0.1', 'unknown, 10.0.0.1', '10.0.0.1'],
    ['a zone', ['loopback'], '127.0.0.1', 'fe80::1%a', '127.0.0.1'],
    ['brackets around IPv4', ['loopback'], '127.0.0.1', '[198.51.100.20]:1', '127.0.0.1'],
    ['a port that is none', ['loopback'], '127.0.0.1', '198.51.100.20:_hidden', '127.0.0.1'],
    ['an ended connection', ['loopback'], undefined, '198.51.100.20', ''],
  ];
  for (const [what, proxies, peer, forwardedFor, is] of cases) {
    await t.test(what, () => {
      assert.equal(createClientAddress(proxies)(requestOf(peer, forwardedFor)), is);
    });
  }
});

test('clientNetwork gives one name to one client', () => {
  assert.equal(clientNetwork('::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(clientNetwork('2001:db8:1:2:3::4'), clientNetwork('2001:DB8:1:2::9'));
  assert.notEqual(clientNetwork('2001:db8:1:2::1'), clientNetwork('2001:db8:1:3::1'));
  assert.equal(clientNetwork('2001:db8:1:2::1', 48), clientNetwork('2001:db8:1:3::1', 48));
});
