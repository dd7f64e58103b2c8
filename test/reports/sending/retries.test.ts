/** When reports are sent and tried again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delayToNextTry, spreadDelay } from '../../../src/reports/sending/retries.ts';

test('spreadDelay is the same for the same report, and spreads reports over all of the time', () => {
  const delays = Array.from({ length: 1000 }, (_, at) => spreadDelay(`report${at}`, 4));
  assert.deepEqual(
    delays,
    Array.from({ length: 1000 }, (_, at) => spreadDelay(`report${at}`, 4)),
  );
  for (const hour of [0, 1, 2, 3])
    assert.ok(delays.filter((delay) => Math.floor(delay / 3600) === hour).length > 200, `hour ${hour}`);
  assert.ok(delays.every((delay) => delay >= 0 && delay < 4 * 3600));
  assert.equal(spreadDelay('report', 0), 0);
});

test('delayToNextTry doubles from 5 minutes to 4 hours, and ends with the time for tries', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 8].map((tries) => delayToNextTry(tries, 48)),
    [300, 600, 1200, 2400, 4800, 9600, 14_400, 14_400],
  );
  for (const hours of [1, 48, 168]) {
    let elapsed = 0;
    let tries = 1;
    for (let delay = delayToNextTry(tries, hours); delay !== null; delay = delayToNextTry(tries, hours)) {
      elapsed += delay;
      tries += 1;
    }
    assert.ok(elapsed <= hours * 3600 && elapsed > hours * 3600 - 14_400, `${hours} hours: ${elapsed} s`);
  }
  assert.equal(delayToNextTry(1_000_000, 168), null);
});
