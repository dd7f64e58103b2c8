/**
 * Verifies bytes as a test wants it: reads the message, fills in the settings, asks the given zone.
 */
import assert from 'node:assert/strict';
import { createKeyCache, type KeyCache } from '../../src/dkim/key.ts';
import { verifyMessage } from '../../src/dkim/verify-message.ts';
import type { Lookup } from '../../src/dns/lookup.ts';
import { readMessage } from '../../src/message/message.ts';
import { type KeyZone, keyLookup } from './key-zone.ts';
import { WIDE_LIMITS } from './sign.ts';

type MessageSignatures = Awaited<ReturnType<typeof verifyMessage>>;
type DkimSettings = VerifyParts['settings'];
type VerifyParts = Parameters<typeof verifyMessage>[1];

/** What a test may want to be otherwise. */
export type Otherwise = {
  lookup?: Lookup;
  nowSeconds?: number;
  settings?: Partial<DkimSettings>;
  mayAlign?: NonNullable<VerifyParts['mayAlign']>;
  keys?: KeyCache;
};

/** The settings of a service as it comes. */
export const SETTINGS: DkimSettings = {
  strict: true,
  underscoreSelectors: false,
  maxSignatures: 10,
  minRsaBits: 1024,
  clockSkewSeconds: 300,
};

/** 2026-01-01T00:00:00Z, the moment at which these tests verify. */
export const NOW_SECONDS = 1767225600;

const keys = createKeyCache();

/** Signatures and chain of a message, whatever the size of its header. */
export const verifyBytes = (
  bytes: Buffer | string,
  zone: KeyZone,
  otherwise: Otherwise = {},
): Promise<MessageSignatures> => {
  const message = readMessage(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, WIDE_LIMITS);
  assert.equal(message.kind, 'message');
  if (message.kind !== 'message') throw new TypeError('unreachable');
  return verifyMessage(message, {
    lookup: keyLookup(zone),
    deadlineMs: performance.now() + 5000,
    nowSeconds: NOW_SECONDS,
    keys,
    ...otherwise,
    settings: { ...SETTINGS, ...otherwise.settings },
  });
};
