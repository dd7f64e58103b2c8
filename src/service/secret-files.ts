/**
 * The files that access depends on, read at start and again on SIGHUP: API keys, certificate and
 * its key. A file that cannot be used is a mistake in the settings.
 */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { AccessSettings } from '../../schemas/settings/access.ts';
import { type ApiKey, readKeys } from '../http/api-keys.ts';
import { SettingMistake } from '../settings/setting-mistake.ts';
import { readFailure } from '../settings/system-failure.ts';

/** What the files hold; null where the settings name none. */
type AccessFiles = { keys: ApiKey[] | null; tls: { cert: Buffer; key: Buffer } | null };

/**
 * Reads the files.
 * @param inUse what a service that runs has: a file of keys that was emptied, as an editor does
 * while it saves, is then a mistake
 * @throws SettingMistake with a line for each mistake
 */
export const readAccessFiles = (
  settings: Pick<AccessSettings, 'apiKeys' | 'tlsCertificate' | 'tlsKey'>,
  inUse?: AccessFiles,
): AccessFiles => {
  const mistakes: string[] = [];
  let keys: ApiKey[] | null = null;
  if (settings.apiKeys !== '') {
    const outcome = readKeys(settings.apiKeys);
    switch (outcome.kind) {
      case 'keys':
        keys = outcome.keys;
        break;
      case 'empty':
        keys = [];
        if ((inUse?.keys ?? []).length > 0) mistakes.push(`API_KEYS: ${settings.apiKeys} is empty`);
        break;
      case 'mistakes':
        mistakes.push(...outcome.mistakes.map((mistake) => `API_KEYS: ${mistake}`));
        break;
      default:
        outcome satisfies never;
    }
  }
  let tls: AccessFiles['tls'] = null;
  if (settings.tlsCertificate !== '') {
    const cert = readSecret('TLS_CERTIFICATE', settings.tlsCertificate, mistakes);
    const key = readSecret('TLS_KEY', settings.tlsKey, mistakes);
    if (cert !== null && key !== null) {
      try {
        createSecureContext({ cert, key });
        tls = { cert, key };
      } catch (cause) {
        mistakes.push(`TLS_CERTIFICATE and TLS_KEY: ${cause instanceof Error ? cause.message : String(cause)}`);
      }
    }
  }
  if (mistakes.length > 0) throw new SettingMistake(mistakes.join('\n'));
  return { keys, tls };
};

const readSecret = (setting: string, file: string, mistakes: string[]): Buffer | null => {
  try {
    return readFileSync(file);
  } catch (cause) {
    mistakes.push(`${setting}: ${readFailure(file, cause)}`);
    return null;
  }
};
