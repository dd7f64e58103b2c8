/** The log: pino, one JSON object a line. Never holds message content; what a message brings is cut and written as JSON, so it cannot break a line. */
import { pino } from 'pino';

/** The part of a logger that the rooms use. */
export type Log = pino.Logger;

/** Makes the log. @param level least severe level that is written */
export const createLog = (level: string): Log =>
  pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: ['req.headers.authorization', 'req.headers.cookie', 'req.headers["x-api-key"]'],
      censor: '[redacted]',
    },
  });
