/** The app over the zone of the examples, driven without a socket. */
import { Config } from '../../schemas/settings/settings.ts';
import { createApp } from '../../src/http/app.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { createReplayer } from '../../src/verdict/replay.ts';
import { makeVerifier, PARTS } from '../verdict/make-verifier.ts';

type AppParts = Parameters<typeof createApp>[0];

/**
 * Builds the app; the caller closes it.
 * @param parts what differs; settings that it does not name are the defaults
 */
export const makeApp = (
  parts: Partial<Omit<AppParts, 'settings'>> & { settings?: Partial<AppParts['settings']> } = {},
) =>
  createApp({
    log: createLog('silent'),
    verify: makeVerifier(),
    replay: createReplayer(PARTS),
    isReady: () => true,
    ...parts,
    settings: { ...Config.parse({}), ...parts.settings },
  } as AppParts);
