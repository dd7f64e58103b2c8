import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playEveryFault } from './every-fault.ts';
import { SPF_ROLES } from './roles.ts';

for (const role of SPF_ROLES)
  test(`a verdict has the right word for every fault of DNS in ${role.role}`, async () => {
    for (const { what, word, expected, told, toldExpected } of await playEveryFault(role))
      assert.deepEqual({ what, word, told }, { what, word: expected, told: toldExpected });
  });
