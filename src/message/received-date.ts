/**
 * The date of a trace field: date-time of RFC 5322 section 3.3 with the obsolete zones of section
 * 4.3. Never guesses: what it cannot read is null.
 */
import { readCfws } from './lexical.ts';

const DATE_TIME =
  /^\s*(?:[A-Za-z]{3}\s*,\s*)?(\d{1,2})\s+([A-Za-z]{3})\s+(\d{4})\s+(\d{2}):(\d{2})(?::(\d{2}))?\s+([+-]\d{4}|[A-Za-z]{1,5})/;

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * Hours from UTC of the zones with names (RFC 5322 section 4.3); a letter of the military alphabet
 * but Z says nothing.
 */
const ZONE_HOURS = new Map([
  ['UT', 0],
  ['GMT', 0],
  ['UTC', 0],
  ['Z', 0],
  ['EST', -5],
  ['EDT', -4],
  ['CST', -6],
  ['CDT', -5],
  ['MST', -7],
  ['MDT', -6],
  ['PST', -8],
  ['PDT', -7],
]);

/**
 * Reads a date-time. Comments may follow it and nothing else.
 * @returns milliseconds since 1970-01-01, or null
 */
export function readDate(text: string): number | null {
  const match = DATE_TIME.exec(text);
  if (match === null) return null;
  // Only white space or a comment may follow: a fifth digit or a sixth letter would be left over
  // here.
  const rest = readCfws(text, match[0].length);
  if (rest.end < text.length || rest.unclosedAt !== undefined) return null;
  const [, day, monthName = '', year, hour, minute, second = '0', zone = ''] = match;
  const month = MONTHS.indexOf(monthName.toLowerCase());
  const zoneMinutes = readZone(zone);
  if (month === -1 || zoneMinutes === null) return null;
  const local = Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second));
  const date = new Date(local);
  // Date.UTC carries 31 February over into March.
  if (date.getUTCDate() !== Number(day) || date.getUTCMonth() !== month || Number(hour) > 23) return null;
  return local - zoneMinutes * 60_000;
}

function readZone(zone: string): number | null {
  if (!/^[+-]/.test(zone)) {
    const hours = ZONE_HOURS.get(zone.toUpperCase());
    return hours === undefined ? null : hours * 60;
  }
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3));
  return zone.startsWith('-') ? -minutes : minutes;
}
