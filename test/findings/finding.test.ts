import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reached } from '../../schemas/limit.ts';
import { makeFinding } from '../../src/findings/finding.ts';

const facts = { severity: 'warning', section: 'RFC 7208 section 3', about: 'a record is odd' } as const;

test('makeFinding takes severity and section from the facts, unless one finding has its own', () => {
  assert.deepEqual(makeFinding('odd', facts, { message: 'the record of a.example is odd' }), {
    code: 'odd',
    severity: 'warning',
    message: 'the record of a.example is odd',
    section: 'RFC 7208 section 3',
  });
  const own = { message: 'it is worse', severity: 'error', section: 'RFC 7208 section 4' } as const;
  assert.deepEqual(makeFinding('odd', facts, own), { code: 'odd', ...own });
});

test('makeFinding leaves out what is unknown, and keeps field, limit and suggestion', () => {
  const record = { name: 'a.example', type: 'TXT', records: ['v=spf1 -all'], replaces: [] } as const;
  const suggestion = { ...record, records: [...record.records], replaces: [] };
  const whole = { message: 'm', field: 'spf', limit: reached('questions', 3, null), suggestion };
  assert.deepEqual(makeFinding('odd', facts, whole), {
    code: 'odd',
    severity: 'warning',
    section: 'RFC 7208 section 3',
    ...whole,
  });
  const unknown = { message: 'm', field: undefined, limit: undefined, suggestion: undefined };
  assert.deepEqual(Object.keys(makeFinding('odd', facts, unknown)), ['code', 'severity', 'message', 'section']);
});
