/** The files that access depends on, read at start and again on SIGHUP: API keys, certificate and its key. A file that cannot be used is a mistake in the settings. */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { AccessSettings } from '../schemas/access-settings.ts';
import { type ApiKey, readKeys } from './http/api-keys.ts';
import { SettingMistake } from './setting-mistake.ts';

/** What the files hold; null where the settings name none. */
export type AccessFiles = { keys: ApiKey[] | null; tls: { cert: Buffer; key: Buffer } | null };

/** Reads the files. @throws SettingMistake with a line for each mistake */
export const readAccessFiles = (
  settings: Pick<AccessSettings, 'apiKeys' | 'tlsCertificate' | 'tlsKey'>,
): AccessFiles => {
  const mistakes: string[] = [];
  let keys: ApiKey[] | null = null;
  if (settings.apiKeys !== '') {
    const outcome = readKeys(settings.apiKeys);
    if (outcome.kind === 'keys') keys = outcome.keys;
    else mistakes.push(...outcome.mistakes.map((mistake) => `API_KEYS: ${mistake}`));
  }
  let tls: AccessFiles['tls'] = null;
  if (settings.tlsCertificate !== '') {
    try {
      const pair = { cert: readFileSync(settings.tlsCertificate), key: readFileSync(settings.tlsKey) };
      createSecureContext(pair);
      tls = pair;
    } catch (cause) {
      mistakes.push(`TLS_CERTIFICATE and TLS_KEY: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  if (mistakes.length > 0) throw new SettingMistake(mistakes.join('\n'));
  return { keys, tls };
};
