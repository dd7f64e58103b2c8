import assert from 'node:assert/strict';
import { test } from 'node:test';
import { organizationalDomainByList, registeredDomain } from '../../src/dns/public-suffix.ts';

test('registeredDomain finds what shares an authority', () => {
  const cases: [string, string][] = [
    ['_dmarc.mail.brand.co.uk', 'brand.co.uk'],
    ['alice+x._spf.brand.example', 'brand.example'],
    ['user.github.io', 'github.io'],
    ['brand.example', 'brand.example'],
    // A suffix by the rule *.kawasaki.jp, and an exception to that rule.
    ['takatsu.kawasaki.jp', 'takatsu.kawasaki.jp'],
    ['www.city.kawasaki.jp', 'city.kawasaki.jp'],
    ['shop.takatsu.kawasaki.jp', 'shop.takatsu.kawasaki.jp'],
    ['mail.shop.takatsu.kawasaki.jp', 'shop.takatsu.kawasaki.jp'],
    ['co.uk', 'co.uk'],
    ['localhost', 'localhost'],
    ['10.2.0.192.in-addr.arpa', '192.in-addr.arpa'],
  ];
  for (const [name, expected] of [...cases, ...cases]) assert.equal(registeredDomain(name), expected, name);
});

test('organizationalDomainByList counts private suffixes', () => {
  const cases: [string, string][] = [
    ['mail.brand.co.uk', 'brand.co.uk'],
    ['shop.user.github.io', 'user.github.io'],
    ['github.io', 'github.io'],
    ['localhost', 'localhost'],
  ];
  for (const [name, expected] of cases) assert.equal(organizationalDomainByList(name), expected, name);
});
