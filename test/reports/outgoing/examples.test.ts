/**
 * The examples of the project through verdict, decision and count into reports: every message whose
 * domain asks for reports is in one, and every report follows its schema.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXAMPLES } from '../../../examples/cases.ts';
import { decide } from '../../../src/pipeline/decision.ts';
import { toCounted } from '../../../src/reports/outgoing/count.ts';
import { example, makeVerifier, SETTINGS } from '../../verdict/make-verifier.ts';
import { COUNT_SETTINGS } from './make-decision.ts';
import { reportOf } from './make-report.ts';

const GROUNDS = {
  forged: [],
  restored: [],
  authservId: SETTINGS.authservId,
  exactness: 'exact',
  addReceivedSpf: false,
} as const;

for (const enforce of [false, true]) {
  test(`toCounted makes rows of reports of the examples, policies ${enforce ? '' : 'not '}enforced`, async () => {
    const verify = makeVerifier({ enforce });
    let rows = 0;
    for (const { file, smtp } of EXAMPLES) {
      const verdict = await verify(example(file), smtp);
      const { result, rfc9989 } = verdict.dmarc;
      const decision = decide(verdict, { ...GROUNDS, enforcements: ['as-verdict'] });
      const counted = toCounted(decision, smtp, COUNT_SETTINGS);
      const isDue =
        (result === 'pass' || result === 'fail') &&
        /\brua=mailto:/.test(rfc9989.record ?? '') &&
        decision.action !== 'tempfail' &&
        smtp.clientIp !== undefined;
      assert.equal(counted !== null, isDue, file);
      if (counted === null) continue;
      rows += 1;
      for (const format of ['rfc9990', 'rfc7489'] as const)
        await reportOf([{ row: counted.row, count: 1 }], { ...counted.policy, format });
    }
    assert.notEqual(rows, 0);
  });
}
