/**
 * Settings of the mail servers' faces: defaults that are safe, bounds that hold, texts of
 * environment variables.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PipelineSettings } from '../../schemas/settings/pipeline.ts';

test('PipelineSettings listens nowhere, trusts the loopback only and refuses for the moment on failure, unless told otherwise', () => {
  const settings = PipelineSettings.parse({});
  assert.deepEqual(
    [
      settings.milterListen,
      settings.policyListen,
      settings.pipelineNetworks,
      settings.failureMode,
      settings.socketMode,
    ],
    [[], [], ['127.0.0.0/8', '::1'], 'tempfail', '0660'],
  );
});

for (const [key, min, standard, max] of [
  ['pipelineMaxTotalBytes', 65_536, 536_870_912, 68_719_476_736],
  ['pipelineMaxConnections', 1, 1000, 100_000],
  ['pipelineMaxPeerConnections', 1, 500, 100_000],
  ['pipelineMaxEvaluations', 1, 200, 10_000],
  ['pipelineEvaluationMs', 100, 25_000, 240_000],
  ['pipelineIdleMs', 1000, 7_210_000, 86_400_000],
] as const) {
  test(`PipelineSettings keeps ${key} from ${min} to ${max}, and at ${standard} by default`, () => {
    assert.equal(PipelineSettings.parse({})[key], standard);
    for (const [value, fits] of [
      [min - 1, false],
      [min, true],
      [max, true],
      [max + 1, false],
    ] as const) {
      assert.equal(PipelineSettings.safeParse({ [key]: String(value) }).success, fits, String(value));
    }
  });
}

for (const [key, value, fits] of [
  ['socketMode', '660', true],
  ['socketMode', '0666', true],
  ['socketMode', '888', false],
  ['enforceDomains', 'rcpt.example=on, other.example=dry-run', true],
  ['enforceDomains', 'rcpt.example', false],
  ['enforceDomains', 'rcpt.example=reject', false],
  ['enforceDaemons', '10025=off', true],
  ['localNetworks', '192.0.2.0/24, 2001:db8::/32, 198.51.100.1', true],
  ['localNetworks', '192.0.2.0/33', false],
  ['localNetworks', 'mail.example', false],
  ['quarantine', 'hold', true],
  ['quarantine', 'discard', false],
  ['authenticatedSenders', 'ignore', true],
  ['oversizedMessages', 'reject', true],
  ['policySpfTemperror', 'defer', true],
  ['policySpfTemperror', 'reject', false],
  ['dryRun', 'yes', true],
] as const) {
  test(`PipelineSettings ${fits ? 'takes' : 'refuses'} ${key} = ${value}`, () => {
    assert.equal(PipelineSettings.safeParse({ [key]: value }).success, fits);
  });
}
