/**
 * The example messages as the page offers them, read once at start. Where their folder is not
 * there, the page offers none. The records of the example zone go along when the service itself
 * does not answer from it, so that a sample reads the same everywhere.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXAMPLES } from '../../examples/cases.ts';
import type { OverlayRecord } from '../../schemas/dns.ts';
import type { Samples } from '../../schemas/samples.ts';
import { parseZone } from '../dns/zone/zone.ts';

/** Beside the source, and in a build beside the compiled files. */
const FOLDER = fileURLToPath(new URL('../../examples/', import.meta.url));

/**
 * Reads the samples.
 * @param servedZone path of the zone file that the service answers from; "" for none
 * @param folder folder of the messages and their zone.txt
 * @returns the samples in the order of the table; none where there is no folder
 * @throws Error when the folder is there and a file of the table is not
 */
export const readSamples = (servedZone: string, folder: string = FOLDER): Samples => {
  const zoneFile = resolve(folder, 'zone.txt');
  if (!existsSync(zoneFile)) return { messages: [], dns: [] };
  return {
    messages: EXAMPLES.map(({ file, title, smtp }) => ({
      file,
      title,
      smtp,
      message: readFileSync(resolve(folder, file), 'latin1'),
    })),
    dns: resolve(servedZone) === zoneFile ? [] : zoneRecords(readFileSync(zoneFile, 'utf8')),
  };
};

/** Every record set of a zone, as an overlay. */
const zoneRecords = (text: string): OverlayRecord[] => {
  const parsed = parseZone(text);
  if (!parsed.ok) return [];
  return [...parsed.zone.names].flatMap(([name, sets]) =>
    [...sets].map(([type, set]) => ({ name, type, ttl: set.ttlSeconds, records: [...set.records] })),
  );
};
