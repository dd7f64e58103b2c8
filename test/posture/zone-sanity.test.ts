import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GOOD } from './cases.ts';
import { assessIn } from './world.ts';

test('assessZone finds the zone above a domain that is none itself', async () => {
  const { zone } = await assessIn(GOOD, 'news.brand.example');
  assert.deepEqual([zone.exists, zone.apex, zone.nameServers.length], [false, 'brand.example', 2]);
  assert.equal((await assessIn(GOOD, 'mx1.brand.example')).zone.exists, true);
});

test('assessZone reads the mailbox of the SOA with its escaped dots', async () => {
  const soa = {
    mname: 'ns1.brand.example',
    rname: 'first\\.last.brand.example',
    serial: 7,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: 1,
  };
  assert.equal(
    (await assessIn({ ...GOOD, 'brand.example SOA': [soa] }, 'brand.example')).zone.soa?.mailbox,
    'first\\.last@brand.example',
  );
});
